"""How the status of a deployment moves: one table, forward only, exactly one outcome.

The rule not to break: nothing outside this file decides whether an entry of a status log counts. The diagram in
docs/spec/ledger.md is made from `STEPS`, and a test checks that they match.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """GitHub's deployment states where they exist, so that a status can be sent on as it is; plus `rolled_back`."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"
    INACTIVE = "inactive"
    ROLLED_BACK = "rolled_back"


MEANING: dict[State, str] = {
    State.QUEUED: "accepted and recorded; nothing has been touched",
    State.IN_PROGRESS: "the cluster is being changed, or is waited for",
    State.SUCCESS: "carried out, and healthy where health was asked for",
    State.FAILURE: "carried out in part or in full, and it did not become healthy, or was refused by the cluster",
    State.ERROR: "not carried out: the request itself was wrong, or an outside thing was missing",
    State.INACTIVE: "a newer deployment took its place, before or after it was carried out",
    State.ROLLED_BACK: "what it changed was put back to the revision before",
}

STEPS: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.IN_PROGRESS, State.ERROR, State.INACTIVE}),
    State.IN_PROGRESS: frozenset({State.SUCCESS, State.FAILURE, State.ERROR, State.INACTIVE}),
    State.SUCCESS: frozenset({State.INACTIVE, State.ROLLED_BACK}),
    State.FAILURE: frozenset({State.ROLLED_BACK}),
    State.ERROR: frozenset(),
    State.INACTIVE: frozenset(),
    State.ROLLED_BACK: frozenset(),
}
"""The single steps that are made; what may follow what is their closure, because entries get lost and reordered."""

OUTCOMES = frozenset({State.SUCCESS, State.FAILURE, State.ERROR, State.INACTIVE})
"""A deployment has at most one of them as its outcome, the first; what comes after it is an aftermath."""

UNFINISHED = frozenset({State.QUEUED, State.IN_PROGRESS})
FAILED = frozenset({State.FAILURE, State.ERROR, State.ROLLED_BACK})


def _reachable(start: State) -> frozenset[State]:
    found: set[State] = set()
    edge = set(STEPS[start])
    while edge:
        found |= edge
        edge = {after for state in edge for after in STEPS[state]} - found
    return frozenset(found)


AFTER: dict[State, frozenset[State]] = {state: _reachable(state) for state in State}
"""Every state that may come after a state, with or without those between."""


def accepts(current: State | None, new: State) -> bool:
    """Whether an entry counts: only what lies ahead does. Duplicates and late arrivals do not, and are no mistake.

    So any order of the entries of one path ends in the same state. None is "no entry yet": anything may be first.
    """
    return current is None or new in AFTER[current]


def diagram() -> str:
    """The table as a mermaid state diagram, for docs/spec/ledger.md."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.QUEUED}"]
    for state in State:
        lines += [f"    {state} --> {after}" for after in State if after in STEPS[state]]
    lines += [f"    {state} --> [*]" for state in State if not STEPS[state] or state in OUTCOMES]
    return "\n".join(lines)
