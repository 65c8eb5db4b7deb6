"""What was heard a moment ago is known, within bounds."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fairway.services.intake.recent import Recent

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_the_same_is_repeated_until_its_time_is_over() -> None:
    recent = Recent(length=timedelta(minutes=10))
    assert not recent.repeated("web", "a", NOON)
    assert recent.repeated("web", "a", NOON + timedelta(minutes=9))
    assert not recent.repeated("web", "a", NOON + timedelta(minutes=10))


def test_a_tag_that_moves_there_and_back_is_news_each_time() -> None:
    recent = Recent()
    assert [recent.repeated("web:latest", digest, NOON) for digest in "abaab"] == [False, False, False, True, False]


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from("ab")), max_size=60), st.integers(1, 9))
def test_memory_is_bounded_and_nothing_is_called_repeated_that_was_not(heard: list[tuple[int, str]], most: int) -> None:
    recent = Recent(most)
    last: dict[int, str] = {}
    for key, value in heard:
        if recent.repeated(key, value, NOON):
            assert last[key] == value
        last[key] = value
        assert len(recent) <= most
