"""The newest commit of the deployments repository's branch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Head:
    """The newest commit of the branch that is followed."""

    commit: str
    subject: str = ""
    author: str = ""
    at: datetime | None = None
    """When it was committed."""
