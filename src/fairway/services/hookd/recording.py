"""A request as the ledger and the store keep it.

The rule not to break: no contents of resources go into the ledger, and no text that was not masked.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from fairway.domain.deployments.ids import encode
from fairway.domain.deployments.masking import fit_to_keep
from fairway.domain.deployments.record import (
    Cause,
    Change,
    ChangeKind,
    Deployment,
    Door,
    PlanSummary,
    Run,
    StatusEntry,
)
from fairway.domain.deployments.status import State
from fairway.domain.dispatch.answers import error_description
from fairway.domain.dispatch.naming import namespace_of, subject_of, summary_of
from fairway.domain.dispatch.requests import DeploymentRequest, Origin, RepositoryName
from fairway.services.hookd.ports import NewRequest

ACTION = "deploy"


class Recording:
    """Makes records with ids in the order of the calls."""

    def __init__(self, now: Callable[[], datetime], random: Callable[[int], int]) -> None:
        self._now = now
        self._random = random
        self._last = (0, 0)

    def accepted(self, request: DeploymentRequest, origin: Origin, sealed: bytes, door: Door) -> NewRequest:
        subject = subject_of(request.resources)
        change = Change(
            environment=request.cluster,
            release=subject,
            action=ChangeKind.APPLY,
            cluster=request.cluster,
            namespace=namespace_of(request.resources),
            plan=summary_of(request.resources),
            labels=_labels(request.repository, request.deployment_id, request.team),
        )
        return self._new(request, origin, sealed, door, subject, change, State.QUEUED, "")

    def refused(
        self,
        delivery_id: str,
        repository: RepositoryName,
        deployment_id: int,
        origin: Origin,
        team: str,
        reason: str,
        *,
        door: Door = Door.GITHUB,
    ) -> NewRequest:
        """The record of what was wrong with a request; it belongs to the repository, as no application is known."""
        at = _whole_seconds(self._now())
        request = DeploymentRequest(
            delivery_id, repository, deployment_id, origin.environment, team, (), at, at, version=(1, 0, 0)
        )
        change = Change(
            environment=fit_to_keep(origin.environment),
            release=repository.name,
            action=ChangeKind.APPLY,
            cluster=fit_to_keep(origin.environment),
            plan=PlanSummary(),
            labels=_labels(repository, deployment_id, team),
        )
        return self._new(request, origin, b"", door, "", change, State.ERROR, error_description(fit_to_keep(reason)))

    def _new(
        self,
        request: DeploymentRequest,
        origin: Origin,
        sealed: bytes,
        door: Door,
        subject: str,
        change: Change,
        state: State,
        description: str,
    ) -> NewRequest:
        at = self._now()
        cause = Cause(
            user=fit_to_keep(origin.creator),
            commit=fit_to_keep(origin.sha),
            branch=fit_to_keep(origin.ref),
            repository=str(request.repository),
            delivery_id=request.delivery_id,
            reason=fit_to_keep(origin.description),
        )
        run = Run(self._new_id(at), at, door, ACTION, cause)
        deployment = Deployment(self._new_id(at), run.id, at, change)
        entry = StatusEntry(deployment.id, state, at, description)
        return NewRequest(request, origin, run, deployment, entry, sealed, subject)

    def _new_id(self, at: datetime) -> str:
        # Within a millisecond the next id is one larger, so that the order of ids is that of the calls.
        milliseconds = int(at.timestamp() * 1000)
        last, randomness = self._last
        if milliseconds > last:
            self._last = (milliseconds, self._random(79))
        else:
            self._last = (last, randomness + 1)
        return encode(*self._last)


def deadline_of(now: datetime, patience: timedelta) -> tuple[datetime, datetime]:
    """When a request was made and until when it is good, in whole seconds as they travel."""
    at = _whole_seconds(now)
    return at, _whole_seconds(now + patience + timedelta(seconds=1, microseconds=-1))


def _whole_seconds(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _labels(repository: RepositoryName, deployment_id: int, team: str) -> dict[str, str]:
    labels = {"github.repository": str(repository)}
    if team:
        labels["team"] = fit_to_keep(team)
    if deployment_id:
        labels["github.deployment"] = str(deployment_id)
    return labels
