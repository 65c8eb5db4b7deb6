"""When hookd itself ends a deployment, because nobody else will.

| the queue has it | a deployd has it | and by now | then it failed, because |
| --- | --- | --- | --- |
| no | no | deadline and grace are over | the queue could not be reached before the deadline |
| yes | no | deadline and grace are over | no deployd for cluster X answered |
| | yes | it was silent for too long | deployd for cluster X did not report an outcome in time |

The rule not to break: whoever applies it has read every report that is in the queue.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from fairway.domain.dispatch.tracking import Tracked

UNREACHED = "the queue could not be reached before the deadline"


@dataclass(frozen=True, slots=True)
class Patience:
    """`grace` after the deadline for a report to arrive; `finish` from the last sign of life to the outcome."""

    grace: timedelta = timedelta(seconds=10)
    finish: timedelta = timedelta(minutes=15)


def overdue(tracked: Tracked, now: datetime, patience: Patience) -> str | None:
    """Why the deployment failed by now; None while there is hope, or an outcome."""
    if tracked.story.is_finished:
        return None
    alive_at = tracked.taken_at or tracked.story.started_at
    if alive_at is not None:
        if now < alive_at + patience.finish:
            return None
        return f"deployd for cluster {tracked.cluster} did not report an outcome in time"
    if now < tracked.deadline + patience.grace:
        return None
    if tracked.published_at is None:
        return UNREACHED
    return f"no deployd for cluster {tracked.cluster} answered"
