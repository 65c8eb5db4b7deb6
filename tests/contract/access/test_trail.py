"""The audit trail: the same questions to every place where it is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from fairway.services.access.ports import AccessChange, AuditTrail

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
CHANGE = AccessChange(NOON, "anna", "Shop/web", ("web",), ("orders", "web"), "portal")


async def test_the_newest_change_comes_first(trail: AuditTrail) -> None:
    changes = [replace(CHANGE, at=NOON + timedelta(minutes=number), who=f"p{number}") for number in range(4)]
    for change in changes:
        await trail.add(change)
    assert await trail.newest() == changes[::-1]
    assert await trail.newest(limit=2) == changes[:1:-1]


async def test_changes_of_one_repository_are_found_in_any_case(trail: AuditTrail) -> None:
    await trail.add(CHANGE)
    await trail.add(replace(CHANGE, repository="shop/orders", at=NOON + timedelta(seconds=1)))
    assert await trail.newest(repository="SHOP/web") == [CHANGE]
    assert await trail.newest(repository="shop/none") == []


async def test_what_was_begun_is_not_certain_until_it_is_settled(trail: AuditTrail) -> None:
    key = await trail.begin(CHANGE)
    assert await trail.newest() == [replace(CHANGE, certain=False)]
    await trail.settle(key, done=True)
    assert await trail.newest() == [CHANGE]


async def test_what_was_not_done_leaves_no_line(trail: AuditTrail) -> None:
    await trail.settle(await trail.begin(CHANGE), done=False)
    assert await trail.newest() == []


async def test_a_settled_line_is_never_taken_away(trail: AuditTrail) -> None:
    key = await trail.begin(CHANGE)
    await trail.settle(key, done=True)
    await trail.settle(key, done=False)
    await trail.settle("unknown", done=False)
    assert await trail.newest() == [CHANGE]
