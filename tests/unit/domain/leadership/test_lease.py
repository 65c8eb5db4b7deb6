"""However late messages arrive, and however differently clocks run: never two who believe that they lead."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairway.domain.leadership.lease import Lease, Sight, Step, Terms, believes, decide, given_back, mine, seen

AT = datetime(2026, 11, 21, tzinfo=UTC)
TERMS = Terms()
LENGTH = TERMS.duration


def of(holder: str, **more: object) -> Lease:
    return Lease(holder, LENGTH, AT, AT, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lease", "age", "step"),
    [
        (None, 0.0, Step.CREATE),
        (of("me"), 0.0, Step.RENEW),
        (of("me"), 1000.0, Step.RENEW),
        (of("other"), 0.0, Step.WAIT),
        (of("other"), 15.0, Step.WAIT),
        (of("other"), 15.1, Step.TAKE),
        (of(""), 0.0, Step.TAKE),
        (Lease("other", timedelta(seconds=60)), 59.0, Step.WAIT),
        (Lease("other", timedelta(seconds=60)), 61.0, Step.TAKE),
    ],
)
def test_what_a_candidate_does_follows_from_what_it_sees(lease: Lease | None, age: float, step: Step) -> None:
    assert decide(Sight(lease, "1", 100.0), "me", 100.0 + age) is step


def test_a_lease_ages_from_when_it_was_seen_to_change_not_from_what_it_says() -> None:
    sight = seen(Sight(), of("other"), "1", 50.0)
    assert seen(sight, of("other"), "1", 60.0).since == 50.0
    assert seen(sight, of("other"), "2", 60.0).since == 60.0
    assert seen(sight, None, "", 60.0) == Sight(None, "", 60.0)


def test_who_renews_stays_who_acquired_it_and_who_takes_it_counts_as_a_transition() -> None:
    later = AT + timedelta(seconds=5)
    renewed = mine(Sight(of("me", transitions=3), "1"), "me", TERMS, later)
    assert renewed == Lease("me", LENGTH, AT, later, 3)
    taken = mine(Sight(of("other", transitions=3), "1"), "me", TERMS, later)
    assert taken == Lease("me", LENGTH, later, later, 4)
    assert mine(Sight(), "me", TERMS, later) == Lease("me", LENGTH, later, later, 0)


def test_what_is_given_back_may_be_taken_at_once() -> None:
    assert decide(Sight(given_back(of("me"), AT), "1", 5.0), "other", 5.0) is Step.TAKE


def test_belief_ends_with_the_deadline() -> None:
    assert not believes(None, TERMS, 0.0)
    assert believes(5.0, TERMS, 14.999)
    assert not believes(5.0, TERMS, 15.0)


@pytest.mark.parametrize(("duration", "belief", "retry"), [(15, 15, 2), (15, 10, 10), (15, 20, 2), (15, 10, 0)])
def test_terms_in_which_two_could_believe_are_refused(duration: int, belief: int, retry: int) -> None:
    with pytest.raises(ValueError, match="longer"):
        Terms(timedelta(seconds=duration), timedelta(seconds=belief), timedelta(seconds=retry))


# --- a world of candidates whose clocks differ, whose messages are late, and who stop in the middle


@dataclass
class Server:
    lease: Lease | None = None
    version: int = 0

    def write(self, version: str, lease: Lease) -> bool:
        if str(self.version if self.lease is not None else "") != version:
            return False
        self.lease, self.version = lease, self.version + 1
        return True


@dataclass
class Candidate:
    name: str
    offset: float
    rate: float
    sight: Sight = field(default_factory=Sight)

    def clock(self, true_time: float) -> float:
        return self.offset + self.rate * true_time

    def true_end(self, asked_at: float, terms: Terms) -> float:
        return (asked_at + terms.belief.total_seconds() - self.offset) / self.rate


Belief = tuple[float, float, str]


def life(one: Candidate, server: Server, chance: random.Random, beliefs: list[Belief]) -> Iterator[float]:
    """Yields how long to wait until the next thing happens to this candidate."""
    now = yield from _pass(0.0, chance.uniform(0, 5))
    while True:
        now = yield from _pass(now, late(chance))
        lease, version = server.lease, str(server.version) if server.lease is not None else ""
        now = yield from _pass(now, late(chance))
        one.sight = seen(one.sight, lease, version, one.clock(now))
        now = yield from _pass(now, stopped(chance))
        step = decide(one.sight, one.name, one.clock(now))
        if step is not Step.WAIT:
            asked_at = one.clock(now)
            wanted = mine(one.sight, one.name, TERMS, AT)
            now = yield from _pass(now, late(chance))
            went_through = server.write(one.sight.version, wanted)
            now = yield from _pass(now, late(chance))
            if went_through and chance.random() > 0.1:  # else the answer is lost
                beliefs.append((now, one.true_end(asked_at, TERMS), one.name))
        now = yield from _pass(now, TERMS.retry.total_seconds() + stopped(chance))


def _pass(now: float, length: float):  # type: ignore[no-untyped-def]
    yield length
    return now + length


def late(chance: random.Random) -> float:
    return chance.choice([0.0, 0.01, 0.5, chance.uniform(0, 3), chance.uniform(0, 30)])


def stopped(chance: random.Random) -> float:
    return chance.choice([0.0] * 8 + [chance.uniform(0, 40)])


@settings(max_examples=300)
@given(st.integers(), st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0.92, 1.08)), min_size=2, max_size=4))
def test_nobody_believes_while_another_does(seed: int, clocks: list[tuple[float, float]]) -> None:
    chance, server, beliefs = random.Random(seed), Server(), list[Belief]()
    candidates = [Candidate(f"c{n}", offset, rate) for n, (offset, rate) in enumerate(clocks)]
    order = itertools.count()
    queue = [(0.0, next(order), life(one, server, chance, beliefs)) for one in candidates]
    heapq.heapify(queue)
    for _ in range(1500):
        now, _, story = heapq.heappop(queue)
        heapq.heappush(queue, (now + next(story), next(order), story))
    assert beliefs, "somebody leads at some time"
    spans = sorted((begin, end, name) for begin, end, name in beliefs if end > begin)
    for n, (_, end, name) in enumerate(spans):
        others = [begin for begin, _, other in spans[n + 1 :] if other != name]
        assert all(begin >= end - 1e-6 for begin in others), (name, end, others[:1])
