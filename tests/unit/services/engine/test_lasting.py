"""What must hold over many applies: names that change, things that go by themselves, notes that are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.charts import write_chart
from tests.support.engine import World, actions, charted, config_map, memory_world, plain, with_policy

from fairway.domain.manifests.objects import Object, ref_of
from fairway.domain.progress import Outcome
from fairway.domain.releases.holding import Holder
from fairway.domain.releases.plan import ObjectAction
from fairway.services.engine.status import environment_status


@pytest.fixture
def world() -> World:
    return memory_world()


@pytest.fixture
def chart_of(tmp_path: Path) -> Callable[..., Path]:
    def make(**files: str) -> Path:
        about = "apiVersion: v2\nname: c\nversion: 1.0.0\n"
        paths = {f"{key.replace('__', '/')}.yaml": text for key, text in files.items()}
        return write_chart(tmp_path / "c", {"Chart.yaml": about, **paths})

    return make


# --- a release that was renamed


async def test_the_objects_of_a_renamed_release_change_hands_and_are_never_deleted(world: World) -> None:
    await world.apply(plain("old", config_map("shared", k="1"), config_map("of-old")))
    uid = (await world.get("ConfigMap", "shared") or {})["metadata"]["uid"]
    renamed = plain("new", config_map("shared", k="2"), config_map("of-new"))
    plan = await world.plan(renamed)
    removal = next(r for r in plan.releases if r.release == "old")
    assert [o.ref.name for o in removal.objects if o.action is ObjectAction.DELETE] == ["of-old"]
    result = await world.apply(renamed)
    assert {n: r.outcome for n, r in result.results.items()} == {"new": Outcome.INSTALLED, "old": Outcome.UNINSTALLED}
    assert (await world.get("ConfigMap", "shared") or {})["metadata"]["uid"] == uid
    assert (await world.data("shared"), await world.data("of-old")) == ({"k": "2"}, None)
    assert await world.history("old") == []


async def test_the_old_release_stays_until_the_renamed_one_has_succeeded(world: World) -> None:
    await world.apply(plain("old", config_map("shared", k="1"), config_map("of-old")))
    world.session.waiter.failing["broken"] = "never ready"  # type: ignore[attr-defined]
    renamed = plain("new", config_map("shared", k="2"), config_map("broken"))
    result = await world.apply(renamed)
    assert {n: r.outcome for n, r in result.results.items()} == {"new": Outcome.FAILED, "old": Outcome.SKIPPED}
    assert "takes over its objects" in result.results["old"].reasons[0]
    assert await world.data("of-old") == {}
    world.session.waiter.failing.clear()  # type: ignore[attr-defined]
    await world.apply(renamed)
    assert (await world.data("shared"), await world.data("of-old"), await world.history("old")) == (
        {"k": "2"},
        None,
        [],
    )


async def test_an_upgrade_takes_nothing_from_a_release_that_leaves(world: World) -> None:
    """Its rollback would delete what it took."""
    await world.apply(plain("old", config_map("shared", k="1")), plain("new", config_map("own")))
    result = await world.apply(plain("new", config_map("own"), config_map("shared", k="2")))
    assert result.results["new"].outcome is Outcome.REFUSED


# --- Jobs that go by themselves


def passing_job(image: str = "a") -> Object:
    pod = {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": image}]}}
    spec = {"ttlSecondsAfterFinished": 30, "template": pod}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "once"}, "spec": spec}


async def ended(world: World) -> None:
    assert await world.kube.delete(replace(ref_of(passing_job()), namespace=world.namespace))


async def test_a_job_that_went_after_its_time_to_live_is_no_drift_and_does_not_run_again(world: World) -> None:
    declared = plain("a", passing_job(), config_map("one", k="1"))
    await world.one(declared)
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED
    await ended(world)
    assert await world.drift(declared) == {"a": ()}
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED
    (status,) = await environment_status(world.opened([declared]))
    assert {o.ref.kind: (o.health, o.drifted) for o in status.objects}["Job"] == ("healthy", False)

    await world.put(config_map("one", k="by hand"))
    assert (await world.one(declared)).outcome is Outcome.CORRECTED
    assert await world.get("Job", "once", "batch/v1") is None, "correcting another object ran it again"
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED


async def test_a_job_with_a_time_to_live_runs_again_with_the_next_upgrade_as_helm_has_it(world: World) -> None:
    await world.one(plain("a", passing_job(), config_map("one", k="1")))
    await ended(world)
    changed = plain("a", passing_job(), config_map("one", k="2"))
    assert actions(await world.plan_one(changed)) == {"Job/once": "create", "ConfigMap/one": "update"}
    await world.one(changed)
    assert await world.get("Job", "once", "batch/v1") is not None


async def test_a_chart_that_looks_into_the_cluster_is_current_although_its_job_went(
    world: World, chart_of: Callable[..., Path]
) -> None:
    import yaml

    text = '{{ $x := lookup "v1" "ConfigMap" "none" "none" }}\n' + yaml.safe_dump(passing_job())
    declared = charted("a", chart_of(templates__x=text))
    await world.one(declared)
    await ended(world)
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED
    assert await world.history("a") == [(1, "deployed")]


# --- what is stored beside the objects


async def test_changed_labels_of_a_release_are_stored(world: World) -> None:
    await world.one(plain("a", config_map("one"), labels={"team": "a"}))
    result = await world.one(plain("a", config_map("one"), labels={"team": "b"}))
    assert (result.outcome, result.changed) == (Outcome.UPGRADED, ())
    assert (await world.revision("a", 2)).labels == {"team": "b"}


async def test_a_changed_crd_alone_is_applied_where_the_policy_upgrades_crds(
    world: World, chart_of: Callable[..., Path]
) -> None:
    def crd(version: str) -> str:
        return (
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.e.org}\n"
            "spec: {group: e.org, scope: Namespaced, names: {kind: Thing, plural: things},"
            f" versions: [{{name: {version}, served: true, storage: true}}]}}\n"
        )

    note = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: note}\n"
    for version, policy, expected in [("v1", "create", "v1"), ("v2", "create", "v1"), ("v3", "upgrade", "v3")]:
        declared = with_policy(charted("a", chart_of(crds__thing=crd(version), templates__x=note)), crds=policy)
        await world.one(declared)
        found = await world.get("CustomResourceDefinition", "things.e.org", "apiextensions.k8s.io/v1", namespace="")
        assert found is not None
        assert found["spec"]["versions"][0]["name"] == expected
        assert (await world.one(declared)).outcome is Outcome.UNCHANGED


async def test_inputs_that_changed_without_an_effect_are_noted_and_not_rendered_again(
    world: World, chart_of: Callable[..., Path]
) -> None:
    one = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
    chart = chart_of(templates__x=one)
    await world.one(charted("a", chart))
    (chart / "README.md").write_text("new")
    await world.one(charted("a", chart))
    before = dict(world.kube.requests)
    assert (await world.one(charted("a", chart))).outcome is Outcome.UNCHANGED
    reads = {name: world.kube.requests[name] - before.get(name, 0) for name in world.kube.requests}
    assert {name for name, count in reads.items() if count} == {"list"}, "the stored revision was read again"


async def test_a_release_belongs_to_whoever_declares_it_now_and_only_he_removes_it(world: World) -> None:
    declared = plain("a", config_map("one"))
    await world.apply(declared)
    moved = replace(world, environment_name="renamed")
    assert (await moved.apply(declared, source="elsewhere//environments.yaml")).results[
        "a"
    ].outcome is Outcome.UNCHANGED
    assert (await world.apply()).results == {}
    gone = await moved.apply(source="elsewhere//environments.yaml")
    assert gone.results["a"].outcome is Outcome.UNINSTALLED


# --- how long a writer promises to take


async def test_a_writer_promises_time_enough_for_every_hook_and_gate(
    world: World, chart_of: Callable[..., Path]
) -> None:
    hook = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: h{0}\n  annotations: {{helm.sh/hook: pre-install}}\n"
    chart = chart_of(**{f"templates__h{i}": hook.format(i) for i in range(4)})
    held: list[Holder] = []
    session = world.session

    def holder(deadline: Any) -> Holder:
        held.append(session.holder(deadline))
        return held[-1]

    watched = replace(world, session=replace(session, holder=holder))
    declared = charted("a", chart)
    before = session.now()
    await watched.one(declared)
    assert held[0].deadline - before >= declared.release.timeout * 5
