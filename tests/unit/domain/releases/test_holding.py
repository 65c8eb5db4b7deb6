"""A pending revision is taken over only when its writer is known to be gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.releases.holding import FOREIGN_GRACE, Claim, Holder, Life, claim

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOLDER = Holder("ci-7", "4711:99", "anna", NOW + timedelta(minutes=3))
EXPIRED = Holder("ci-7", "4711:99", "anna", NOW - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("holder", "life", "age", "answer"),
    [
        (HOLDER, Life.DEAD, timedelta(0), Claim.TAKE_OVER),
        (HOLDER, Life.ALIVE, timedelta(hours=1), Claim.WAIT),
        (EXPIRED, Life.ALIVE, timedelta(hours=1), Claim.WAIT),
        (HOLDER, Life.ELSEWHERE, timedelta(hours=1), Claim.WAIT),
        (EXPIRED, Life.ELSEWHERE, timedelta(0), Claim.TAKE_OVER),
        (None, Life.ELSEWHERE, FOREIGN_GRACE, Claim.WAIT),
        (None, Life.ELSEWHERE, FOREIGN_GRACE + timedelta(seconds=1), Claim.TAKE_OVER),
    ],
)
def test_the_table_of_claims(holder: Holder | None, life: Life, age: timedelta, answer: Claim) -> None:
    assert claim(holder, life, modified=NOW - age, now=NOW, insist=False) is answer


@pytest.mark.parametrize("life", list(Life))
def test_who_insists_always_gets_it(life: Life) -> None:
    assert claim(HOLDER, life, modified=NOW, now=NOW, insist=True) is Claim.TAKE_OVER


def test_a_revision_of_unknown_age_and_holder_is_taken_over() -> None:
    assert claim(None, Life.ELSEWHERE, modified=None, now=NOW, insist=False) is Claim.TAKE_OVER


NAMES = st.text(st.characters(categories=["L", "N"], include_characters="-._"), min_size=1, max_size=20)


@given(NAMES, NAMES, NAMES, st.datetimes(timezones=st.just(UTC)))
def test_a_holder_is_read_back_as_written(host: str, process: str, user: str, deadline: datetime) -> None:
    holder = Holder(host, process, user, deadline)
    assert Holder.decode(holder.encode()) == holder


@pytest.mark.parametrize("text", ["", "a b c", "a b c not-a-time", "a b c d e"])
def test_other_texts_are_no_holder(text: str) -> None:
    assert Holder.decode(text) is None


def test_people_see_who_and_where_without_the_start_time() -> None:
    assert str(HOLDER) == "anna on ci-7 (process 4711)"
