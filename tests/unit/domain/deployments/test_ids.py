"""Ids: sortable by time, and short enough to type."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.deployments.ids import ALPHABET, LENGTH, encode, read_prefix, shortest_prefix, time_of

MILLISECONDS = st.integers(0, (1 << 48) - 1)
RANDOM = st.integers(0, (1 << 80) - 1)
IDS = st.builds(encode, MILLISECONDS, RANDOM)


def test_the_example_of_the_ulid_specification() -> None:
    assert encode(1469918176385, 0)[:10] == "01ARYZ6S41"
    assert encode((1 << 48) - 1, (1 << 80) - 1) == "7" + "Z" * 25
    assert encode(0, 0) == "0" * 26


@given(MILLISECONDS, RANDOM, MILLISECONDS, RANDOM)
def test_ids_sort_as_their_times_do(at: int, random: int, later: int, other: int) -> None:
    assert (encode(at, random) < encode(later, other)) == ((at, random) < (later, other))


@given(MILLISECONDS.filter(lambda ms: ms < 253402300800000), RANDOM)
def test_the_time_can_be_read_back(milliseconds: int, random: int) -> None:
    expected = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    assert time_of(encode(milliseconds, random)) == expected


@given(IDS)
def test_an_id_has_its_length_and_alphabet_and_is_its_own_prefix(id_: str) -> None:
    assert len(id_) == LENGTH
    assert set(id_) <= set(ALPHABET)
    assert read_prefix(id_) == id_


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("01kaj3x9", "01KAJ3X9"),
        (" 01KAJ3X9… ", "01KAJ3X9"),
        ("01KAJ3X9...", "01KAJ3X9"),
        ("oikaj", "01KAJ"),
        ("0lkaj", "01KAJ"),
        ("", None),
        ("…", None),
        ("web", None),
        ("0" * 27, None),
        ("01KAJ-3", None),
        ("8ZZZ", None),
        ("01U", None),
    ],
)
def test_people_type_ids_as_they_like(typed: str, read: str | None) -> None:
    assert read_prefix(typed) == read


@given(st.lists(IDS, unique=True, min_size=1))
def test_a_shortened_id_means_one_only(ids: list[str]) -> None:
    for id_ in ids:
        short = shortest_prefix(id_, ids)
        assert [other for other in ids if other.startswith(short)] == [id_]


@given(st.lists(IDS, unique=True, min_size=2))
def test_the_neighbours_are_enough_to_shorten(ids: list[str]) -> None:
    ids.sort()
    for place, id_ in enumerate(ids):
        around = ids[max(place - 1, 0) : place] + ids[place + 1 : place + 2]
        assert shortest_prefix(id_, around) == shortest_prefix(id_, ids)


def test_people_never_see_fewer_than_eight_characters() -> None:
    assert shortest_prefix(encode(1, 1), []) == "0" * 8
