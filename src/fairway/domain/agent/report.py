"""What an agent says of an environment, for those who look from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AgentReport:
    """The last word about one environment of one deployments repository. All times know their zone."""

    environment: str
    repository: str
    """As `notes.SOURCE` has it."""
    agent: str
    """Who said it: a host, and the lease by which it leads."""
    state: str
    why: str
    applied: str
    """The newest commit that is carried out as far as it goes; empty: none yet."""
    subject: str
    applied_at: datetime | None
    seen_at: datetime
    """When it was said; an agent that is alive says it about every minute."""
