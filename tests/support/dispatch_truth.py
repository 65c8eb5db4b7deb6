"""Whether what GitHub was told is true: every request has one outcome, and the cluster holds what it says.

The rule not to break: nothing of the product's own code is used here, or it would agree with itself.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.support.dispatch import Book, Fate, Wanted

AFTER = {
    "": {"queued", "in_progress", "success", "failure", "error", "inactive"},
    "queued": {"in_progress", "success", "failure", "error", "inactive"},
    "in_progress": {"success", "failure", "error", "inactive"},
    "success": {"inactive"},
}
OUTCOMES = {"success", "failure", "error", "inactive"}
NEVER_BEGUN = ("no deployd for cluster", "could not be reached", "deadline exceeded")
"""Descriptions that say that nothing was applied."""
UNKNOWN = ("did not report an outcome in time",)
"""Descriptions that say that nobody knows."""
Said = tuple[str, str]
"""A state and its description."""


@dataclass
class Seen:
    """What can be seen from outside at the end of a run."""

    told: Mapping[int, Sequence[Said]]
    """What GitHub was told of each deployment, in the order in which it came."""
    marks: Mapping[int, str]
    """The delivery id on each mark in the cluster, by the request's number."""
    apps: Mapping[tuple[str, str], Sequence[int]] = field(default_factory=dict)
    """The numbers that each (namespace, application) held, one after another."""


def outcome(said: Sequence[Said]) -> str:
    return next((state for state, _ in said if state in OUTCOMES), "")


def open_ones(book: Book, told: Mapping[int, Sequence[Said]]) -> list[Wanted]:
    """Requests that were answered, and that GitHub has still to be told the outcome of."""
    heard = [one for one in book.wanted if one.fate is not Fate.UNHEARD and one.is_answered]
    return [one for one in heard if not outcome(told.get(one.deployment_id, ()))]


def problems(book: Book, seen: Seen, *, late: Collection[int] = (), replaced: bool = True) -> list[str]:
    """All that is wrong, in words; `late` are numbers of good requests that may have missed their deadline.

    With `replaced`, every success but the last of each application has to be followed by `inactive`.
    """
    found = [text for one in book.wanted for text in _of_one(one, seen, one.number in late)]
    found += _strangers(book, seen)
    found += _order(seen.apps)
    return found + (list(_replaced(book, seen)) if replaced else [])


def _of_one(one: Wanted, seen: Seen, may_be_late: bool) -> Iterator[str]:
    said = seen.told.get(one.deployment_id, ())
    name = f"request {one.number} ({one.delivery}, {one.fate.value}), told {_shown(said)}"
    yield from (f"{name}: {text}" for text in _log(said))
    ended = outcome(said)
    is_applied = seen.marks.get(one.number) == one.delivery
    if one.number in seen.marks and not is_applied:
        yield f"{name}: its mark has the delivery id {seen.marks[one.number]}"
    if one.fate is Fate.UNHEARD:
        if said:
            yield f"{name}: GitHub was told of it"
        if is_applied:
            yield f"{name}: it was applied"
        return
    if not ended:
        if one.is_answered or said or is_applied:
            yield f"{name}: no outcome"
        return
    if ended == "success" and not is_applied:
        yield f"{name}: it was not applied"
    text = next(text for state, text in said if state in OUTCOMES)
    if is_applied and any(words in text for words in NEVER_BEGUN):
        yield f"{name}: it was applied although '{text}'"
    if one.fate is Fate.GOOD:
        allowed = {"success", "inactive"} | ({"failure"} if may_be_late else set())
        if ended not in allowed:
            yield f"{name}: ended in {ended}: {text}"
        if ended == "failure" and not any(words in text for words in (*NEVER_BEGUN, *UNKNOWN)):
            yield f"{name}: failed for no reason: {text}"
        return
    if is_applied:
        yield f"{name}: it was applied"
    if ended not in ({"error"} if one.fate is Fate.REFUSED_HERE else {"failure", "error"}):
        yield f"{name}: ended in {ended}"
    if one.fate is Fate.REFUSED_HERE and len(said) != 1:
        yield f"{name}: more than the error was told"


def _log(said: Sequence[Said]) -> Iterator[str]:
    """The steps of one deployment: only forward, and one outcome."""
    before = ""
    for state, _ in said:
        if state not in AFTER.get(before, set()):
            yield f"{state} after {before}"
        before = state


def _strangers(book: Book, seen: Seen) -> Iterator[str]:
    known = {one.deployment_id for one in book.wanted}
    yield from (f"GitHub was told {_shown(seen.told[key])} of {key}" for key in seen.told if key not in known)
    numbers = {one.number for one in book.wanted}
    yield from (f"there is a mark-{number} that nobody asked for" for number in seen.marks if number not in numbers)


def _order(apps: Mapping[tuple[str, str], Sequence[int]]) -> Iterator[str]:
    """Requests of one application are applied in the order in which they were made."""
    for (namespace, app), numbers in apps.items():
        yield from (
            f"{namespace}/{app}: {after} was applied after {before}"
            for before, after in itertools.pairwise(numbers)
            if after < before
        )


def _replaced(book: Book, seen: Seen) -> Iterator[str]:
    groups: dict[tuple[str, str, str], list[Wanted]] = defaultdict(list)
    for one in book.wanted:
        if outcome(seen.told.get(one.deployment_id, ())) == "success":
            groups[one.repository, one.cluster, one.app].append(one)
    for group in groups.values():
        for one in group[:-1]:
            if seen.told[one.deployment_id][-1][0] != "inactive":
                yield f"request {one.number}: still a success although {group[-1].number} replaced it"
        if seen.told[group[-1].deployment_id][-1][0] != "success":
            yield f"request {group[-1].number}: the last success of {group[-1].app} is not one any more"


def _shown(said: Iterable[Said]) -> str:
    return ", ".join(state for state, _ in said) or "nothing"
