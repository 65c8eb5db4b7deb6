"""What others also manage: autoscalers, injectors, people, other releases; nobody is fought over, nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.clusters import Cluster
from tests.support.engine import World, actions, charted, config_map, plain, with_policy

from fairway.domain.manifests.objects import Object, ObjectRef, ref_of
from fairway.domain.progress import Outcome
from fairway.domain.releases.plan import ObjectAction
from fairway.domain.repository.models import IgnoreRule

pytestmark = pytest.mark.cluster


def deployment(name: str = "web", *, replicas: int | None = 1, image: str = "web:1", **more: object) -> Object:
    labels = {"app": name}
    spec: Object = {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": image}], **more}},
    }
    if replicas is not None:
        spec["replicas"] = replicas
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def autoscaler(name: str = "web") -> Object:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 9}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": spec,
    }


async def scale(cluster: Cluster, world: World, replicas: int, manager: str = "kube-controller-manager") -> None:
    path = f"/apis/apps/v1/namespaces/{world.namespace}/deployments/web/scale"
    body = {"spec": {"replicas": replicas}}
    cluster.client.request("PATCH", f"{path}?fieldManager={manager}", body, "application/merge-patch+json")


async def replicas_of(world: World) -> int:
    found = await world.get("Deployment", "web", "apps/v1")
    assert found is not None
    return int(found["spec"]["replicas"])


async def test_right_after_an_apply_nothing_is_drifted_whatever_was_defaulted(world: World) -> None:
    objects: list[Object] = [
        deployment(),
        autoscaler(),
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
         "spec": {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80}]}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "web"}, "stringData": {"password": "x"}},
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "web"},
         "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}},
        {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "web"},
         "spec": {"schedule": "@daily", "jobTemplate": {"spec": {"template": {"spec": {
             "restartPolicy": "Never", "containers": [{"name": "a", "image": "a"}]}}}}}},
        {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "web"},
         "spec": {"podSelector": {}}},
        {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"},
         "spec": {"minAvailable": "50%", "selector": {"matchLabels": {"app": "web"}}}},
    ]  # fmt: skip
    declared = plain("a", *objects)
    assert (await world.one(declared)).outcome is Outcome.INSTALLED
    assert await world.drift(declared) == {"a": ()}
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED
    forced = await world.plan_one(declared, force=True)
    assert actions(forced) == {}


async def test_an_autoscaler_s_replicas_are_neither_drift_nor_put_back(cluster: Cluster, world: World) -> None:
    declared = plain("a", deployment(replicas=1), autoscaler())
    await world.one(declared)
    await scale(cluster, world, 4)
    assert await world.drift(declared) == {"a": ()}
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED
    changed = plain("a", deployment(replicas=1, image="web:2"), autoscaler())
    plan = await world.plan_one(changed)
    assert [f.path for o in plan.changes for f in o.fields] == ["spec.template.spec.containers[web].image"]
    assert (await world.one(changed)).outcome is Outcome.UPGRADED
    assert await replicas_of(world) == 4
    assert await world.drift(changed) == {"a": ()}
    assert (await world.one(changed)).outcome is Outcome.UNCHANGED
    await world.rollback("a", 1)
    assert await replicas_of(world) == 4


async def test_a_person_who_scales_by_hand_is_corrected(cluster: Cluster, world: World) -> None:
    declared = plain("a", deployment(replicas=1))
    await world.one(declared)
    await scale(cluster, world, 3, "kubectl")
    assert await world.drift(declared) == {"a": ("update Deployment/web",)}
    assert (await world.one(declared)).outcome is Outcome.CORRECTED
    assert await replicas_of(world) == 1
    assert await world.drift(declared) == {"a": ()}


async def test_an_injected_sidecar_and_a_foreign_annotation_stay(world: World) -> None:
    declared = plain("a", deployment(replicas=0))
    await world.one(declared)
    sidecar = {"name": "proxy", "image": "proxy:1"}
    patch: Object = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "annotations": {"mesh.example.org/injected": "yes"}},
        "spec": {"template": {"spec": {"containers": [sidecar]}}},
    }
    await world.put(patch, manager="injector")
    assert await world.drift(declared) == {"a": ()}
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED
    await world.one(plain("a", deployment(replicas=0, image="web:2")))
    found = await world.get("Deployment", "web", "apps/v1")
    assert found is not None
    images = {c["name"]: c["image"] for c in found["spec"]["template"]["spec"]["containers"]}
    assert images == {"web": "web:2", "proxy": "proxy:1"}
    assert found["metadata"]["annotations"]["mesh.example.org/injected"] == "yes"


async def test_drift_names_the_fields_and_who_changed_them_and_is_corrected_once(world: World) -> None:
    declared = plain("a", deployment(replicas=0), config_map("one", k="1"), config_map("gone"))
    await world.one(declared)
    await world.put(config_map("one", k="by hand"), manager="kubectl-edit")
    await world.kube.delete(ObjectRef("v1", "ConfigMap", world.namespace, "gone"))
    found = await world.drift(declared)
    assert set(found["a"]) == {"create ConfigMap/gone", "update ConfigMap/one"}
    result = await world.one(declared)
    assert result.outcome is Outcome.CORRECTED
    assert {ref.name for ref in result.changed} == {"one", "gone"}
    assert await world.history("a") == [(1, "deployed")]
    assert await world.drift(declared) == {"a": ()}
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED


ADMISSION = "/apis/admissionregistration.k8s.io/v1"


@pytest.fixture
async def mutating(cluster: Cluster, world: World) -> AsyncIterator[None]:
    """The API server itself changes every ConfigMap and Deployment of the namespace, as an admission webhook would."""
    template = "Object.spec.template"
    changes = {
        "configmaps": ("", 'Object{data: {"level": "webhook", "added": "x"}}'),
        "deployments": (
            "apps",
            f"Object{{spec: Object.spec{{template: {template}{{spec: {template}.spec{{"
            f'containers: [{template}.spec.containers{{name: "proxy", image: "proxy:1"}}]}}}}}}}}',
        ),
    }
    for resource, (group, expression) in changes.items():
        name = f"{world.namespace}-{resource}"
        rule = {
            "apiGroups": [group],
            "apiVersions": ["v1"],
            "resources": [resource],
            "operations": ["CREATE", "UPDATE"],
        }
        where = {"matchLabels": {"kubernetes.io/metadata.name": world.namespace}}
        spec: Object = {
            "matchConstraints": {"namespaceSelector": where, "resourceRules": [rule]},
            "reinvocationPolicy": "Never",
            "mutations": [{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}],
        }
        kinds = (("MutatingAdmissionPolicy", spec), ("MutatingAdmissionPolicyBinding", {"policyName": name}))
        for kind, content in kinds:
            body = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": name}}
            plural = "policies" if kind.endswith("Policy") else "policybindings"
            cluster.client.create(f"{ADMISSION}/mutatingadmission{plural}", {**body, "spec": content})
    try:
        await effective(world)
        yield
    finally:
        for resource in changes:
            for plural in ("policies", "policybindings"):
                cluster.client.delete(f"{ADMISSION}/mutatingadmission{plural}/{world.namespace}-{resource}")


async def effective(world: World) -> None:
    for attempt in range(200):
        probe = await world.put(config_map("probe", n=str(attempt)))
        web = deployment("probe", replicas=0)
        web["metadata"]["namespace"] = world.namespace
        answer = await world.kube.apply(web, ref_of(web), dry_run=True)
        if probe["data"].get("added") and len(answer["spec"]["template"]["spec"]["containers"]) == 2:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the admission policy never came into force")


async def test_what_admission_changes_is_neither_shown_nor_fought_over(world: World, mutating: None) -> None:
    declared = plain("a", config_map("one", level="ours", k="1"), deployment(replicas=0))
    assert (await world.one(declared)).outcome is Outcome.INSTALLED
    assert await world.data("one") == {"k": "1", "level": "webhook", "added": "x"}
    assert await world.drift(declared) == {"a": ()}
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED
    assert actions(await world.plan_one(declared, force=True)) == {}
    changed = plain("a", config_map("one", level="ours", k="2"), deployment(replicas=0, image="web:2"))
    plan = await world.plan_one(changed)
    assert {f.path for o in plan.changes for f in o.fields} == {
        "data.k",
        "spec.template.spec.containers[web].image",
    }
    assert (await world.one(changed)).outcome is Outcome.UPGRADED
    assert await world.data("one") == {"k": "2", "level": "webhook", "added": "x"}
    assert (await world.one(changed)).outcome is Outcome.UNCHANGED


async def test_a_field_of_somebody_else_in_our_object_is_no_drift(world: World) -> None:
    declared = plain("a", config_map("one", k="1"))
    await world.one(declared)
    await world.put(config_map("one", other="x"), manager="cert-controller")
    assert await world.drift(declared) == {"a": ()}
    await world.one(plain("a", config_map("one", k="2")))
    assert await world.data("one") == {"k": "2", "other": "x"}


async def test_ignore_rules_hold_for_lists_and_wildcards(world: World) -> None:
    rule = IgnoreRule(("/spec/template/spec/containers/*/image", "/metadata/annotations"), kind="Deployment")
    declared = with_policy(plain("a", deployment(replicas=0, image="web:1")), drift_ignore=(rule,))
    await world.one(declared)
    await world.put(deployment(replicas=0, image="web:pinned"), manager="image-updater")
    assert await world.drift(declared) == {"a": ()}
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED


async def test_immutable_fields_are_named_and_the_object_is_replaced_only_by_policy(world: World) -> None:
    first = plain("a", deployment(replicas=0))
    await world.one(first)
    before = await world.get("Deployment", "web", "apps/v1")
    changed = deployment(replicas=0)
    changed["spec"]["selector"]["matchLabels"] = {"app": "web", "tier": "front"}
    changed["spec"]["template"]["metadata"]["labels"] = {"app": "web", "tier": "front"}
    declared = plain("a", changed)
    (shown,) = (await world.plan_one(declared)).changes
    assert "spec.selector" in shown.reason
    refused = await world.one(declared)
    assert refused.outcome is Outcome.FAILED
    assert "spec.selector" in refused.reasons[0]
    assert "policy: {immutable: replace}" in " ".join(refused.reasons)
    assert refused.kept_revision == 1

    replacing = with_policy(declared, immutable="replace")
    (shown,) = (await world.plan_one(replacing)).changes
    assert shown.action is ObjectAction.REPLACE
    assert (await world.one(replacing)).outcome is Outcome.UPGRADED
    after = await world.get("Deployment", "web", "apps/v1")
    assert before is not None
    assert after is not None
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert after["spec"]["selector"]["matchLabels"]["tier"] == "front"


async def test_every_immutable_field_of_a_change_is_named(world: World) -> None:
    claim: Object = {
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }  # fmt: skip
    job: Object = {
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "a:1"}]}}},
    }  # fmt: skip
    await world.one(plain("a", claim, job))
    claim["spec"]["accessModes"] = ["ReadWriteMany"]
    job["spec"]["template"]["spec"]["containers"][0]["image"] = "a:2"
    plan = await world.plan_one(plain("a", claim, job))
    reasons = {o.ref.kind: o.reason for o in plan.changes}
    assert "spec.template" in reasons["Job"]
    assert "spec" in reasons["PersistentVolumeClaim"]

    replacing = with_policy(plain("a", claim, job), immutable="replace", on_failure="keep")
    shown = {o.ref.kind: o.action for o in (await world.plan_one(replacing)).changes}
    assert shown == {"Job": ObjectAction.REPLACE, "PersistentVolumeClaim": ObjectAction.UPDATE}
    result = await world.one(replacing)
    assert result.outcome is Outcome.FAILED
    assert "does not replace what holds data" in " ".join(result.reasons)
    assert await world.get("PersistentVolumeClaim", "data") is not None


async def test_foreign_objects_are_refused_then_adopted_and_their_other_fields_kept(world: World) -> None:
    await world.put(config_map("one", k="by hand", theirs="x"), manager="terraform")
    declared = plain("a", config_map("one", k="1"))
    refused = await world.one(declared)
    assert refused.outcome is Outcome.REFUSED
    assert "adopt: true" in refused.reasons[0]
    adopted = with_policy(declared, adopt=True)
    assert (await world.one(adopted)).outcome is Outcome.INSTALLED
    assert await world.data("one") == {"k": "1", "theirs": "x"}
    await world.uninstall("a")
    assert await world.data("one") is None


async def test_a_password_that_a_chart_generates_stays_until_its_inputs_change(
    world: World, chart_of: Callable[..., Path]
) -> None:
    text = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: password}\n"
        "stringData: {password: {{ randAlphaNum 20 | quote }}}\n---\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {k: {{ .Values.k | quote }}}\n"
    )
    declared = charted("a", chart_of(x=text), {"k": "1"})
    await world.one(declared)
    first = await world.get("Secret", "password")
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED
    assert actions(await world.plan_one(declared)) == {}
    await world.kube.delete(ObjectRef("v1", "ConfigMap", world.namespace, "one"))
    assert (await world.one(declared)).outcome is Outcome.CORRECTED
    second = await world.get("Secret", "password")
    assert first is not None
    assert second is not None
    assert first["data"] == second["data"]


async def test_a_password_kept_by_lookup_survives_upgrades(world: World, chart_of: Callable[..., Path]) -> None:
    text = (
        '{{ $old := lookup "v1" "Secret" .Release.Namespace "password" }}\n'
        "apiVersion: v1\nkind: Secret\nmetadata: {name: password}\n"
        "data: {password: {{ if $old }}{{ $old.data.password }}{{ else }}{{ randAlphaNum 20 | b64enc }}{{ end }}}\n"
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {k: {{ .Values.k | quote }}}\n"
    )
    chart = chart_of(x=text)
    await world.one(charted("a", chart, {"k": "1"}))
    first = await world.get("Secret", "password")
    assert (await world.one(charted("a", chart, {"k": "1"}))).outcome is Outcome.UNCHANGED
    result = await world.one(charted("a", chart, {"k": "2"}))
    assert [ref.name for ref in result.changed] == ["one"]
    second = await world.get("Secret", "password")
    assert first is not None
    assert second is not None
    assert first["data"] == second["data"]


async def test_an_object_that_is_on_its_way_out_is_made_anew(world: World) -> None:
    held = {**config_map("one", k="1"), "metadata": {"name": "one", "finalizers": ["example.org/hold"]}}
    declared = plain("a", config_map("one", k="2"), timeout=timedelta(seconds=20))
    await world.one(plain("a", config_map("one", k="1")))
    await world.put(held, manager="holder")
    ref = ObjectRef("v1", "ConfigMap", world.namespace, "one")
    await world.kube.delete(ref)
    work = asyncio.create_task(world.one(declared))
    await asyncio.sleep(0.5)
    remove = [{"op": "remove", "path": "/metadata/finalizers"}]
    await world.kube.patch(ref, remove, content_type="application/json-patch+json", manager="holder")
    assert not (await work).outcome.is_bad
    assert await world.data("one") == {"k": "2"}
