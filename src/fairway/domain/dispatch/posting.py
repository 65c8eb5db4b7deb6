"""What GitHub is told next of a deployment: forward only, exactly one outcome, and nothing that is out of date."""

from __future__ import annotations

from collections.abc import Sequence

from fairway.domain.deployments.record import StatusEntry
from fairway.domain.deployments.status import OUTCOMES, State, accepts

TOLD = frozenset(State) - {State.ROLLED_BACK}
"""GitHub has no word for the other."""


def next_to_tell(log: Sequence[StatusEntry], told: State | None) -> StatusEntry | None:
    """The entry that follows what GitHub was told last; None when it knows everything.

    What is only on the way to a later state is left out; the outcome never is, not even before `inactive`.
    """
    ahead = [entry for entry in log if entry.state in TOLD and (told is None or accepts(told, entry.state))]
    if not ahead:
        return None
    return next((entry for entry in ahead if entry.state in OUTCOMES), ahead[-1])
