"""Everything that a release may consist of, on a real control plane."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from tests.support.clusters import Cluster
from tests.support.engine import HERE, Declared, World, actions, charted, config_map, plain, with_policy
from tests.support.helm import Helm, HelmError
from tests.support.kube import KubeError

from fairway.domain.manifests.objects import Object, ObjectRef
from fairway.domain.progress import Outcome, Phase, PhaseKind
from fairway.domain.releases import notes
from fairway.domain.releases.revision import Status
from fairway.domain.repository.models import Gate, GateKind, Patch, PatchKind

pytestmark = pytest.mark.cluster

CRD_API = "apiextensions.k8s.io/v1"


@pytest.fixture
def group(cluster: Cluster) -> Iterator[str]:
    """A group of custom resources of this test's own; what is left of it goes."""
    name = f"t{uuid.uuid4().hex[:8]}.example.org"
    yield name
    path = f"/apis/{CRD_API}/customresourcedefinitions"
    for item in cluster.client.get(path)["items"]:
        if item["spec"]["group"] == name:
            try:
                cluster.client.delete(f"{path}/{item['metadata']['name']}")
            except KubeError as error:
                if error.code != 404:  # it was on its way out when it was listed
                    raise


def crd(group: str, *, scope: str = "Namespaced", fields: tuple[str, ...] = ("size",), kind: str = "Thing") -> Object:
    properties = {name: {"type": "integer"} for name in fields}
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}
    plural = f"{kind.lower()}s"
    return {
        "apiVersion": CRD_API,
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": scope,
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def thing(group: str, name: str = "one", kind: str = "Thing", **spec: int) -> Object:
    return {"apiVersion": f"{group}/v1", "kind": kind, "metadata": {"name": name}, "spec": spec or {"size": 1}}


async def fields_of(world: World, group: str) -> set[str]:
    found = await world.get("CustomResourceDefinition", f"things.{group}", CRD_API, namespace="")
    assert found is not None
    return set(found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"])


# --- CRDs


async def test_a_chart_brings_its_crd_and_an_object_of_it(
    world: World, group: str, chart_of: Callable[..., Path]
) -> None:
    served = f'{{{{ .Capabilities.APIVersions.Has "{group}/v1/Thing" }}}}'
    note = f"\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: note}}\ndata: {{served: '{served}'}}\n"
    declared = charted("a", chart_of(crds__thing=yaml.safe_dump(crd(group)), x=yaml.safe_dump(thing(group)) + note))
    assert (await world.one(declared)).outcome is Outcome.INSTALLED
    assert await world.get("Thing", "one", f"{group}/v1") is not None
    assert await world.data("note") == {"served": "true"}
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED
    assert await world.drift(declared) == {"a": ()}
    await world.uninstall("a")
    assert await world.get("Thing", "one", f"{group}/v1") is None
    assert await fields_of(world, group) == {"size"}, "a CRD is never taken away"


@pytest.mark.parametrize("scope", ["Namespaced", "Cluster"])
async def test_a_crd_and_an_object_of_it_may_stand_in_the_same_templates(
    world: World, group: str, chart_of: Callable[..., Path], scope: str
) -> None:
    text = yaml.safe_dump_all([thing(group), crd(group, scope=scope)])
    declared = charted("a", chart_of(x=text))
    assert (await world.one(declared)).outcome is Outcome.INSTALLED
    where = world.namespace if scope == "Namespaced" else ""
    assert await world.get("Thing", "one", f"{group}/v1", namespace=where) is not None
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED
    assert (await world.one(plain("a", config_map("x")), allow_deletions=True)).outcome is Outcome.UPGRADED
    left = await world.get("CustomResourceDefinition", f"things.{group}", CRD_API, namespace="")
    assert left is None or left["metadata"]["deletionTimestamp"]


async def test_a_release_that_needs_an_operator_is_rendered_for_its_new_kinds(
    world: World, group: str, chart_of: Callable[..., Path]
) -> None:
    operator = charted("operator", chart_of(x=yaml.safe_dump(crd(group, scope="Cluster"))))
    text = f'{{{{ if .Capabilities.APIVersions.Has "{group}/v1" }}}}\n{yaml.safe_dump(thing(group))}{{{{ end }}}}\n'
    user = charted("user", chart_of("user", x=text), needs=["operator"])
    result = await world.apply(user, operator)
    assert [r.outcome for r in result.results.values()] == [Outcome.INSTALLED] * 2
    assert await world.get("Thing", "one", f"{group}/v1", namespace="") is not None
    again = await world.apply(user, operator)
    assert [r.outcome for r in again.results.values()] == [Outcome.UNCHANGED] * 2


@pytest.mark.parametrize(
    ("policy", "installed", "upgraded"),
    [("create", {"size"}, {"size"}), ("upgrade", {"size"}, {"size", "colour"}), ("skip", None, None)],
)
async def test_crds_are_created_upgraded_or_skipped_by_policy(
    world: World, group: str, chart_of: Callable[..., Path], policy: str, installed: object, upgraded: object
) -> None:
    name = f"things.{group}"
    for version, fields, expected in [("1.0.0", ("size",), installed), ("2.0.0", ("size", "colour"), upgraded)]:
        note = yaml.safe_dump(config_map("note", version=version))
        chart = chart_of(version=version, crds__thing=yaml.safe_dump(crd(group, fields=fields)), x=note)
        assert not (await world.one(with_policy(charted("a", chart), crds=policy))).outcome.is_bad
        found = await world.get("CustomResourceDefinition", name, CRD_API, namespace="")
        assert (await fields_of(world, group) if found else None) == expected


async def test_a_kind_that_the_cluster_does_not_know_is_named_with_a_way_out(world: World, group: str) -> None:
    result = await world.one(plain("a", thing(group), config_map("one")))
    assert result.outcome is Outcome.FAILED
    assert "this cluster has no kind Thing" in result.reasons[0]
    assert "needs" in " ".join(result.reasons)
    assert (await world.plan_one(plain("a", thing(group)))).objects[0].reason == "its kind is not served yet"


# --- records


async def test_a_record_over_a_mebibyte_is_stored_read_rolled_back_and_removed(
    world: World, chart_of: Callable[..., Path], helm_here: Helm
) -> None:
    chart = chart_of(x=yaml.safe_dump(config_map("one", k="{{ .Values.k }}")))
    (chart / "files").mkdir()
    (chart / "files/noise.bin").write_bytes(random.Random(1).randbytes(1_700_000))
    for k in "123":
        assert not (await world.one(charted("a", chart, {"k": k}))).outcome.is_bad
    assert (await world.one(charted("a", chart, {"k": "3"}))).outcome is Outcome.UNCHANGED
    assert (await world.rollback("a", 1)).outcome is Outcome.ROLLED_BACK
    assert await world.data("one") == {"k": "1"}
    assert [s for _, s in await world.history("a")] == ["superseded"] * 3 + ["deployed"]
    await world.uninstall("a")
    left = await world.kube.list_metadata((await world.kube.discover()).by_ref["v1", "Secret"], world.namespace)
    assert left == []
    with pytest.raises(HelmError, match="not found"):
        await helm_here("status", "a")


# --- plain files, lists, patches


async def test_plain_files_are_pruned_and_lists_taken_apart(world: World) -> None:
    items = {"apiVersion": "v1", "kind": "List", "items": [config_map("l1"), config_map("l2"), config_map("l3")]}
    first = plain("files", items, config_map("single"), "# only a comment\n", "---\n---\n")
    assert (await world.one(first)).outcome is Outcome.INSTALLED
    assert [await world.data(n) for n in ("l1", "l2", "l3", "single")] == [{}] * 4
    assert (await world.one(first)).outcome is Outcome.UNCHANGED
    items["items"] = [config_map("l1", k="2"), config_map("l3")]
    second = plain("files", items, config_map("single"))
    assert actions(await world.plan_one(second)) == {"ConfigMap/l1": "update", "ConfigMap/l2": "delete"}
    assert (await world.one(second)).outcome is Outcome.UPGRADED
    assert [await world.data(n) for n in ("l1", "l2", "l3")] == [{"k": "2"}, None, {}]


async def test_an_empty_release_is_a_release(world: World, chart_of: Callable[..., Path]) -> None:
    declared = charted("a", chart_of(x="{{ if false }}x: y{{ end }}"))
    assert (await world.one(declared)).outcome is Outcome.INSTALLED
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED


def patch(kind: PatchKind, body: object, **target: str) -> Patch:
    return Patch(kind, body, HERE, **target)


async def test_patches_of_both_kinds_change_what_is_applied_and_what_helm_stores(
    world: World, chart_of: Callable[..., Path], helm_here: Helm
) -> None:
    chart = chart_of(x=yaml.safe_dump_all([config_map("one", a="1", b="2"), config_map("two", a="1")]))
    patches = (
        patch(PatchKind.JSON, [{"op": "replace", "path": "/data/a", "value": "patched"}], target_name="one"),
        patch(PatchKind.STRATEGIC, {"data": {"b": None, "c": "3"}}, target_kind="ConfigMap", target_name="o*"),
    )
    declared = charted("a", chart, patches=patches)
    await world.one(declared)
    assert await world.data("one") == {"a": "patched", "c": "3"}
    assert await world.data("two") == {"a": "1"}
    manifest = await helm_here("get", "manifest", "a")
    assert next(d["data"] for d in yaml.safe_load_all(manifest) if d) == {"a": "patched", "c": "3"}
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED
    assert (await world.one(charted("a", chart))).outcome is Outcome.UPGRADED
    assert await world.data("one") == {"a": "1", "b": "2"}


# --- places


async def test_a_missing_namespace_is_made_and_one_in_the_manifest_comes_first(cluster: Cluster, world: World) -> None:
    fresh, other = f"t-{uuid.uuid4().hex[:10]}", f"t-{uuid.uuid4().hex[:10]}"
    elsewhere = replace(world, namespace=fresh)
    space: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": other}}
    declared = plain("a", config_map("one", other, k="1"), config_map("one"), space)
    try:
        assert (await elsewhere.one(declared)).outcome is Outcome.INSTALLED
        assert await elsewhere.get("ConfigMap", "one", namespace=other) is not None
        assert await elsewhere.data("one") == {}
        assert (await elsewhere.one(declared)).outcome is Outcome.UNCHANGED
    finally:
        for name in (fresh, other):
            cluster.client.delete(f"/api/v1/namespaces/{name}")


async def test_objects_without_a_namespace_are_applied_pruned_and_refused_to_others(world: World) -> None:
    name = f"t-{uuid.uuid4().hex[:10]}"
    role: Object = {
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name},
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
    }  # fmt: skip
    declared = plain("a", role, config_map("one"))
    assert (await world.one(declared)).outcome is Outcome.INSTALLED
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED
    thief = await world.one(plain("b", role))
    assert thief.outcome is Outcome.REFUSED
    assert "belongs to release a" in thief.reasons[0]
    assert [r.kind for r in (await world.one(plain("a", config_map("one")))).deleted] == ["ClusterRole"]
    assert await world.get("ClusterRole", name, "rbac.authorization.k8s.io/v1", namespace="") is None


# --- waiting, hooks, gates


def job(name: str, **annotations: str) -> str:
    hooks = {k.replace("__", "/").replace("_", "-"): v for k, v in annotations.items() if k.startswith("helm")}
    pod = {f"devcluster.fairway.dev/{k.replace('_', '-')}": v for k, v in annotations.items() if k[:4] != "helm"}
    return yaml.safe_dump(
        {
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"name": name, "annotations": {k.replace("helm/", "helm.sh/"): v for k, v in hooks.items()}},
            "spec": {"backoffLimit": 0, "template": {
                "metadata": {"annotations": pod},
                "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "a"}]}}},
        }
    )  # fmt: skip


def web(image: str = "web:1", **annotations: str) -> Object:
    marks = {f"devcluster.fairway.dev/{k.replace('_', '-')}": v for k, v in annotations.items()}
    template = {"metadata": {"labels": {"app": "web"}, "annotations": marks}}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}},
                 "template": {**template, "spec": {"containers": [{"name": "web", "image": image}]}}},
    }  # fmt: skip


async def test_a_crash_loop_fails_fast_tells_its_log_and_is_rolled_back(world: World) -> None:
    await world.one(plain("a", web(), config_map("one", k="1")))
    bad = plain("a", web("web:2", fail="crash-loop", log="starting\nno such table"), config_map("one", k="2"))
    bad = with_timeout(bad, 120)
    result = await world.one(bad)
    assert (result.outcome, result.kept_revision) == (Outcome.FAILED, 1)
    assert "crash" in result.reasons[0].lower()
    assert any("no such table" in line for line in result.reasons)
    assert await world.data("one") == {"k": "1"}
    assert [s for _, s in await world.history("a")] == ["superseded", "failed", "deployed"]


async def test_a_failed_first_install_is_mended_by_better_inputs(world: World) -> None:
    bad = plain("a", web(fail="image-pull"), config_map("left"))
    failed = await world.one(with_timeout(bad, 60))
    assert (failed.outcome, failed.kept_revision) == (Outcome.FAILED, 0)
    assert await world.history("a") == [(1, "failed")]
    assert (await world.one(plain("a", web()))).outcome is Outcome.INSTALLED
    assert await world.history("a") == [(1, "failed"), (2, "deployed")]
    assert await world.data("left") is None


async def test_a_failed_upgrade_stays_when_the_policy_keeps_it(world: World) -> None:
    await world.one(plain("a", web()))
    bad = with_policy(plain("a", web("web:2", fail="image-pull")), on_failure="keep")
    assert (await world.one(bad)).outcome is Outcome.FAILED
    assert await world.history("a") == [(1, "deployed"), (2, "failed")]
    assert (await world.one(plain("a", web("web:3")))).outcome is Outcome.UPGRADED


async def test_a_timeout_says_what_was_still_missing(world: World) -> None:
    result = await world.one(with_timeout(plain("a", web(fail="never-ready")), 2))
    assert result.outcome is Outcome.FAILED
    assert "not ready after 2 s" in result.reasons[0]
    assert "web" in result.reasons[0]
    waits = [e.detail for e in world.events if isinstance(e, Phase) and e.kind is PhaseKind.WAITING]
    assert any("0 of 1" in text for text in waits), waits


async def test_without_waiting_an_apply_ends_at_once(world: World) -> None:
    declared = plain("a", web(ready_after="30s"), wait=False)
    assert (await world.one(declared)).outcome is Outcome.INSTALLED


async def test_a_failing_hook_stops_the_upgrade_before_anything_is_changed(
    world: World, chart_of: Callable[..., Path]
) -> None:
    note = yaml.safe_dump(config_map("note", version="{{ .Chart.Version }}"))
    await world.one(charted("a", chart_of(x=note)))
    hook = job("migrate", helm__hook="pre-upgrade", fail="job-fail", exit_code="3", log="column is missing")
    result = await world.one(charted("a", chart_of(version="2.0.0", x=note, migrate=hook)))
    assert result.outcome is Outcome.FAILED
    assert "pre-upgrade hook Job migrate failed" in result.reasons[0]
    assert any("column is missing" in line for line in result.reasons)
    assert await world.data("note") == {"version": "1.0.0"}
    assert await world.get("Job", "migrate", "batch/v1") is not None, "left for people to look at"


async def test_helm_tests_are_a_gate_and_a_verb(world: World, chart_of: Callable[..., Path], helm_here: Helm) -> None:
    note = yaml.safe_dump(config_map("note", k="{{ .Values.k }}"))
    good = chart_of(x=note, check=job("check", helm__hook="test"))
    gates = (Gate(GateKind.HELM_TEST, HERE),)
    assert (await world.one(charted("a", good, {"k": "1"}, gates=gates))).outcome is Outcome.INSTALLED
    assert (await world.verbs().test("a", timeout=timedelta(seconds=30))).outcome is Outcome.TESTED
    assert "Phase: Succeeded" in " ".join((await helm_here("status", "a")).split())
    bad = chart_of(version="2.0.0", x=note, check=job("check", helm__hook="test", fail="job-fail"))
    result = await world.one(charted("a", bad, {"k": "2"}, gates=gates))
    assert (result.outcome, result.kept_revision) == (Outcome.FAILED, 1)
    assert "test hook Job check failed" in result.reasons[0]
    assert await world.data("note") == {"k": "1"}


async def test_an_interruption_while_waiting_is_recorded_and_the_next_apply_goes_on(world: World) -> None:
    await world.one(plain("a", web()))
    slow = plain("a", web("web:2", ready_after="60s"))
    work = asyncio.create_task(world.one(slow))
    while not any(isinstance(e, Phase) and e.kind is PhaseKind.WAITING for e in world.events[8:]):
        await asyncio.sleep(0.05)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert (await world.history("a"))[-1] == (2, "failed")
    assert "Interrupted while waiting" in (await world.revision("a", 2)).description
    assert (await world.one(plain("a", web("web:3")), insist=False)).outcome is Outcome.UPGRADED
    assert [s for _, s in await world.history("a")] == ["superseded", "failed", "deployed"]


async def test_what_a_crash_left_uninstalling_is_installed_again_or_removed(world: World) -> None:
    still, gone = (plain(name, config_map(name), config_map(f"{name}-2")) for name in ("still", "gone"))
    await world.apply(still, gone)
    dead = replace(world.session.holder(world.session.now()), process="999999:1").encode()
    for name in ("still", "gone"):
        left = await world.revision(name, 1)
        held = {**left.notes_to_self, notes.HOLDER: dead}
        await world.session.store.update(replace(left, status=Status.UNINSTALLING, notes_to_self=held))
        await world.kube.delete(ObjectRef("v1", "ConfigMap", world.namespace, name))
    result = await world.apply(still)
    assert result.results["still"].outcome is Outcome.INSTALLED
    assert result.results["gone"].outcome is Outcome.UNINSTALLED
    assert (await world.data("still"), await world.data("still-2")) == ({}, {})
    assert await world.history("still") == [(1, "failed"), (2, "deployed")]
    assert (await world.data("gone-2"), await world.history("gone")) == (None, [])


def with_timeout(declared: Declared, seconds: float) -> Declared:
    return replace(declared, release=replace(declared.release, timeout=timedelta(seconds=seconds)))
