"""The table of the webhook's answers, held against what is answered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.support.hookd import Doorstep
from tests.unit.services.hookd.test_accepting import ROWS

from fairway.domain.dispatch.events import GithubEvent

PAGE = (Path(__file__).parents[3] / "docs" / "spec" / "hookd.md").read_text()
TABLE = re.findall(r"^\|[^|]*\| (\d{3}) \|([^|]*)\|([^|]*)\|$", PAGE, re.MULTILINE)
"""Code, text, and whether GitHub is told, of each row."""


def test_the_table_has_all_its_rows() -> None:
    assert len(TABLE) == 21


@pytest.mark.parametrize(("event", "code", "text", "told"), ROWS)
async def test_each_answer_stands_in_the_table(event: GithubEvent, code: int, text: str, told: str | None) -> None:
    answer = await Doorstep().accepting.github_event(event)
    fixed = [
        (re.findall("`([^`]*)`", words), column.strip() == "error")
        for number, words, column in TABLE
        if int(number) == code
    ]
    named = [is_told for texts, is_told in fixed if not text or any(_fits(answer.text, one) for one in texts)]
    assert named or code == 204, answer.text
    assert code == 204 or named[0] is bool(told)


def _fits(text: str, written: str) -> bool:
    """`X`, `O/R`, `T` and `A, B` stand for what somebody sent."""
    pattern = re.escape(written.rstrip())
    for name in ("O/R", "A,\\ B", "'X'", "\\ X\\ ", "'T'"):
        pattern = pattern.replace(name, name.replace(name.strip("'\\ "), ".*"))
    return re.match(pattern, text) is not None
