"""What GitHub reads in 140 characters, and what the log page shows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.dispatch import outcomes
from fairway.domain.dispatch.statuses import LONGEST_DESCRIPTION


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (outcomes.success(1), "Deployment successful (1 resource)"),
        (outcomes.success(3), "Deployment successful (3 resources)"),
        (outcomes.failure(["no room"]), "Deployment failed: no room (total of 1 error)"),
        (outcomes.failure(["no room", "b", "c"]), "Deployment failed: no room (total of 3 errors)"),
        (outcomes.failure(["first line\nsecond"]), "Deployment failed: first line (total of 1 error)"),
        (outcomes.wrong("no team"), "Error in deployment request: no team"),
        (outcomes.in_progress(2), "2 resources applied"),
    ],
)
def test_the_words(text: str, expected: str) -> None:
    assert text == expected


@given(st.lists(st.text(min_size=1, max_size=400), min_size=1, max_size=12))
def test_a_failure_always_fits_and_always_counts(errors: list[str]) -> None:
    text = outcomes.failure(errors)
    assert len(text) <= LONGEST_DESCRIPTION
    assert text.endswith(f"(total of {len(errors)} error{'' if len(errors) == 1 else 's'})")
    assert "\n" not in text


def test_details_end_somewhere_and_say_so() -> None:
    assert outcomes.detail(["a", "b"]) == "a\nb"
    long = outcomes.detail(["x" * 1000] * 100)
    assert len(long) < outcomes.LONGEST_DETAIL + 100
    assert long.endswith("\n… and 85 lines more")
