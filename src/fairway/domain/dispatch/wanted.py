"""What somebody asks for from outside, what he is given to follow it by, and what he is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fairway.domain.dispatch.requests import PAYLOAD_MAJOR, RepositoryName
from fairway.domain.manifests.objects import Object

TEAM_LABEL = "team"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Resources for a cluster. `environment` is what people call it; at GitHub it is the cluster's name."""

    repository: RepositoryName
    cluster: str
    team: str
    resources: tuple[Object, ...] = field(repr=False)
    environment: str = ""
    ref: str = ""
    sha: str = ""
    creator: str = ""
    description: str = ""
    payload: Any = field(default=None, repr=False)
    """In place of what team and resources make up: to try what hookd makes of it."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """`id` is the deployment's at GitHub, or the delivery's at hookd."""

    id: str
    text: str = ""
    """What was answered."""
    code: int = 0
    """HTTP's, where the answer has one to show."""
    log_url: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """One status; `state` in GitHub's words."""

    state: str
    description: str
    at: datetime
    log_url: str = ""
    detail: str = ""
    """More lines about it, where who tells has them: reasons in full, last lines of pods."""


def payload_of(team: str, resources: Sequence[Object]) -> dict[str, Any]:
    """The payload of a deployment, as hookd reads it."""
    return {"version": [PAYLOAD_MAJOR, 0, 0], "team": team, "kubernetes": {"resources": list(resources)}}


def team_of(resources: Sequence[Object]) -> str:
    """The label `team` of the first resource that has it; empty when none has."""
    labels = ((one.get("metadata") or {}).get("labels") or {} for one in resources)
    return next((team for one in labels if isinstance(team := one.get(TEAM_LABEL), str) and team), "")


def teams_of(resources: Sequence[Object]) -> tuple[str, ...]:
    """All teams that resources are labelled with, in their order."""
    return tuple(dict.fromkeys(team for one in resources if (team := team_of([one]))))


def environment_of(cluster: str, resources: Sequence[Object]) -> str:
    """`cluster:namespace` where all resources are in one namespace that is not `default`, else the cluster's name."""
    namespaces = {str((one.get("metadata") or {}).get("namespace") or "") for one in resources}
    namespace = namespaces.pop() if len(namespaces) == 1 else ""
    return f"{cluster}:{namespace}" if namespace and namespace != "default" else cluster
