"""How long a place wants to be left alone."""

from __future__ import annotations

import pytest

from fairway.adapters.charts.web import retry_after

DATE = "Wed, 21 Oct 2026 07:28:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": " 120 "}, 120.0),
        ({"retry-after": "9" * 400}, 999999999.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:30:00 GMT", "date": DATE}, 120.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:20:00 GMT", "date": DATE}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:30:00 GMT"}, 1.0),
        ({"retry-after": "-5", "date": DATE}, 1.0),
        ({"retry-after": "soon"}, 1.0),
    ],
)
def test_retry_after_is_seconds_or_a_date_of_the_same_clock(headers: dict[str, str], seconds: float) -> None:
    assert retry_after(headers) == seconds
