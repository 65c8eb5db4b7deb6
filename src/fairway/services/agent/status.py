"""What the agent knows of itself, as plain data: for `/`, for health, and for `fairway status`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from fairway.services.agent.agent import Agent
from fairway.services.agent.keeping import Keeper
from fairway.services.agent.troubles import Troubles

SILENT = 5
"""After so many times `agent.every` without an answer of Git it is not ready."""
PATIENCE = timedelta(minutes=1)


def status_of(agent: Agent, troubles: Troubles, *, url: str) -> dict[str, Any]:
    """Without secrets; times in UTC."""
    head = agent.following.head
    return {
        "repository": url,
        "commit": head.commit if head else "",
        "subject": head.subject if head else "",
        "asked": _time(agent.following.asked),
        "notApplied": agent.following.untrusted,
        "leads": agent.leadership.leads,
        "holder": agent.leadership.holder,
        "troubles": [{"what": one.what, "why": one.why, "since": _time(one.since)} for one in troubles.known.values()],
        "environments": [environment_of(keeper) for keeper in agent.keepers.values()],
    }


def environment_of(keeper: Keeper) -> dict[str, Any]:
    decision = keeper.decision
    return {
        "name": keeper.name,
        "state": decision.state.value,
        "why": decision.reason,
        "applied": keeper.applied,
        "subject": keeper.applied_subject,
        "appliedAt": _time(keeper.applied_at),
        "failing": {
            name: {"tries": one.tries, "again": _time(one.again), "why": one.why}
            for name, one in sorted(keeper.failing.items())
        },
    }


def ready(agent: Agent, now: datetime, every: timedelta) -> Mapping[str, str]:
    """What keeps it from its work; empty texts are well. A follower is ready: it can take over.

    A cluster that does not answer is not among it: webhooks for the others must still come in.
    """
    asked = agent.following.asked
    late = asked is None or now - asked > max(PATIENCE, every * SILENT)
    return {"git": "no answer yet" if asked is None else f"no answer since {_time(asked)}" if late else ""}


def _time(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at is not None else ""
