"""A request with its whole story, as JSON. Contract: docs/spec/deployments-api.md."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fairway.domain.deployments.status import UNFINISHED
from fairway.domain.deployments.wire import time_as_text
from fairway.services.hookd.ports import Tracked


def as_plain(tracked: Tracked, log_url: str) -> dict[str, Any]:
    """Times are RFC 3339 in UTC; what is not known is null or empty."""
    story, origin = tracked.story, tracked.origin
    last = story.statuses[-1] if story.statuses else None
    return {
        "deliveryID": tracked.delivery_id,
        "deployment": story.id,
        "repository": str(tracked.repository),
        "deploymentID": tracked.deployment_id or None,
        "team": tracked.team,
        "cluster": tracked.cluster,
        "environment": origin.environment,
        "subject": tracked.subject,
        "ref": origin.ref,
        "sha": origin.sha,
        "creator": origin.creator,
        "description": first_line(last.description) if last else "",
        "state": story.state.value,
        "final": story.state not in UNFINISHED,
        "acceptedAt": time_as_text(story.deployment.at),
        "deadline": time_as_text(tracked.deadline),
        "publishedAt": _time(tracked.published_at),
        "takenAt": _time(tracked.taken_at),
        "finishedAt": _time(story.finished_at),
        "statuses": [
            {"state": entry.state.value, "at": time_as_text(entry.at), "description": entry.description}
            for entry in story.statuses
        ],
        "github": {
            "told": tracked.posted.value if tracked.posted else None,
            "problem": tracked.post_problem,
            "ended": tracked.posting_ended,
        },
        "logURL": log_url,
    }


def first_line(text: str) -> str:
    return text.split("\n", 1)[0]


def _time(at: datetime | None) -> str | None:
    return time_as_text(at) if at else None
