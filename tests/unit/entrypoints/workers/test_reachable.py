"""What is away shows in /readyz, and is told once when it begins and once when it is over."""

from __future__ import annotations

import asyncio
import logging

import pytest

from fairway.domain.errors import Transient
from fairway.entrypoints.workers.reachable import Reachable


async def test_it_is_wrong_until_it_was_seen_to_answer_and_again_when_it_does_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answers = [None, "away", "away", None]
    seen: list[str] = []

    async def look() -> None:
        if why := answers.pop(0):
            raise Transient(f"it is {why}")

    async def pause(_: float) -> None:
        seen.append(reachable.ready()["cluster"])
        if not answers:
            raise asyncio.CancelledError

    reachable = Reachable("cluster", look, sleep=pause)
    assert reachable.ready() == {"cluster": "was not looked at yet"}
    with caplog.at_level(logging.INFO), pytest.raises(asyncio.CancelledError):
        await reachable.run()
    assert seen == ["", "it is away", "it is away", ""]
    assert [record.getMessage() for record in caplog.records] == [
        "reachable.answers",
        "reachable.away",
        "reachable.answers",
    ]


async def test_what_is_away_from_the_beginning_is_told_too(caplog: pytest.LogCaptureFixture) -> None:
    looks = 0

    async def look() -> None:
        raise Transient("it is away")

    async def pause(_: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            raise asyncio.CancelledError

    with caplog.at_level(logging.INFO), pytest.raises(asyncio.CancelledError):
        await Reachable("cluster", look, sleep=pause).run()
    assert [record.getMessage() for record in caplog.records] == ["reachable.away"]
