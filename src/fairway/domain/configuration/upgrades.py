"""`upgrades`: how what was found gets into Git, as commits or as pull requests."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from fairway.domain.repository.written.base import Duration, Written

WriteName = Literal["commit", "pullRequest", "lock", "nothing"]
LevelName = Literal["none", "patch", "minor", "major"]


class PullRequests(Written):
    """Templates know {environment}, {release}, {image}, {old}, {new} and {count}."""

    branch: str = Field("fairway/upgrades/{environment}", description="Name of the branch; one open request for each")
    title: str | None = Field(None, description="Default: as the commit's subject")
    body: str | None = Field(None, description="Put before the table of changes")
    labels: list[str] = Field([], description="Labels")
    reviewers: list[str] = Field([], description="Users, or teams as org/team")
    auto_merge: LevelName = Field("none", description="Merge by itself what goes no further, e.g. patch")


class WriteRule(Written):
    """The first rule that fits decides; globs."""

    environments: list[str] = Field(["*"], description="Environments")
    releases: list[str] = Field(["*"], description="Releases")
    level: LevelName | None = Field(None, description="Only upgrades that go no further than this")
    write: WriteName = Field(description="What to do with them")


class UpgradesSection(Written):
    every: Duration = Field(timedelta(minutes=5), description="How often registries are asked, e.g. 5m")
    window: Duration = Field(timedelta(seconds=1), description="How long changes are collected for one commit, e.g. 1s")
    write: WriteName = Field("commit", description="What to do where no rule says otherwise")
    rules: list[WriteRule] = Field([], description="What to do with which upgrades")
    message: str | None = Field(None, description="Subject of commits; a template")
    pull_requests: PullRequests = Field(PullRequests(), description="How pull requests look")
    image_pull_secrets: list[str] = Field(
        [], description="Secrets in every environment's namespace with logins of registries"
    )
    trust_events: bool = Field(False, description="Believe pushes that registries report without asking them")
