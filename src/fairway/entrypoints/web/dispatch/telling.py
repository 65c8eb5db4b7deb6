"""A request with its whole story, as JSON. Contract: docs/spec/deployments-api.md.

The rule not to break: what is told was masked, when the ledger took it or here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fairway.domain.deployments.masking import mask
from fairway.domain.deployments.status import UNFINISHED
from fairway.domain.deployments.wire import time_as_text
from fairway.services.hookd.ports import Tracked


def as_plain(tracked: Tracked, log_url: str) -> dict[str, Any]:
    """Times are RFC 3339 in UTC; what is not known is null or empty."""
    # What the ledger keeps is masked; the origin is as it was sent.
    story, cause = tracked.story, tracked.story.run.cause
    last = story.statuses[-1] if story.statuses else None
    return {
        "deliveryID": tracked.delivery_id,
        "deployment": story.id,
        "repository": str(tracked.repository),
        "deploymentID": tracked.deployment_id or None,
        "team": mask(tracked.team),
        "cluster": mask(tracked.cluster),
        "environment": mask(tracked.origin.environment),
        "subject": tracked.subject,
        "ref": cause.branch,
        "sha": cause.commit,
        "creator": cause.user,
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
