"""`agent`: which environments it looks after, how often, and when it keeps still."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from fairway.domain.repository.written.base import Duration, Share, Written


class Freeze(Written):
    """A time in which nothing is applied; either from and until, or weekly."""

    reason: str = Field(description="Shown wherever somebody asks why nothing happens")
    environments: list[str] = Field(["*"], description="Globs of environments")
    start: str | None = Field(None, alias="from", description="RFC 3339 time, e.g. 2026-12-23T18:00:00+01:00")
    until: str | None = Field(None, description="RFC 3339 time")
    weekly: str | None = Field(None, description="Days and hours, e.g. Fri 16:00 - Mon 06:00")
    timezone: str = Field("UTC", description="Of weekly, e.g. Europe/Oslo")


class AgentSection(Written):
    environments: list[str] | None = Field(None, description="Globs; default: those whose cluster it runs in, or all")
    every: Duration = Field(timedelta(minutes=1), description="How often Git is asked, e.g. 1m")
    jitter: Share = Field(0.1, description="Share of `every` by which the time varies")
    resync: Duration = Field(timedelta(minutes=10), description="How often everything is looked at, changed or not")
    watch: bool = Field(True, description="Watch the cluster for drift between these times")
    freezes: list[Freeze] = Field([], description="When nothing is applied")
    suspended: list[str] = Field([], description="Environments, or environment/release, that are left as they are")
    lease: str | None = Field(
        None, description="NAMESPACE/NAME of the Lease by which one of several agents acts; default in a pod: its own"
    )
