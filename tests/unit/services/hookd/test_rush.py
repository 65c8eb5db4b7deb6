"""Who stands back in a rush, and for how long."""

from __future__ import annotations

from collections.abc import Callable

from fairway.services.hookd.rush import LONGEST, MANY, Rush


class Street:
    """Time passes only by waiting; while it does, `comes` says whether more requests come in."""

    def __init__(self, comes: Callable[[], bool]) -> None:
        self.time = 0.0
        self.comes = comes
        self.rush = Rush(lambda: self.time, self._pass)

    async def _pass(self, seconds: float) -> None:
        self.time += seconds
        if self.comes():
            self.many()

    def many(self) -> None:
        for _ in range(MANY):
            self.rush.note()


async def test_without_a_rush_nobody_waits() -> None:
    street = Street(lambda: False)
    for _ in range(MANY * 2):
        street.rush.note()
        street.time += 0.05
        before = street.time
        await street.rush.calm()
        assert street.time == before


async def test_a_rush_is_waited_for() -> None:
    left = [True, True, False, False, False, False, False, False, False, False]
    street = Street(lambda: left.pop(0))
    street.many()
    await street.rush.calm()
    assert 0.4 < street.time < LONGEST


async def test_a_rush_that_does_not_end_is_waited_for_only_so_long() -> None:
    street = Street(lambda: True)
    street.many()
    await street.rush.calm()
    assert street.time <= LONGEST + 0.2
    before = street.time
    street.many()
    await street.rush.calm()
    assert street.time == before


async def test_the_next_rush_is_waited_for_again() -> None:
    street = Street(lambda: False)
    street.many()
    await street.rush.calm()
    street.time += 10
    await street.rush.calm()
    before = street.time
    street.many()
    await street.rush.calm()
    assert street.time > before
