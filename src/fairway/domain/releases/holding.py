"""Who holds a pending revision, and whether it may be taken over.

Creating revision N+1 is the lock: Kubernetes lets exactly one writer do it. What is left is to tell a writer that
is still at work from one that died; the rule is one table, below, and errs on the side of waiting.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Holder:
    """A process on a machine, and until when it says that it will be done.

    `process` is `<pid>:<start time>`: a pid alone can be somebody else's after a while. What follows a `#` in `host`
    tells containers apart that have the name of their host.
    """

    host: str
    process: str
    user: str
    deadline: datetime

    def encode(self) -> str:
        return " ".join((self.host, self.process, self.user or "-", self.deadline.astimezone(UTC).isoformat()))

    @classmethod
    def decode(cls, text: str) -> Holder | None:
        """None for a text that is not a holder."""
        words = text.split(" ")
        if len(words) != 4:
            return None
        try:
            deadline = datetime.fromisoformat(words[3])
        except ValueError:
            return None
        return cls(words[0], words[1], words[2], deadline)

    def __str__(self) -> str:
        return f"{self.user} on {self.host.partition('#')[0]} (process {self.process.partition(':')[0]})"


class Life(StrEnum):
    """What this machine can tell about the holding process."""

    ALIVE = "alive"
    DEAD = "dead"
    ELSEWHERE = "elsewhere"
    """On another machine: only its deadline tells."""


class Claim(StrEnum):
    TAKE_OVER = "take over"
    WAIT = "wait"


FOREIGN_GRACE = timedelta(minutes=5)
"""How long a pending revision of another tool is left alone; Helm's own default time-out."""


def claim(holder: Holder | None, life: Life, *, modified: datetime | None, now: datetime, insist: bool) -> Claim:
    """May the pending revision be taken over?

    | holder                           | answer                                        |
    | any, and the caller insists      | take over                                     |
    | on this machine, dead            | take over                                     |
    | on this machine, alive           | wait                                          |
    | on another machine               | take over once its deadline has passed        |
    | unknown (another tool wrote it)  | take over once it is older than FOREIGN_GRACE |
    """
    if insist:
        return Claim.TAKE_OVER
    if holder is None:
        old = modified is None or now - modified > FOREIGN_GRACE
        return Claim.TAKE_OVER if old else Claim.WAIT
    if life is Life.DEAD:
        return Claim.TAKE_OVER
    if life is Life.ALIVE:
        return Claim.WAIT
    return Claim.TAKE_OVER if now > holder.deadline else Claim.WAIT
