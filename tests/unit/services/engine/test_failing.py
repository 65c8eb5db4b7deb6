"""What follows a failure: a rollback or nothing, a bounded number of tries, and an interruption that costs none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.charts import write_chart
from tests.support.crashing import CrashingKube
from tests.support.engine import StillWaiter, World, charted, config_map, memory_world, plain, with_policy

from fairway.adapters.kube.memory import MemoryKube
from fairway.domain.errors import Transient
from fairway.domain.progress import Outcome, ReleaseFinished
from fairway.domain.releases import notes
from fairway.domain.releases.state import Action, ReleaseState


@pytest.fixture
def waiter() -> StillWaiter:
    return StillWaiter()


@pytest.fixture
def world(waiter: StillWaiter) -> World:
    return memory_world(waiter=waiter)


GOOD = plain("a", config_map("one", k="1"), config_map("two"))
BAD = plain("a", config_map("one", k="2"), config_map("broken"))


async def test_a_failed_upgrade_is_rolled_back_and_says_why_it_failed(world: World, waiter: StillWaiter) -> None:
    await world.one(GOOD)
    waiter.failing["broken"] = "never ready"
    result = await world.one(BAD)
    assert (result.outcome, result.revision, result.kept_revision) == (Outcome.FAILED, 3, 1)
    assert "never ready" in result.reasons[0]
    assert "  told in detail" in result.reasons
    assert await world.history("a") == [(1, "superseded"), (2, "failed"), (3, "deployed")]
    assert (await world.data("one"), await world.data("two"), await world.data("broken")) == ({"k": "1"}, {}, None)
    assert "never ready" in (await world.revision("a", 2)).description
    told = [e for e in world.events if isinstance(e, ReleaseFinished)][-1]
    assert (told.kept_revision, told.outcome) == (1, Outcome.FAILED)


async def test_secrets_in_what_went_wrong_are_masked_wherever_it_is_told(world: World, waiter: StillWaiter) -> None:
    masked = replace(world, session=replace(world.session, mask=lambda text: text.replace("hunter2", "***")))
    waiter.failing["broken"] = "Invalid value: hunter2"
    result = await masked.one(BAD)
    assert "Invalid value: ***" in result.reasons[0]
    assert "***" in (await world.revision("a", 1)).description
    assert "hunter2" not in repr([e for e in world.events if isinstance(e, ReleaseFinished)])


async def test_a_failed_upgrade_is_left_as_it_is_when_the_policy_says_so(world: World, waiter: StillWaiter) -> None:
    await world.one(GOOD)
    waiter.failing["broken"] = "never ready"
    result = await world.one(with_policy(BAD, on_failure="keep"))
    assert (result.outcome, result.kept_revision) == (Outcome.FAILED, 0)
    assert await world.history("a") == [(1, "deployed"), (2, "failed")]
    assert (await world.data("one"), await world.data("broken")) == ({"k": "2"}, {})


async def test_what_a_failed_first_install_left_is_cleaned_up_by_the_next_content(
    world: World, waiter: StillWaiter
) -> None:
    waiter.failing["broken"] = "never ready"
    assert (await world.one(BAD)).outcome is Outcome.FAILED
    assert (await world.plan_one(GOOD)).action is Action.RETRY
    assert (await world.one(GOOD)).outcome is Outcome.INSTALLED
    assert (await world.data("one"), await world.data("broken")) == ({"k": "1"}, None)
    assert await world.history("a") == [(1, "failed"), (2, "deployed")]


async def test_a_rollback_that_fails_too_is_told_and_healed_by_good_inputs(world: World, waiter: StillWaiter) -> None:
    await world.one(GOOD)
    waiter.failing |= {"broken": "never ready", "one": "not either"}
    result = await world.one(BAD)
    assert result.outcome is Outcome.FAILED
    assert "rolling back to revision 1 failed too" in result.reasons[-1]
    assert await world.history("a") == [(1, "deployed"), (2, "failed"), (3, "failed")]
    waiter.failing.clear()
    assert (await world.one(GOOD)).outcome is Outcome.UPGRADED
    assert await world.data("broken") is None
    assert (await world.history("a"))[-1] == (4, "deployed")


@pytest.mark.parametrize("retries", [0, 1, 3])
@pytest.mark.parametrize("on_failure", ["rollback", "keep"])
async def test_the_same_inputs_are_tried_a_bounded_number_of_times(
    world: World, waiter: StillWaiter, retries: int, on_failure: str
) -> None:
    await world.one(GOOD)
    waiter.failing["broken"] = "never ready"
    bad = with_policy(BAD, on_failure=on_failure, retries=retries)
    outcomes = [(await world.one(bad, insist=False)).outcome for _ in range(retries + 4)]
    assert outcomes == [Outcome.FAILED] * (retries + 1) + [Outcome.REFUSED] * 3
    history = await world.history("a")

    stalled = await world.one(bad, insist=False)
    assert f"failed {retries + 1} times" in stalled.reasons[0]
    assert await world.history("a") == history, "a stalled release was touched"

    waiter.failing.clear()
    assert (await world.one(bad)).outcome is Outcome.UPGRADED, "a human insists"
    again = with_policy(plain("a", config_map("one", k="3"), config_map("broken")), retries=retries)
    assert (await world.one(again, insist=False)).outcome is Outcome.UPGRADED
    stored = await world.revision("a", (await world.history("a"))[-1][0])
    assert not {notes.ATTEMPTS, notes.FAILED_INPUTS, notes.HOLDER} & stored.notes_to_self.keys()


async def test_new_inputs_clear_the_stalled_state(world: World, waiter: StillWaiter) -> None:
    await world.one(GOOD)
    waiter.failing["broken"] = "never ready"
    await world.one(BAD, insist=False)
    assert (await world.one(BAD, insist=False)).outcome is Outcome.REFUSED
    other = plain("a", config_map("one", k="4"), config_map("two"))
    assert (await world.one(other, insist=False)).outcome is Outcome.UPGRADED
    assert (await world.one(GOOD, insist=False)).outcome is Outcome.UPGRADED


async def test_going_back_to_what_runs_after_a_rollback_changes_nothing(world: World, waiter: StillWaiter) -> None:
    await world.one(GOOD)
    waiter.failing["broken"] = "never ready"
    await world.one(BAD)
    assert (await world.plan_one(GOOD)).state is ReleaseState.CURRENT
    assert (await world.one(GOOD)).outcome is Outcome.UNCHANGED


class EndlessWaiter(StillWaiter):
    """Waits until it is cancelled, and says when it began."""

    def __init__(self) -> None:
        super().__init__()
        self.began = asyncio.Event()

    async def until_healthy(self, *_: Any, **__: Any) -> None:
        self.began.set()
        await asyncio.Event().wait()


async def test_an_interruption_leaves_a_failed_record_and_costs_no_try() -> None:
    kube = MemoryKube()
    await memory_world(kube=kube).one(GOOD)
    waiter = EndlessWaiter()
    world = memory_world(kube=kube, waiter=waiter)
    work = asyncio.create_task(world.one(BAD))
    await waiter.began.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert await world.history("a") == [(1, "deployed"), (2, "failed")]
    assert "Interrupted while waiting" in (await world.revision("a", 2)).description
    after = memory_world(kube=kube, process="2:2")
    assert (await after.one(BAD, insist=False)).outcome is Outcome.UPGRADED
    assert await after.history("a") == [(1, "superseded"), (2, "failed"), (3, "deployed")]


@pytest.mark.parametrize("at", range(1, 8))
async def test_a_write_that_is_refused_ends_in_a_failed_record_and_the_next_try_goes_on(at: int) -> None:
    kube = MemoryKube()
    await memory_world(kube=kube).one(GOOD)
    flaky = CrashingKube(kube, at, error=lambda: Transient("the API server hung up"))
    world = memory_world(kube=flaky)  # type: ignore[arg-type]
    result = await world.one(with_policy(BAD, on_failure="keep"))
    reached = len(flaky.writes) >= at
    calm = memory_world(kube=kube, process="2:2")
    if reached:
        assert result.outcome in (Outcome.FAILED, Outcome.UPGRADED)
        assert result.outcome is Outcome.UPGRADED or "hung up" in result.reasons[0]
    assert not (await calm.one(BAD)).outcome.is_bad
    history = await calm.history("a")
    assert not [s for _, s in history if s.startswith("pending")]
    assert [s for _, s in history].count("deployed") == 1
    assert await calm.data("two") is None


# --- hooks


HOOKS = """\
{{- range .Values.hooks }}
---
apiVersion: {{ .version | default "v1" }}
kind: {{ .kind | default "ConfigMap" }}
metadata:
  name: {{ .name }}
  annotations:
    helm.sh/hook: {{ .on | default "pre-install,pre-upgrade" }}
    helm.sh/hook-weight: {{ .weight | default 0 | quote }}
    {{- with .delete }}
    helm.sh/hook-delete-policy: {{ . }}
    {{- end }}
{{- end }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: object}
"""


@pytest.fixture
def hooked(tmp_path: Path) -> Callable[..., Any]:
    about = "apiVersion: v2\nname: c\nversion: 1.0.0\n"
    chart = write_chart(tmp_path / "c", {"Chart.yaml": about, "templates/x.yaml": HOOKS})
    return lambda *hooks: charted("a", chart, {"hooks": list(hooks)})


async def test_hooks_run_by_weight_then_name_and_before_the_objects(
    world: World, waiter: StillWaiter, hooked: Callable[..., Any]
) -> None:
    late = {"name": "late", "on": "post-install"}
    await world.one(hooked({"name": "b"}, {"name": "a"}, {"name": "first", "weight": -5}, late))
    assert waiter.waited == ["first", "a", "b", "object", "late"]


async def test_a_failing_hook_stops_everything_and_each_policy_is_followed(
    world: World, waiter: StillWaiter, hooked: Callable[..., Any]
) -> None:
    waiter.failing["bad"] = "exit code 1"
    result = await world.one(
        hooked(
            {"name": "done-goes", "weight": 1, "delete": "hook-succeeded"},
            {"name": "done-stays", "weight": 2},
            {"name": "bad", "weight": 3, "delete": "hook-failed"},
            {"name": "never", "weight": 4},
        )
    )
    assert result.outcome is Outcome.FAILED
    assert "pre-install hook ConfigMap bad failed: " in result.reasons[0]
    there = {n: await world.data(n) is not None for n in ("done-goes", "done-stays", "bad", "never", "object")}
    assert there == {"done-goes": False, "done-stays": True, "bad": False, "never": False, "object": False}
    runs = {h.name: h.last_run.phase for h in (await world.revision("a", 1)).hooks}
    assert runs == {"done-goes": "Succeeded", "done-stays": "Succeeded", "bad": "Failed", "never": ""}


async def test_a_hook_that_cannot_be_created_leaves_the_earlier_ones(world: World, hooked: Callable[..., Any]) -> None:
    earlier = {"name": "earlier", "delete": "hook-succeeded"}
    result = await world.one(hooked(earlier, {"name": "odd", "kind": "Unheard", "weight": 1}))
    assert result.outcome is Outcome.FAILED
    assert "Unheard" in result.reasons[0]
    assert await world.data("earlier") is not None


async def test_a_crd_that_is_a_hook_is_never_deleted(world: World, hooked: Callable[..., Any]) -> None:
    crd = {
        "name": "things.example.org",
        "kind": "CustomResourceDefinition",
        "version": "apiextensions.k8s.io/v1",
        "delete": "hook-succeeded",
    }
    assert (await world.one(hooked({"name": "cm", "delete": "hook-succeeded"}, crd))).outcome is Outcome.INSTALLED
    assert await world.data("cm") is None
    assert await world.get("CustomResourceDefinition", crd["name"], "apiextensions.k8s.io/v1", namespace="") is not None


async def test_uninstalling_runs_the_delete_hooks_unless_told_not_to(
    world: World, waiter: StillWaiter, hooked: Callable[..., Any]
) -> None:
    declared = hooked({"name": "before", "on": "pre-delete"}, {"name": "after", "on": "post-delete"})
    await world.one(declared)
    waiter.waited.clear()
    await world.uninstall("a")
    assert waiter.waited == ["before", "after"]
    await world.one(hooked({"name": "no", "on": "pre-delete"}))
    assert (await world.uninstall("a", no_hooks=True)).outcome is Outcome.UNINSTALLED
    assert await world.data("no") is None


async def test_a_failing_delete_hook_keeps_the_release_and_the_next_try_finishes(
    world: World, waiter: StillWaiter, hooked: Callable[..., Any]
) -> None:
    await world.one(hooked({"name": "before", "on": "pre-delete"}))
    waiter.failing["before"] = "exit code 1"
    assert (await world.uninstall("a")).outcome is Outcome.FAILED
    assert await world.data("object") is not None
    waiter.failing.clear()
    assert (await world.uninstall("a")).outcome is Outcome.UNINSTALLED
    assert (await world.history("a"), await world.data("object")) == ([], None)


class SlowToAnswer(MemoryKube):
    """Stores a new revision at once, and answers only later, as a loaded API server does."""

    def __init__(self) -> None:
        super().__init__()
        self.stored, self.answers = asyncio.Event(), asyncio.Event()
        self.answers.set()

    async def create(self, obj: Any, ref: Any, **more: Any) -> Any:
        done = await super().create(obj, ref, **more)
        if ref.kind == "Secret":
            self.stored.set()
            await self.answers.wait()
        return done


async def test_an_interruption_while_the_lock_is_written_leaves_nothing_pending() -> None:
    kube = SlowToAnswer()
    kube.answers.clear()
    world = memory_world(kube=kube)
    work = asyncio.create_task(world.one(GOOD))
    await kube.stored.wait()
    work.cancel()
    await asyncio.sleep(0)
    kube.answers.set()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert await world.history("a") == [(1, "failed")]
    assert "Interrupted before anything was applied" in (await world.revision("a", 1)).description
    assert (await memory_world(kube=kube, process="2:2").one(GOOD)).outcome is not Outcome.FAILED
