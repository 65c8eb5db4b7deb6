"""Rollback and uninstall of a release that another writer left pending."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.support.engine import World, config_map, memory_world, plain

from fairway.domain.progress import Outcome
from fairway.domain.releases import notes
from fairway.domain.releases.holding import Holder, Life
from fairway.domain.releases.revision import Status


@pytest.fixture
async def left_pending() -> World:
    """Two good revisions, and a third whose writer nobody can see from here."""
    world = memory_world(life=lambda _: Life.ELSEWHERE)
    for value in ("1", "2"):
        await world.one(plain("web", config_map("web", k=value)))
    good = await world.revision("web", 2)
    holder = Holder("elsewhere", "9:9", "bob", world.session.now() + timedelta(hours=1)).encode()
    marks = {**good.notes_to_self, notes.HOLDER: holder}
    await world.session.store.create(replace(good, version=3, status=Status.PENDING_UPGRADE, notes_to_self=marks))
    return world


async def test_without_the_word_both_are_refused_and_say_how(left_pending: World) -> None:
    back = await left_pending.rollback("web")
    gone = await left_pending.uninstall("web")
    for result, verb in ((back, "rollback"), (gone, "uninstall")):
        assert result.outcome is Outcome.REFUSED
        assert "held by bob" in result.reasons[0]
        assert result.reasons[1].endswith(f"fairway {verb} --take-over")
    assert await left_pending.data("web") == {"k": "2"}


async def test_a_rollback_that_takes_over_goes_back(left_pending: World) -> None:
    result = await left_pending.verbs().rollback("web", 1, wait=True, timeout=timedelta(seconds=30), take_over=True)
    assert result.outcome is Outcome.ROLLED_BACK
    assert await left_pending.data("web") == {"k": "1"}
    assert not [s for _, s in await left_pending.history("web") if s.startswith("pending")]


async def test_an_uninstall_that_takes_over_takes_everything_out(left_pending: World) -> None:
    result = await left_pending.verbs().uninstall(
        "web", keep_history=False, no_hooks=False, wait=True, timeout=timedelta(seconds=30), take_over=True
    )
    assert result.outcome is Outcome.UNINSTALLED
    assert await left_pending.data("web") is None
    assert await left_pending.history("web") == []
