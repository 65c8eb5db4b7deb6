"""The newest success of a line stands; those before it are past."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.dispatch.superseding import replaced


def test_all_but_the_newest_of_each_line() -> None:
    succeeded = [("web", "3"), ("api", "2"), ("web", "1"), ("web", "4")]
    assert replaced(succeeded) == ["1", "3"]
    assert replaced([("web", "1")]) == []
    assert replaced([]) == []


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 99).map(str)), unique_by=lambda one: one[1]))
def test_one_of_each_line_is_left_whatever_the_order(succeeded: list[tuple[str, str]]) -> None:
    past = set(replaced(succeeded))
    left = [one for one in succeeded if one[1] not in past]
    assert sorted({line for line, _ in succeeded}) == sorted(line for line, _ in left)
    for line, id_ in left:
        assert all(other <= id_ for other_line, other in succeeded if other_line == line)
    assert replaced(left) == []
    assert replaced(list(reversed(succeeded))) == replaced(succeeded)
