"""What fails for a reason that passes is tried again within one apply; what would fail again is told at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.engine import StillWaiter, World, config_map, memory_world, plain, with_policy

from fairway.adapters.kube.memory import MemoryKube
from fairway.domain.errors import FairwayError, Refused, Terminal, Transient, UserError
from fairway.domain.kube_errors import AlreadyExists, Conflict, Forbidden, InvalidObject
from fairway.domain.progress import Outcome, Phase, PhaseKind
from fairway.domain.releases import notes
from fairway.services.engine.change import ChangeFailed
from fairway.services.engine.retrying import Backoff, passes

GOOD = plain("a", config_map("one", k="1"))
NEW = plain("a", config_map("one", k="2"))


class Unsteady:
    """Passes everything on, but for the calls of one verb (on objects of one kind) that `fail` says something about."""

    def __init__(self, inner: Any, verb: str, fail: Callable[[int], BaseException | None], kind: str = "") -> None:
        self._inner, self._verb, self._fail, self._kind = inner, verb, fail, kind
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name != self._verb:
            return found

        async def call(*args: Any, **options: Any) -> Any:
            if self._kind and self._kind not in {getattr(a, "kind", "") for a in args}:
                return await found(*args, **options)
            self.calls += 1
            if error := self._fail(self.calls):
                raise error
            return await found(*args, **options)

        return call


def times(count: int, error: Callable[[], BaseException]) -> Callable[[int], BaseException | None]:
    return lambda call: error() if call <= count else None


def hung_up() -> Transient:
    return Transient("the API server hung up")


class Pauses:
    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def unsteady(
    kube: MemoryKube, fail: Callable[[int], BaseException | None], verb: str = "apply", kind: str = "ConfigMap"
) -> tuple[World, Pauses]:
    world = memory_world(kube=Unsteady(kube, verb, fail, kind))  # type: ignore[arg-type]
    pauses = Pauses()
    world.session = replace(world.session, backoff=Backoff(pause=pauses, jitter=lambda: 1.0))
    return world, pauses


# --- what passes


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Transient("x"), True),
        (Conflict("x", status=409), True),
        (Terminal("x"), False),
        (InvalidObject("x"), False),
        (AlreadyExists("x"), False),
        (Forbidden("x"), False),
        (UserError("x"), False),
        (Refused("x"), False),
        (ValueError("x"), False),
        (None, False),
    ],
)
def test_only_what_another_try_may_cure_passes(error: BaseException | None, expected: bool) -> None:
    assert passes(error) is expected
    if error is not None:
        told = ChangeFailed("told")
        told.__cause__ = error
        assert passes(told) is expected


# --- within one apply


async def test_a_server_that_does_not_answer_once_costs_a_pause_and_no_failure() -> None:
    world, pauses = unsteady(MemoryKube(), times(1, hung_up))
    assert (await world.one(GOOD)).outcome is Outcome.INSTALLED
    assert pauses.seconds == [1.0]
    assert await world.history("a") == [(1, "failed"), (2, "deployed")]
    said = [e.detail for e in world.events if isinstance(e, Phase) and e.kind is PhaseKind.QUEUED]
    assert said == ["to try again in 1 s: the API server hung up"]


@pytest.mark.parametrize("error", [hung_up, lambda: Conflict("somebody was faster", status=409)])
@pytest.mark.parametrize(("retries", "tries"), [(0, 2), (1, 2), (3, 4)])
async def test_the_policy_bounds_the_tries_and_there_are_at_least_two(
    retries: int, tries: int, error: Callable[[], FairwayError]
) -> None:
    kube = MemoryKube()
    world, pauses = unsteady(kube, times(99, error))
    result = await world.one(with_policy(GOOD, retries=retries))
    assert result.outcome is Outcome.FAILED
    assert pauses.seconds == [1.0, 2.0, 4.0][: tries - 1]
    assert world.kube.calls == tries
    assert [status for _, status in await world.history("a")] == ["failed"] * tries


async def test_what_would_fail_again_is_not_tried_again() -> None:
    world, pauses = unsteady(MemoryKube(), times(99, lambda: InvalidObject("spec.x is unknown")))
    assert (await world.one(with_policy(GOOD, retries=5))).outcome is Outcome.FAILED
    assert (pauses.seconds, world.kube.calls) == ([], 1)


async def test_an_unhealthy_release_is_not_tried_again() -> None:
    waiter = StillWaiter()
    waiter.failing["one"] = "never ready"
    world = memory_world(waiter=waiter)
    assert (await world.one(with_policy(GOOD, retries=5))).outcome is Outcome.FAILED
    assert waiter.waited == ["one"]


async def test_a_rollback_comes_only_after_the_last_try() -> None:
    kube = MemoryKube()
    await memory_world(kube=kube).one(GOOD)
    world, _ = unsteady(kube, times(2, hung_up))
    result = await world.one(NEW)
    assert (result.outcome, result.kept_revision) == (Outcome.FAILED, 1)
    assert await world.history("a") == [(1, "superseded"), (2, "failed"), (3, "failed"), (4, "deployed")]
    assert await world.data("one") == {"k": "1"}


async def test_failures_that_pass_say_nothing_against_the_inputs() -> None:
    kube = MemoryKube()
    await memory_world(kube=kube).one(GOOD)
    world, _ = unsteady(kube, times(2, hung_up))
    assert (await world.one(NEW, insist=False)).outcome is Outcome.FAILED
    for version, _ in await world.history("a"):
        assert notes.ATTEMPTS not in (await world.revision("a", version)).notes_to_self
    assert (await world.one(NEW, insist=False)).outcome is Outcome.UPGRADED


async def test_an_answer_that_was_lost_after_the_change_was_stored_is_no_failure() -> None:
    class Deaf(MemoryKube):
        """Stores the outcome of revision 1, and hangs up instead of saying so."""

        heard = False

        async def replace(self, obj: Any, ref: Any) -> Any:
            stored = await super().replace(obj, ref)
            if not self.heard and obj["metadata"]["labels"].get("status") == "deployed":
                self.heard = True
                raise hung_up()
            return stored

    world = memory_world(kube=Deaf())
    result = await world.one(GOOD)
    assert (result.outcome, result.revision) == (Outcome.INSTALLED, 1)
    assert await world.history("a") == [(1, "deployed")]


async def test_planning_that_cannot_read_the_cluster_is_tried_again_with_a_new_look() -> None:
    kube = MemoryKube()
    await memory_world(kube=kube).one(GOOD)
    world, pauses = unsteady(kube, times(1, hung_up), verb="get", kind="Secret")
    assert (await world.one(NEW)).outcome is Outcome.UPGRADED
    assert pauses.seconds == [1.0]


async def test_a_list_that_failed_is_asked_for_again() -> None:
    kube = MemoryKube()
    await memory_world(kube=kube).one(GOOD)

    class Lists(Unsteady):
        def __getattr__(self, name: str) -> Any:
            found = super().__getattr__(name)
            if name != "list_metadata":
                return found

            async def listed(resource: Any, namespace: Any, **options: Any) -> Any:
                inner = self._inner.list_metadata
                return await (found if resource.kind == "ConfigMap" else inner)(resource, namespace, **options)

            return listed

    world = memory_world(kube=Lists(kube, "list_metadata", times(1, hung_up)))  # type: ignore[arg-type]
    assert (await world.one(GOOD)).outcome is Outcome.UNCHANGED


async def test_others_go_on_while_one_waits_for_its_next_try() -> None:
    world, _ = unsteady(MemoryKube(), times(1, hung_up))
    resumed = asyncio.Event()

    async def pause(_: float) -> None:
        await resumed.wait()

    world.session = replace(world.session, backoff=Backoff(pause=pause))
    run = asyncio.create_task(world.apply(GOOD, plain("b", config_map("two")), concurrency=2))
    while ("b", "deployed") not in [("b", s) for _, s in await world.history("b")]:
        await asyncio.sleep(0)
    assert not run.done()
    resumed.set()
    assert (await run).exit_code == 0


async def test_an_interruption_while_waiting_leaves_a_consistent_record() -> None:
    world, _ = unsteady(MemoryKube(), times(1, hung_up))
    began = asyncio.Event()

    async def pause(_: float) -> None:
        began.set()
        await asyncio.Event().wait()

    world.session = replace(world.session, backoff=Backoff(pause=pause))
    run = asyncio.create_task(world.one(GOOD))
    await began.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert await world.history("a") == [(1, "failed")]


# --- how long


@given(st.integers(1, 50), st.floats(0, 1))
def test_waits_double_up_to_a_bound_and_half_of_each_is_chance(tries: int, chance: float) -> None:
    whole = min(30.0, 2.0 ** (tries - 1))
    seconds = Backoff(jitter=lambda: chance).seconds(tries)
    assert whole / 2 <= seconds <= whole
    assert Backoff(jitter=lambda: 1.0).seconds(tries) == whole
