"""Between requests and rows of their table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from fairway.adapters.sql.rows import Row
from fairway.domain.deployments.record import Story
from fairway.domain.deployments.status import UNFINISHED, State
from fairway.domain.dispatch.requests import Origin, RepositoryName
from fairway.domain.dispatch.tracking import NewRequest, Tracked

_ORIGIN = frozenset(field.name for field in fields(Origin))


def request_row(new: NewRequest) -> Row:
    request = new.request
    is_open = new.entry.state in UNFINISHED
    return {
        "delivery_id": request.delivery_id,
        "deployment": new.deployment.id,
        "repository": str(request.repository),
        "repository_key": repository_key(str(request.repository)),
        "number": request.deployment_id,
        "cluster": request.cluster,
        "team": request.team,
        "namespace": new.deployment.change.namespace,
        "subject": new.subject,
        "origin": asdict(new.origin),
        "deadline": request.deadline,
        "message": new.sealed or None,
        "published_at": None,
        "taken_at": None,
        "is_open": is_open,
        "stands": False,
        # What waits for the queue is told when the queue has it.
        "owed": not is_open and request.deployment_id > 0,
        "posted": "",
        "post_problem": "",
        "post_ended": False,
        "post_tries": 0,
        "post_refusals": 0,
        "post_after": None,
    }


def tracked_of(row: Mapping[str, Any], story: Story) -> Tracked:
    return Tracked(
        delivery_id=row["delivery_id"],
        repository=RepositoryName(*row["repository"].split("/", 1)),
        deployment_id=row["number"],
        cluster=row["cluster"],
        team=row["team"],
        origin=Origin(**{name: value for name, value in row["origin"].items() if name in _ORIGIN}),
        subject=row["subject"],
        deadline=row["deadline"],
        story=story,
        published_at=row["published_at"],
        taken_at=row["taken_at"],
        posted=State(row["posted"]) if row["posted"] else None,
        post_problem=row["post_problem"],
        posting_ended=row["post_ended"],
    )


def repository_key(repository: str) -> str:
    """Names of GitHub are compared without regard to case."""
    return repository.lower()
