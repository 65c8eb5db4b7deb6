"""How people say "since when"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from fairway.domain.deployments.query import read_since

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("30s", NOW - timedelta(seconds=30)),
        ("15m", NOW - timedelta(minutes=15)),
        (" 2 h ", NOW - timedelta(hours=2)),
        ("3d", NOW - timedelta(days=3)),
        ("1w", NOW - timedelta(weeks=1)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=NOW.tzinfo)),
        ("2026-11-20T08:30:00Z", datetime(2026, 11, 20, 8, 30, tzinfo=UTC)),
    ],
)
def test_ages_and_dates(text: str, since: datetime) -> None:
    assert read_since(text, NOW) == since


@pytest.mark.parametrize("text", ["", "2", "h", "-2h", "yesterday", "2 fortnights", "999999w"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_since(text, NOW)
