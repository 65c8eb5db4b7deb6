"""What becomes one message."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.support.notifying import an_event, upgrades_written

from fairway.domain.notifications.event import EventKind, Happening
from fairway.domain.notifications.grouping import DEPLOYMENT, MOST, grouped, settled

STARTED, SUCCEEDED = EventKind.DEPLOYMENT_STARTED, EventKind.DEPLOYMENT_SUCCEEDED


def test_ninety_events_are_one_message() -> None:
    events = [upgrades_written(1, thread=f"commit {n}") for n in range(90)]
    [group] = grouped(events, threads=True)
    assert group.events == tuple(events)
    assert group.thread == ""


def test_each_deployment_has_its_own_message_where_there_are_threads() -> None:
    a, b, written = an_event(STARTED, thread="a"), an_event(STARTED, thread="b"), upgrades_written(2)
    end = an_event(SUCCEEDED, thread="a")
    groups = grouped([a, written, b, end], threads=True)
    assert [(group.thread, group.events) for group in groups] == [
        ("a", (a, end)),
        (written.thread, (written,)),
        ("b", (b,)),
    ]
    [together] = grouped([a, written, b, end], threads=False)
    assert together.events == (a, written, b, end)


def test_whatever_belongs_to_a_thread_that_has_a_message_goes_there() -> None:
    held = an_event(EventKind.HOLD_ADDED, thread="a")
    other = an_event(EventKind.HOLD_ADDED, thread="b")
    groups = grouped([held, other], threads=True, known={"a"})
    assert [(group.thread, group.events) for group in groups] == [("a", (held,)), ("b", (other,))]


def test_the_beginning_is_no_news_once_the_end_is_known() -> None:
    begun, end, other = an_event(STARTED, thread="a"), an_event(SUCCEEDED, thread="a"), an_event(STARTED, thread="b")
    assert settled([begun, other, end]) == [other, end]
    assert settled([begun, other]) == [begun, other]


threads = st.sampled_from(["", "a", "b", "c"])
events = st.lists(st.builds(lambda kind, thread: an_event(kind, thread=thread), st.sampled_from(EventKind), threads))


@given(events, st.booleans(), st.sets(threads))
def test_no_event_is_lost_or_doubled_and_order_is_kept_within_a_message(
    given_events: list[Happening], has_threads: bool, known: set[str]
) -> None:
    groups = grouped(given_events, threads=has_threads, known=known)
    assert sorted(e.id for g in groups for e in g.events) == sorted(e.id for e in given_events)
    for group in groups:
        places = [given_events.index(event) for event in group.events]
        assert places == sorted(places)
        if has_threads and any(e.kind in DEPLOYMENT and e.thread for e in group.events):
            assert {e.thread for e in group.events} == {group.thread}


def test_a_message_holds_a_limited_number_of_events() -> None:
    groups = grouped([an_event() for _ in range(MOST * 2 + 1)], threads=False)
    assert [len(group.events) for group in groups] == [MOST, MOST, 1]
