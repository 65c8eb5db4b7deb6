"""How a hookd works. Contract: docs/spec/hookd.md.

The rule not to break: secrets are in no repr.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class HookdOptions:
    """Everything has a default; without a secret of the webhook nobody passes."""

    github_enabled: bool = True
    """Whether GitHub is told; without, requests are taken all the same."""
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    """All of them are good; several while they are changed."""
    base_url: str = ""
    """Where people reach the pages of deployments; empty: no links."""
    clusters: tuple[str, ...] = ()
    """Environments that are known before their deployd was heard of."""
    deadline: timedelta = timedelta(minutes=1)
    """How long a deployd has to begin."""
    grace: timedelta = timedelta(seconds=10)
    """How long after the deadline a report may still arrive."""
    finish_within: timedelta = timedelta(minutes=15)
    """From a deployd's last sign of life to the outcome; longer than a deployd waits for health."""
    settle: timedelta = timedelta(seconds=45)
    """After the start, and after the queue was away: how long nobody is given up. Reports that wait may arrive."""
    group: str = ""
    """Whose place in the queue; `hookd` when empty."""
    post_concurrency: int = 8
    """Statuses that are on their way to GitHub at once."""
    post_answer: timedelta = timedelta(seconds=25)
    """How long GitHub may take to answer. What a process was telling GitHub when it was killed is told by another one
    after a little more than twice as long."""
    post_within: timedelta = timedelta(hours=24)
    """A status that GitHub did not take for so long is given up."""

    @property
    def reading_group(self) -> str:
        return self.group or "hookd"
