"""Answers requests for deployments: checks them in the order of the table, and remembers those that are good.

The rule not to break: 201 is answered when the request is durable, and once per delivery. What is wrong with a request
is told GitHub through its record, by whoever posts the states of all others.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from fairway.domain.deployments.masking import mask
from fairway.domain.deployments.record import Door
from fairway.domain.dispatch.answers import Answer, Unacceptable, error_description
from fairway.domain.dispatch.events import (
    DEPLOYMENT,
    DeploymentEvent,
    GithubEvent,
    access_unknown,
    check_access,
    check_cluster,
    check_contents,
    check_environment,
    read_event,
    read_event_payload,
)
from fairway.domain.dispatch.orders import Order
from fairway.domain.dispatch.payloads import Payload
from fairway.domain.dispatch.requests import DeploymentRequest, Origin, RepositoryName
from fairway.domain.dispatch.signatures import check_signature
from fairway.domain.errors import FairwayError, Transient, UserError
from fairway.services.access.ports import TeamAccess
from fairway.services.hookd.clusters import Clusters
from fairway.services.hookd.metrics import HookdMetrics, NoMetrics
from fairway.services.hookd.pacing import Allowance
from fairway.services.hookd.ports import NewRequest, RequestStore
from fairway.services.hookd.recording import Recording, deadline_of
from fairway.services.hookd.remembering import Remembering

_log = logging.getLogger(__name__)

LARGE = 256 << 10
"""Bytes of a body that is read beside the event loop."""
_DELIVERY_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")

_Given = TypeVar("_Given")
_Found = TypeVar("_Found")

Seal = Callable[[DeploymentRequest], bytes]
"""Makes the message for the queue. Raises UserError for what no message can hold."""


class Accepting:
    """`wake` is called after a request was stored. `secrets` are those of the webhook; with none, nobody passes."""

    def __init__(
        self,
        store: RequestStore,
        *,
        secrets: Sequence[str],
        clusters: Clusters,
        access: TeamAccess,
        seal: Seal,
        now: Callable[[], datetime],
        random: Callable[[int], int],
        deadline: timedelta = timedelta(minutes=1),
        base_url: str = "",
        wake: Callable[[], None] = lambda: None,
        metrics: HookdMetrics = NoMetrics(),
    ) -> None:
        self._store = store
        self._secrets = tuple(secrets)
        self._clusters = clusters
        self._access = access
        self._seal = seal
        self._now = now
        self._deadline = deadline
        self._base_url = base_url.rstrip("/")
        self._wake = wake
        self._metrics = metrics
        self._recording = Recording(now, random)
        self._remembering = Remembering(store)
        self._refusals = Allowance(now)

    async def github_event(self, event: GithubEvent) -> Answer:
        """Never raises but for cancellation."""
        answer = await _answered(self._github_event(event))
        self._metrics.webhook(answer.code)
        return answer

    async def order(self, order: Order) -> Answer:
        """A request over the API. Never raises but for cancellation."""
        return await _answered(self._order(order))

    def log_url(self, delivery_id: str) -> str:
        """The page of a deployment; empty without a base URL."""
        if not self._base_url:
            return ""
        query = urlencode({"delivery_id": delivery_id, "ts": int(self._now().timestamp())})
        return f"{self._base_url}/logs?{query}"

    async def _github_event(self, event: GithubEvent) -> Answer:
        if event.event != DEPLOYMENT:
            return Answer(204, "")
        check_signature(event.body, self._secrets, sha256=event.signature_256, sha1=event.signature)
        delivery_id = _delivery_id(event)
        about = await self._read(read_event, event.body, len(event.body))
        payload = None
        try:
            check_environment(about)
            payload = await self._read(read_event_payload, about, len(event.body))
            check_cluster(about.environment, await self._clusters.known(about.environment))
            check_contents(payload)
            await self._check_access(about.repository, payload.team)
            new = self._new(delivery_id, about, payload)
        except Unacceptable as refused:
            return await self._refuse(delivery_id, about, payload.team if payload else "", refused)
        return await self._accept(new)

    async def _order(self, order: Order) -> Answer:
        check_cluster(order.cluster, await self._clusters.known(order.cluster))
        payload = Payload((1, 0, 0), order.team, order.resources)
        check_contents(payload)
        await self._check_access(order.repository, order.team, also_unregistered=order.is_from_team)
        origin = Origin(
            order.environment or order.cluster,
            order.ref,
            order.sha,
            order.creator,
            order.description,
            order.web_url,
        )
        request = self._request(order.delivery_id, order.repository, 0, order.cluster, payload)
        return await self._accept(self._recording.accepted(request, origin, self._sealed(request), Door.API))

    async def _read(self, read: Callable[[_Given], _Found], given: _Given, size: int) -> _Found:
        """What is large is read in a thread, so that others are answered meanwhile."""
        return read(given) if size < LARGE else await asyncio.to_thread(read, given)

    async def _check_access(self, repository: RepositoryName, team: str, *, also_unregistered: bool = False) -> None:
        """A team with its own key may name a repository that nobody registered, but none that is another team's: what
        it deploys would take the place of theirs."""
        try:
            teams = await self._access.teams(str(repository))
        except FairwayError as error:
            _log.warning("hookd.access_unknown", extra={"repository": str(repository), "problem": error.message})
            raise access_unknown(mask(error.message)) from error
        if teams is None and also_unregistered:
            return
        check_access(repository, team, teams)

    def _new(self, delivery_id: str, about: DeploymentEvent, payload: Payload) -> NewRequest:
        request = self._request(delivery_id, about.repository, about.deployment_id, about.environment, payload)
        return self._recording.accepted(request, about.origin, self._sealed(request), Door.GITHUB)

    def _request(
        self, delivery_id: str, repository: RepositoryName, deployment_id: int, cluster: str, payload: Payload
    ) -> DeploymentRequest:
        at, deadline = deadline_of(self._now(), self._deadline)
        return DeploymentRequest(
            delivery_id,
            repository,
            deployment_id,
            cluster,
            payload.team,
            payload.resources,
            at,
            deadline,
            payload.version,
        )

    def _sealed(self, request: DeploymentRequest) -> bytes:
        try:
            return self._seal(request)
        except UserError as error:
            raise Unacceptable(400, f"payload is invalid: {error.message}", is_told=True) from error

    async def _accept(self, new: NewRequest) -> Answer:
        delivery_id = new.request.delivery_id
        if not await self._remembering.add(new):
            return await self._known(new)
        self._wake()
        _log.info(
            "hookd.accepted",
            extra={
                "delivery_id": delivery_id,
                "deployment": new.deployment.id,
                "cluster": new.request.cluster,
                "team": new.request.team,
                "repository": str(new.request.repository),
            },
        )
        return Answer(201, "accepted", delivery_id, self.log_url(delivery_id))

    async def _known(self, new: NewRequest) -> Answer:
        """What was answered before counts, even if it would be answered otherwise now."""
        tracked = await self._store.get(new.request.delivery_id)
        if tracked is None:
            others = await self._store.by_deployment(new.request.repository, new.request.deployment_id)
            tracked = others[0] if others else None
        if tracked is None:
            return Answer(200, "already accepted", new.request.delivery_id)
        text = "already accepted"
        if tracked.was_refused:
            text = f"already refused: {tracked.story.statuses[0].description}"
        return Answer(200, text, tracked.delivery_id, self.log_url(tracked.delivery_id))

    async def _refuse(self, delivery_id: str, about: DeploymentEvent, team: str, refused: Unacceptable) -> Answer:
        _log.info(
            "hookd.refused",
            extra={
                "delivery_id": delivery_id,
                "repository": str(about.repository),
                "team": team,
                "problem": error_description(mask(refused.message)),
            },
        )
        if not self._refusals.take(str(about.repository).lower()):
            _log.warning("hookd.refusal_not_kept", extra={"repository": str(about.repository)})
            return Answer(refused.code, refused.message)
        new = self._recording.refused(
            delivery_id, about.repository, about.deployment_id, about.origin, team, refused.message
        )
        try:
            if await self._remembering.add(new):
                self._wake()
        except Transient as error:
            _log.warning("hookd.refusal_not_kept", extra={"delivery_id": delivery_id, "problem": error.message})
            return Answer(refused.code, refused.message)
        return Answer(refused.code, refused.message, delivery_id, self.log_url(delivery_id))


async def _answered(answering: Coroutine[Any, Any, Answer]) -> Answer:
    try:
        return await answering
    except Unacceptable as refused:
        return Answer(refused.code, refused.message)
    except FairwayError as error:
        # Nothing is remembered: whoever asks again is answered anew.
        _log.warning("hookd.not_answered", extra={"problem": error.message})
        return Answer(503, f"unable to remember the request: {mask(error.message)}")


def _delivery_id(event: GithubEvent) -> str:
    """GitHub's id; one that follows from the body, where somebody else sends none."""
    if not event.delivery_id:
        return str(UUID(bytes=hashlib.sha256(event.body).digest()[:16]))
    if not _DELIVERY_ID.fullmatch(event.delivery_id):
        raise Unacceptable(400, "malformed delivery id")
    return event.delivery_id
