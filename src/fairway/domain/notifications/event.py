"""Something that happened and that somebody may want to know.

The rule not to break: texts are masked before they become an event; an event is complete in itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from fairway.domain.errors import Severity
from fairway.domain.repository.models import Owner
from fairway.domain.upgrades.upgrade import Upgrade


class EventKind(StrEnum):
    """Names are part of the contract of webhooks and CloudEvents (`dev.fairway.<name>`)."""

    UPGRADE_WRITTEN = "upgrade.written"
    """Upgrades were committed, or a pull request was opened or updated."""
    UPGRADE_FAILED = "upgrade.failed"
    """Upgrades could not be written."""
    DEPLOYMENT_STARTED = "deployment.started"
    DEPLOYMENT_SUCCEEDED = "deployment.succeeded"
    DEPLOYMENT_FAILED = "deployment.failed"
    DEPLOYMENT_ROLLED_BACK = "deployment.rolled_back"
    HOLD_ADDED = "hold.added"
    HOLD_REMOVED = "hold.removed"
    DRIFT_CORRECTED = "drift.corrected"
    DRIFT_FOUND = "drift.found"
    SUSPENDED = "environment.suspended"
    RESUMED = "environment.resumed"
    SOURCE_FAILED = "source.failed"
    """Git, a registry or a cluster does not answer."""
    SOURCE_RECOVERED = "source.recovered"
    CHANNEL_TEST = "channel.test"
    """Somebody tries a channel."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One event. `thread` joins those that belong together: all of one deployment, all upgrades of one commit."""

    id: str
    kind: EventKind
    at: datetime
    title: str
    """One line."""
    severity: Severity = Severity.INFO
    lines: tuple[str, ...] = ()
    """More, most important first."""
    environment: str = ""
    release: str = ""
    cluster: str = ""
    owner: Owner = field(default_factory=Owner)
    commit: str = ""
    url: str = ""
    """Where to read on: the commit, the pull request, the deployment's page."""
    deployment: str = ""
    """The ledger's id."""
    thread: str = ""
    upgrades: tuple[Upgrade, ...] = ()
    releases: tuple[str, ...] = ()
    """All releases that it is about, when there are several; with one, `release` is enough."""

    owners: Mapping[str, Owner] = field(default_factory=dict)
    """With upgrades: the owners of their releases, by `environment/release`; `owner` is for those that are missing."""

    def owner_of(self, upgrade: Upgrade) -> Owner:
        return self.owners.get(f"{upgrade.environment}/{upgrade.release}", self.owner)

    @property
    def about(self) -> tuple[str, ...]:
        """The releases that it is about; none for what concerns an environment, or more, as a whole."""
        return self.releases or ((self.release,) if self.release else ())
