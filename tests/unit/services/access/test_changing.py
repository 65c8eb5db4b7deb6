"""A change of a registration: checked, in the trail before it is made, and told when somebody was quicker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fairway.adapters.memory.access import MemoryAccess, MemoryTrail
from fairway.domain.errors import Transient, UserError
from fairway.services.access.changing import Changing
from fairway.services.access.ports import AccessChange, ChangedMeanwhile, Registration

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class FailingAccess(MemoryAccess):
    """Fails after it may have written, as a connection that breaks does."""

    fails = False

    async def write(self, repository: str, teams: Sequence[str], *, expected: str | None) -> Registration | None:
        if self.fails:
            raise Transient("the store is away")
        return await super().write(repository, teams, expected=expected)


class FailingTrail(MemoryTrail):
    fails_to = ""

    async def begin(self, change: AccessChange) -> str:
        if self.fails_to == "begin":
            raise Transient("the trail is away")
        return await super().begin(change)

    async def settle(self, key: str, *, done: bool) -> None:
        if self.fails_to == "settle":
            raise Transient("the trail is away")
        await super().settle(key, done=done)


@pytest.fixture
def store() -> FailingAccess:
    return FailingAccess()


@pytest.fixture
def trail() -> FailingTrail:
    return FailingTrail()


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def changing(store: FailingAccess, trail: FailingTrail, told: list[str]) -> Changing:
    return Changing(store, trail, lambda: NOON, told.append)


CHANGE = AccessChange(NOON, "anna", "Shop/web", (), ("orders", "web"), "portal")


async def test_a_change_is_stored_and_in_the_trail(changing: Changing, told: list[str]) -> None:
    stored = await changing.change("Shop/web", ["web", "orders"], seen=None, who="anna", via="portal")
    assert stored == await changing.store.read("shop/web")
    assert await changing.trail.newest() == [CHANGE]
    await changing.change("shop/WEB", [], seen=stored, who="bert", via="cli")
    assert (await changing.trail.newest())[0] == replace(CHANGE, who="bert", before=CHANGE.after, after=(), via="cli")
    assert told == ["Shop/web", "Shop/web"]


async def test_who_was_slower_is_told_and_leaves_no_line(changing: Changing, told: list[str]) -> None:
    stored = await changing.change("shop/web", ["web"], seen=None, who="anna", via="portal")
    await changing.change("shop/web", ["orders"], seen=stored, who="anna", via="portal")
    lines = await changing.trail.newest()
    with pytest.raises(ChangedMeanwhile):
        await changing.change("shop/web", ["stock"], seen=stored, who="bert", via="portal")
    assert await changing.trail.newest() == lines
    assert len(told) == 2


async def test_nothing_is_changed_without_a_trail(changing: Changing, trail: FailingTrail) -> None:
    trail.fails_to = "begin"
    with pytest.raises(Transient):
        await changing.change("shop/web", ["web"], seen=None, who="anna", via="portal")
    assert await changing.store.read("shop/web") is None


async def test_what_may_have_been_done_stays_in_the_trail_as_not_certain(
    changing: Changing, store: FailingAccess
) -> None:
    store.fails = True
    with pytest.raises(Transient):
        await changing.change("Shop/web", ["web", "orders"], seen=None, who="anna", via="portal")
    assert await changing.trail.newest() == [replace(CHANGE, certain=False)]


async def test_a_trail_that_goes_away_after_the_change_does_not_hide_it(
    changing: Changing, trail: FailingTrail
) -> None:
    trail.fails_to = "settle"
    assert await changing.change("Shop/web", ["web", "orders"], seen=None, who="anna", via="portal")
    assert await changing.trail.newest() == [replace(CHANGE, certain=False)]


@pytest.mark.parametrize(("repository", "teams"), [("shop", ["web"]), ("shop/web", ["a b"])])
async def test_names_that_are_none_change_nothing(changing: Changing, repository: str, teams: list[str]) -> None:
    with pytest.raises(UserError):
        await changing.change(repository, teams, seen=None, who="anna", via="cli")
    assert await changing.trail.newest() == []
