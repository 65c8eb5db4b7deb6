"""What a server said to a push, and what a branch of ours looks like there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Pushed(StrEnum):
    """`BEHIND`: somebody else was faster. `DECLINED`: the server does not want it, by a hook or just now."""

    DONE = "done"
    BEHIND = "behind"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class PushAnswer:
    result: Pushed
    said: str = ""
    """By the server, masked."""


@dataclass(frozen=True, slots=True)
class OwnBranch:
    """A branch below our prefix, at the remote."""

    name: str
    commit: str
    message: str = ""
    """Of our commit on it."""
    edits: tuple[str, ...] = ()
    """What our commit changes, as opaque lines; the same edits are the same lines."""
    intact: bool = True
    """Nobody else pushed to it."""
