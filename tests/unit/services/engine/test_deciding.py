"""What one pass does to a release: each row of the table of states, seen from what is in the cluster afterwards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.charts import write_chart
from tests.support.engine import (
    SOURCE,
    Clock,
    World,
    actions,
    charted,
    config_map,
    memory_world,
    plain,
    with_policy,
)

from fairway.adapters.kube.memory import MemoryKube
from fairway.domain.errors import Refused
from fairway.domain.manifests.objects import ref_of
from fairway.domain.progress import Notice, Outcome
from fairway.domain.releases import notes
from fairway.domain.releases.holding import Life
from fairway.domain.releases.revision import Revision, Status
from fairway.domain.releases.state import Action, ReleaseState
from fairway.domain.repository.models import DriftMode, IgnoreRule, Policy
from fairway.services.engine.saving import check_saved, saved_releases

KEEP = {"helm.sh/resource-policy": "keep"}


@pytest.fixture
def world() -> World:
    return memory_world()


def kept(name: str) -> dict[str, object]:
    return {**config_map(name), "metadata": {"name": name, "annotations": KEEP}}


# --- nothing to do costs nothing


async def test_an_unchanged_release_is_left_alone_and_costs_no_write(world: World) -> None:
    declared = plain("a", config_map("one", k="1"))
    assert (await world.one(declared)).outcome is Outcome.INSTALLED
    before = dict(world.kube.requests)
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED
    after = world.kube.requests
    assert {name for name in after if after[name] != before.get(name)} == {"list"}


async def test_only_the_objects_that_changed_are_applied(world: World) -> None:
    await world.one(plain("a", *(config_map(f"n{i}", k="1") for i in range(9))))
    before = world.kube.requests["apply"]
    result = await world.one(plain("a", *(config_map(f"n{i}", k="2" if i == 4 else "1") for i in range(9))))
    assert world.kube.requests["apply"] - before == 1
    assert [ref.name for ref in result.changed] == ["n4"]


async def test_after_a_failure_every_object_is_applied_again(world: World) -> None:
    first = plain("a", config_map("one", k="1"), config_map("two", k="1"))
    await world.one(first)
    world.session.waiter.failing["two"] = "never ready"  # type: ignore[attr-defined]
    broken = with_policy(plain("a", config_map("one", k="1"), config_map("two", k="2")), on_failure="keep")
    await world.one(broken)
    world.session.waiter.failing.clear()  # type: ignore[attr-defined]
    before = world.kube.requests["apply"]
    await world.one(plain("a", config_map("one", k="1"), config_map("two", k="3")))
    assert world.kube.requests["apply"] - before == 2


async def test_a_chart_that_renders_the_same_from_other_inputs_stores_nothing(world: World, tmp_path: Path) -> None:
    files = {"Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "templates/x.yaml": "# nothing\n"}
    one = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
    chart = write_chart(tmp_path / "c", {**files, "templates/x.yaml": one, "README.md": "one"})
    await world.one(charted("a", chart))
    (chart / "README.md").write_text("two")
    result = await world.one(charted("a", chart))
    assert (result.outcome, await world.history("a")) == (Outcome.UNCHANGED, [(1, "deployed")])


async def test_force_stores_a_new_revision_where_nothing_changed(world: World) -> None:
    declared = plain("a", config_map("one"))
    await world.one(declared)
    assert (await world.one(declared, force=True)).outcome is Outcome.UPGRADED
    assert await world.history("a") == [(1, "superseded"), (2, "deployed")]


# --- one writer


async def test_a_revision_that_another_writer_created_first_refuses_and_touches_nothing(world: World) -> None:
    await world.one(plain("a", config_map("one", k="1")))
    opened = world.opened([plain("a", config_map("one", k="2"))])
    planned = await world.planned(plain("a", config_map("one", k="2")))
    await world.one(plain("a", config_map("one", k="3")))
    from fairway.services.engine.carrying import carry_out
    from fairway.services.engine.planning import PlanOptions

    before = dict(world.kube.requests)
    result = await carry_out(
        world.session, await opened.look(), planned.planned[0], PlanOptions(), lambda *_: None, allow_deletions=False
    )
    assert result.outcome is Outcome.REFUSED
    assert "another writer" in result.reasons[0]
    assert world.kube.requests["apply"] == before["apply"]
    assert await world.data("one") == {"k": "3"}


@pytest.mark.parametrize("status", [Status.PENDING_UPGRADE, Status.PENDING_ROLLBACK, Status.UNINSTALLING])
@pytest.mark.parametrize(("life", "goes_on"), [(Life.ALIVE, False), (Life.ELSEWHERE, False), (Life.DEAD, True)])
async def test_a_pending_release_is_taken_over_only_from_the_dead(status: Status, life: Life, goes_on: bool) -> None:
    world = memory_world(life=lambda _: life)
    await world.one(plain("a", config_map("one", k="1")))
    left = await world.revision("a", 1)
    holder = world.session.holder(Clock().moment.replace(year=2027)).encode()
    pending = replace(left, version=2, status=status, notes_to_self={**left.notes_to_self, notes.HOLDER: holder})
    await world.session.store.create(pending)

    result = await world.one(plain("a", config_map("one", k="2")))
    assert (result.outcome is Outcome.UPGRADED) is goes_on
    assert await world.data("one") == {"k": "2" if goes_on else "1"}
    if not goes_on:
        assert "is held by tester on here" in result.reasons[0]
        assert "--take-over" in result.reasons[1]
        assert (await world.history("a"))[-1] == (2, status.value)
        assert (await world.apply()).results["a"].outcome is Outcome.REFUSED
        assert (await world.rollback("a", 1)).outcome is Outcome.REFUSED
        assert (await world.uninstall("a")).outcome is Outcome.REFUSED
        taken = await world.one(plain("a", config_map("one", k="2")), take_over=True)
        assert taken.outcome is Outcome.UPGRADED


async def test_a_pending_release_of_another_tool_is_waited_for_five_minutes() -> None:
    clock = Clock()
    world = memory_world(clock=clock)
    await world.one(plain("a", config_map("one", k="1")))
    left = await world.revision("a", 1)
    await world.session.store.create(replace(left, version=2, status=Status.PENDING_UPGRADE, notes_to_self={}))
    assert (await world.one(plain("a", config_map("one", k="2")))).outcome is Outcome.REFUSED
    clock.moment = clock.moment.replace(year=2099)
    assert (await world.one(plain("a", config_map("one", k="2")))).outcome is Outcome.UPGRADED
    assert await world.history("a") == [(1, "superseded"), (2, "failed"), (3, "deployed")]


async def test_a_rollback_closes_the_revision_that_a_dead_writer_left(world: World) -> None:
    await world.one(plain("a", config_map("one", k="1")))
    left = await world.revision("a", 1)
    await world.session.store.create(
        replace(left, version=2, status=Status.PENDING_UPGRADE, notes_to_self={notes.HOLDER: "here 9:9 x 2026-01-01"})
    )
    assert (await world.rollback("a", 1)).outcome is Outcome.ROLLED_BACK
    assert await world.history("a") == [(1, "superseded"), (2, "failed"), (3, "deployed")]


# --- whose objects


async def test_an_object_of_nobody_is_refused_unless_adopted(world: World) -> None:
    await world.put(config_map("one", k="by hand", more="x"))
    declared = plain("a", config_map("one", k="1"))
    refused = await world.one(declared)
    assert refused.outcome is Outcome.REFUSED
    assert "ConfigMap/one" in refused.reasons[0].replace(" ", "/")
    assert "adopt: true" in refused.reasons[0]
    assert (await world.data("one"), await world.history("a")) == ({"k": "by hand", "more": "x"}, [])
    assert (await world.plan_one(declared)).state is ReleaseState.FOREIGN
    assert (await world.one(with_policy(declared, adopt=True))).outcome is Outcome.INSTALLED
    assert (await world.data("one") or {})["k"] == "1"


async def test_an_object_of_another_release_is_refused_even_when_adoption_is_allowed(world: World) -> None:
    await world.one(plain("owner", config_map("one", k="owner")))
    result = await world.one(with_policy(plain("thief", config_map("one", k="thief")), adopt=True))
    assert result.outcome is Outcome.REFUSED
    assert "belongs to release owner" in result.reasons[0]
    assert await world.data("one") == {"k": "owner"}


async def test_two_releases_of_one_run_that_declare_the_same_object_do_not_both_get_it(world: World) -> None:
    result = await world.apply(plain("a", config_map("one", k="a")), plain("b", config_map("one", k="b")))
    outcomes = {name: r.outcome for name, r in result.results.items()}
    assert sorted(outcomes.values()) == [Outcome.INSTALLED, Outcome.REFUSED], outcomes
    winner = next(name for name, outcome in outcomes.items() if outcome is Outcome.INSTALLED)
    assert await world.data("one") == {"k": winner}


async def test_an_object_moves_to_another_release_once_its_owner_no_longer_declares_it(world: World) -> None:
    await world.apply(plain("a", config_map("x"), config_map("y"), config_map("moves", k="a")))
    assert (await world.one(plain("a", config_map("x"), config_map("y")))).outcome is Outcome.UPGRADED
    assert (await world.one(plain("b", config_map("moves", k="b")))).outcome is Outcome.INSTALLED


async def test_an_object_left_by_a_release_that_is_gone_can_be_adopted(world: World) -> None:
    await world.one(plain("old", kept("one"), config_map("two")))
    await world.uninstall("old")
    assert await world.data("one") is not None
    assert (await world.one(plain("new", config_map("one", k="1")))).outcome is Outcome.REFUSED
    adopting = with_policy(plain("new", config_map("one", k="1")), adopt=True)
    assert (await world.one(adopting)).outcome is Outcome.INSTALLED


# --- what leaves


async def test_what_leaves_the_manifest_is_deleted_and_what_is_to_be_kept_stays(world: World) -> None:
    await world.one(plain("a", config_map("stays"), config_map("goes"), kept("kept")))
    smaller = plain("a", config_map("stays"))
    assert actions(await world.plan_one(smaller)) == {"ConfigMap/goes": "delete", "ConfigMap/kept": "keep"}
    result = await world.one(smaller)
    assert [ref.name for ref in result.deleted] == ["goes"]
    assert (await world.data("goes"), await world.data("kept")) == (None, {})


async def test_what_left_the_manifest_and_is_now_somebody_elses_is_not_deleted(world: World) -> None:
    await world.one(plain("a", config_map("stays"), config_map("goes")))
    metadata = {"name": "goes", "annotations": {"meta.helm.sh/release-name": "b"}}
    await world.put({**config_map("goes"), "metadata": metadata})
    assert (await world.one(plain("a", config_map("stays")))).deleted == ()
    assert await world.data("goes") is not None


async def test_more_deletions_than_the_policy_allows_need_a_yes(world: World) -> None:
    await world.one(plain("a", *(config_map(f"n{i}") for i in range(5))))
    smaller = plain("a", config_map("n0"))
    refused = await world.one(smaller)
    assert refused.outcome is Outcome.REFUSED
    assert "4 of 5 objects would be deleted; the limit is 50%" in refused.reasons[0]
    assert "--allow-deletions" in refused.reasons[1]
    assert await world.history("a") == [(1, "deployed")]
    assert (await world.one(smaller, allow_deletions=True)).outcome is Outcome.UPGRADED
    assert (await world.one(with_policy(plain("a", config_map("m")), prune_max_objects=0.0))).outcome is Outcome.REFUSED


async def test_releases_no_longer_declared_go_only_when_this_repository_deployed_them(world: World) -> None:
    mine, other = plain("mine", config_map("mine")), plain("other", config_map("other"))
    await world.apply(mine, plain("stays", config_map("stays")))
    await world.one(other, force=True)
    stored = await world.revision("other", 1)
    foreign = {**stored.notes_to_self, notes.SOURCE: "elsewhere//environments.yaml"}
    await world.session.store.update(replace(stored, notes_to_self=foreign))
    by_helm = replace(await world.revision("stays", 1), name="by-helm", notes_to_self={})
    await world.session.store.create(by_helm)

    plan = await world.plan(plain("stays", config_map("stays")))
    assert {r.release: r.action for r in plan.releases} == {"stays": Action.NOTHING, "mine": Action.UNINSTALL}
    result = await world.apply(plain("stays", config_map("stays")))
    assert {n: r.outcome for n, r in result.results.items()} == {
        "stays": Outcome.UNCHANGED,
        "mine": Outcome.UNINSTALLED,
    }
    assert await world.history("mine") == []
    assert await world.history("other")
    assert await world.history("by-helm")


async def test_releases_of_another_environment_in_the_same_namespace_stay(world: World) -> None:
    await world.apply(plain("a", config_map("a")))
    other = replace(world, environment_name="second")
    assert (await other.apply(plain("b", config_map("b")))).results.keys() == {"b"}
    assert await world.history("a") == [(1, "deployed")]


async def test_choosing_releases_by_name_uninstalls_nothing(world: World) -> None:
    await world.apply(plain("a", config_map("a")), plain("b", config_map("b")))
    assert (await world.apply(plain("a", config_map("a")), only=["a"])).results.keys() == {"a"}
    assert await world.history("b") == [(1, "deployed")]


async def test_more_releases_than_the_policy_allows_are_not_removed_and_nothing_else_is_done(world: World) -> None:
    declared = [plain(f"r{i}", config_map(f"c{i}")) for i in range(5)]
    await world.apply(*declared)
    changed = plain("r0", config_map("c0", k="2"))
    with pytest.raises(Refused, match="4 of 5 releases would be deleted"):
        await world.apply(changed)
    assert await world.data("c0") == {}
    await world.apply(changed, allow_deletions=True)
    assert [await world.history(f"r{i}") for i in range(1, 5)] == [[]] * 4


async def test_pruning_can_be_switched_off(world: World) -> None:
    world.policy = Policy(prune=False)
    await world.apply(plain("a", config_map("a")), plain("b", config_map("b")))
    assert (await world.apply(plain("a", config_map("a")))).results.keys() == {"a"}


# --- drift


async def drift_by_hand(world: World) -> None:
    await world.put(config_map("one", k="by hand"))
    await world.kube.delete(ref_of(config_map("two", world.namespace)))


@pytest.mark.parametrize(
    ("mode", "outcome", "k"),
    [
        (DriftMode.CORRECT, Outcome.CORRECTED, "1"),
        (DriftMode.REPORT, Outcome.UNCHANGED, "by hand"),
        (DriftMode.IGNORE, Outcome.UNCHANGED, "by hand"),
    ],
)
async def test_drift_is_corrected_reported_or_ignored(world: World, mode: DriftMode, outcome: Outcome, k: str) -> None:
    declared = with_policy(plain("a", config_map("one", k="1"), config_map("two", k="2")), drift=mode)
    await world.one(declared)
    await drift_by_hand(world)
    found = (await world.drift(declared)).get("a", ())
    assert bool(found) is (mode is not DriftMode.IGNORE)
    assert (await world.one(declared)).outcome is outcome
    assert (await world.data("one") or {})["k"] == k
    assert (await world.data("two") is None) is (outcome is Outcome.UNCHANGED)
    assert any(isinstance(e, Notice) for e in world.events) is (mode is DriftMode.REPORT)
    assert await world.history("a") == [(1, "deployed")]
    if mode is DriftMode.CORRECT:
        assert (await world.one(declared)).outcome is Outcome.UNCHANGED
        assert await world.drift(declared) == {"a": ()}


async def test_ignored_fields_are_no_drift_and_are_not_put_back(world: World) -> None:
    rule = IgnoreRule(("/data/level",), kind="ConfigMap", name="o*")
    declared = with_policy(plain("a", config_map("one", level="1", k="1")), drift_ignore=(rule,))
    await world.one(declared)
    await world.put(config_map("one", level="debug"))
    assert await world.drift(declared) == {"a": ()}
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED
    changed = with_policy(plain("a", config_map("one", level="1", k="2")), drift_ignore=(rule,))
    await world.one(changed)
    assert await world.data("one") == {"level": "debug", "k": "2"}
    assert (await world.one(changed)).outcome is Outcome.UNCHANGED


async def test_a_chart_that_looks_into_the_cluster_is_not_corrected_where_the_policy_only_reports(
    world: World, tmp_path: Path
) -> None:
    text = '{{ $x := lookup "v1" "ConfigMap" "none" "none" }}\n' + "apiVersion: v1\nkind: ConfigMap\n"
    chart = write_chart(
        tmp_path / "c",
        {
            "Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
            "templates/x.yaml": f"{text}metadata: {{name: one}}\ndata: {{k: '1'}}\n",
        },
    )
    declared = with_policy(charted("a", chart), drift=DriftMode.REPORT)
    await world.one(declared)
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED
    await world.put(config_map("one", k="by hand"))
    assert (await world.one(declared)).outcome is Outcome.UNCHANGED
    assert await world.data("one") == {"k": "by hand"}
    corrected = await world.one(with_policy(declared, drift=DriftMode.CORRECT))
    assert not corrected.outcome.is_bad
    assert await world.data("one") == {"k": "1"}


# --- history


async def test_no_more_revisions_are_kept_than_the_policy_says(world: World) -> None:
    for i in range(7):
        await world.one(with_policy(plain("a", config_map("one", k=str(i))), history=3))
    assert await world.history("a") == [(5, "superseded"), (6, "superseded"), (7, "deployed")]


async def test_the_deployed_revision_outlives_any_number_of_failures(world: World) -> None:
    await world.one(with_policy(plain("a", config_map("one", k="ok")), history=2))
    world.session.waiter.failing["one"] = "never ready"  # type: ignore[attr-defined]
    for i in range(5):
        await world.one(with_policy(plain("a", config_map("one", k=str(i))), history=2, on_failure="keep"))
    assert (1, "deployed") in await world.history("a")
    assert len(await world.history("a")) == 2


async def test_a_release_uninstalled_with_its_history_is_installed_anew_behind_it(world: World) -> None:
    declared = plain("a", config_map("one"))
    await world.one(declared)
    await world.uninstall("a", keep_history=True)
    assert (await world.history("a"), await world.data("one")) == ([(1, "uninstalled")], None)
    assert (await world.one(declared)).outcome is Outcome.INSTALLED
    assert await world.history("a") == [(1, "uninstalled"), (2, "deployed")]
    await world.one(plain("a", config_map("one", k="2")))
    assert await world.history("a") == [(1, "uninstalled"), (2, "superseded"), (3, "deployed")]


# --- saved plans


async def test_a_saved_plan_is_refused_once_the_cluster_or_the_inputs_moved(world: World) -> None:
    first, second = plain("a", config_map("one", k="1")), plain("a", config_map("one", k="2"))
    await world.one(first)
    saved = saved_releases(await world.planned(second))
    await check_saved(world.opened([second]), saved, whole=True, source=SOURCE)
    with pytest.raises(Refused, match="nothing was applied"):
        await check_saved(world.opened([first]), saved, whole=True, source=SOURCE)
    with pytest.raises(Refused, match="not declared any more"):
        await check_saved(world.opened([]), saved, whole=True, source=SOURCE)
    await world.one(first, force=True)
    with pytest.raises(Refused, match="revision"):
        await check_saved(world.opened([second]), saved, whole=True, source=SOURCE)


async def test_a_saved_plan_is_refused_when_other_releases_would_go(world: World) -> None:
    a, b = plain("a", config_map("a")), plain("b", config_map("b"))
    saved = saved_releases(await world.planned(a))
    await world.apply(a, b, only=["b"])
    with pytest.raises(Refused, match="other releases would be uninstalled"):
        await check_saved(world.opened([a]), saved, whole=True, source=SOURCE)


async def test_a_plan_that_holds_a_refusal_cannot_be_saved(world: World) -> None:
    await world.put(config_map("one"))
    with pytest.raises(Refused, match="the plan is not saved"):
        saved_releases(await world.planned(plain("a", config_map("one"))))


async def test_a_saved_plan_is_applied_as_it_was_rendered(world: World, tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {k: {{ randAlphaNum 12 | quote }}}\n"
    about = "apiVersion: v2\nname: c\nversion: 1.0.0\n"
    chart = write_chart(tmp_path / "c", {"Chart.yaml": about, "templates/x.yaml": text})
    declared = charted("a", chart)
    (saved,) = saved_releases(await world.planned(declared))
    assert saved.content is not None
    await world.one(declared, pinned={"a": saved.content})
    assert (await world.data("one") or {})["k"] in saved.content.manifest


# --- mistakes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("apiVersion: v1\nkind: ConfigMap\n", "has no metadata.name"),
        ("apiVersion: v1\nmetadata: {name: x}\n", "has no kind"),
        ("kind: ConfigMap\nmetadata: {name: x}\n", "has no apiVersion"),
        ("---\n" + 2 * "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n", "is declared twice"),
    ],
)
async def test_what_is_wrong_with_a_document_is_said_before_anything_is_touched(
    world: World, text: str, said: str
) -> None:
    result = await world.one(plain("a", text, config_map("ok")))
    assert result.outcome is Outcome.FAILED
    assert said in result.reasons[0]
    assert (await world.history("a"), await world.data("ok")) == ([], None)


async def test_rolling_back_names_the_revisions_that_there_are(world: World) -> None:
    await world.one(plain("a", config_map("one")))
    for name, version, said in [("a", None, "no earlier"), ("a", 7, "no revision 7"), ("b", None, "no release b")]:
        result = await world.rollback(name, version)
        assert result.outcome is Outcome.REFUSED
        assert said in result.reasons[0]


async def test_a_rollback_brings_back_content_and_says_so_as_helm_does(world: World) -> None:
    await world.one(plain("a", config_map("one", k="1"), config_map("two")))
    await world.one(plain("a", config_map("one", k="2"), config_map("three")))
    result = await world.rollback("a")
    assert (result.outcome, result.revision) == (Outcome.ROLLED_BACK, 3)
    assert (await world.data("one"), await world.data("two"), await world.data("three")) == ({"k": "1"}, {}, None)
    stored: Revision = await world.revision("a", 3)
    assert (stored.description, stored.rollback_revision) == ("Rollback to 1", 1)


async def test_the_namespace_of_an_environment_is_made_when_it_is_missing() -> None:
    world = memory_world(kube=MemoryKube(namespaces=()), namespace="fresh")  # type: ignore[arg-type]
    assert (await world.one(plain("a", config_map("one")))).outcome is Outcome.INSTALLED
    assert await world.get("Namespace", "fresh", namespace="") is not None
