"""The checker of the fault tests finds what it is there to find."""

from __future__ import annotations

import pytest
from tests.support.dispatch import Book, Fate
from tests.support.dispatch_truth import Said, Seen, open_ones, problems

QUEUED, RUNNING, GOOD = ("queued", ""), ("in_progress", ""), ("success", "Deployment successful")


def book(*fates: Fate, app: str = "web") -> Book:
    made = Book("run")
    for fate in fates:
        made.ask("c1", "shop", "ns", app, fate=fate).answers.append((403 if fate is Fate.UNHEARD else 201, ""))
    return made


def seen(made: Book, told: list[list[Said]], marks: set[int], *orders: list[int]) -> Seen:
    return Seen(
        {one.deployment_id: said for one, said in zip(made.wanted, told, strict=True)},
        {one.number: one.delivery for one in made.wanted if one.number in marks},
        {("ns", f"app-{n}"): order for n, order in enumerate(orders)},
    )


def test_a_run_in_which_all_is_well_has_no_problem() -> None:
    made = book(Fate.GOOD, Fate.GOOD, Fate.REFUSED_HERE, Fate.REFUSED_THERE, Fate.UNHEARD)
    told = [
        [QUEUED, RUNNING, GOOD, ("inactive", "")],
        [QUEUED, GOOD],
        [("error", "Error in deployment request: x")],
        [QUEUED, ("failure", "Deployment failed: forbidden (total of 1 error)")],
        [],
    ]
    assert problems(made, seen(made, told, {0, 1}, [0, 1])) == []


@pytest.mark.parametrize(
    ("fate", "said", "applied", "problem"),
    [
        (Fate.GOOD, [QUEUED], True, "no outcome"),
        (Fate.GOOD, [], False, "no outcome"),
        (Fate.GOOD, [QUEUED, GOOD, GOOD], True, "success after success"),
        (Fate.GOOD, [QUEUED, GOOD, ("failure", "x")], True, "failure after success"),
        (Fate.GOOD, [GOOD, QUEUED], True, "queued after success"),
        (Fate.GOOD, [RUNNING, QUEUED, GOOD], True, "queued after in_progress"),
        (Fate.GOOD, [("pending", ""), GOOD], True, "pending after "),
        (Fate.GOOD, [QUEUED, GOOD], False, "was not applied"),
        (Fate.GOOD, [QUEUED, ("failure", "no deployd for cluster c1 answered")], False, "ended in failure"),
        (Fate.GOOD, [QUEUED, ("failure", "no deployd for cluster c1 answered")], True, "was applied although"),
        (Fate.GOOD, [QUEUED, ("error", "x")], False, "ended in error"),
        (Fate.REFUSED_THERE, [QUEUED, GOOD], True, "ended in success"),
        (Fate.REFUSED_THERE, [QUEUED, ("failure", "x")], True, "was applied"),
        (Fate.REFUSED_HERE, [("failure", "x")], False, "ended in failure"),
        (Fate.REFUSED_HERE, [QUEUED, ("error", "x")], False, "more than the error"),
        (Fate.REFUSED_HERE, [("error", "x")], True, "was applied"),
        (Fate.UNHEARD, [("error", "x")], False, "GitHub was told of it"),
        (Fate.UNHEARD, [], True, "was applied"),
    ],
)
def test_what_is_wrong_with_one_request_is_found(fate: Fate, said: list[Said], applied: bool, problem: str) -> None:
    made = book(fate)
    found = problems(made, seen(made, [said], {0} if applied else set()))
    assert any(problem in text for text in found), found


def test_a_late_request_may_fail_for_being_late_and_for_nothing_else() -> None:
    made = book(Fate.GOOD)
    late = seen(made, [[QUEUED, ("failure", "deadline exceeded")]], set())
    broken = seen(made, [[QUEUED, ("failure", "something else")]], set())
    assert problems(made, late, late={0}) == []
    assert problems(made, broken, late={0})


def test_applying_in_another_order_is_found() -> None:
    made = book(Fate.GOOD, Fate.GOOD)
    told = [[QUEUED, GOOD, ("inactive", "")], [QUEUED, GOOD]]
    assert problems(made, seen(made, told, {0, 1}, [1, 0])) == ["ns/app-0: 0 was applied after 1"]


def test_an_older_success_that_is_not_replaced_is_found() -> None:
    made = book(Fate.GOOD, Fate.GOOD)
    told = [[QUEUED, GOOD], [QUEUED, GOOD]]
    assert "still a success" in problems(made, seen(made, told, {0, 1}))[0]
    assert problems(made, seen(made, told, {0, 1}), replaced=False) == []
    assert "is not one any more" in problems(made, seen(made, [told[0], [*told[1], ("inactive", "")]], {0, 1}))[1]


def test_what_nobody_asked_for_is_found() -> None:
    made = book(Fate.GOOD)
    strange = Seen({10_000: [QUEUED, GOOD], 5: [GOOD]}, {0: made.wanted[0].delivery, 9: "x"})
    assert len(problems(made, strange)) == 2


def test_a_mark_of_another_delivery_is_found() -> None:
    made = book(Fate.GOOD)
    assert "has the delivery id" in problems(made, Seen({10_000: [QUEUED, GOOD]}, {0: "other"}))[0]


def test_requests_without_an_answer_are_not_waited_for_but_those_that_were_answered_are() -> None:
    made = book(Fate.GOOD, Fate.GOOD, Fate.UNHEARD)
    made.wanted[1].answers[:] = [(0, "connection reset"), (503, "")]
    assert [one.number for one in open_ones(made, {})] == [0]
    assert open_ones(made, {10_000: [QUEUED, GOOD]}) == []
