"""The whole of `fairway.yaml`."""

from __future__ import annotations

from pydantic import Field

from fairway.domain.configuration.agent import AgentSection
from fairway.domain.configuration.git import GitSection
from fairway.domain.configuration.notifications import NotificationsSection
from fairway.domain.configuration.server import ServerSection
from fairway.domain.configuration.upgrades import UpgradesSection
from fairway.domain.repository.written.base import Written


class Configuration(Written):
    """fairway.yaml."""

    git: GitSection = Field(GitSection(), description="The deployments repository as a remote")
    upgrades: UpgradesSection = Field(UpgradesSection(), description="How upgrades get into Git")
    agent: AgentSection = Field(AgentSection(), description="What `fairway agent` does")
    server: ServerSection = Field(ServerSection(), description="Webhooks, health and metrics")
    notifications: NotificationsSection = Field(NotificationsSection(), description="Who is told what")
