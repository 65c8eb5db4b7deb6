"""`/api/v1/…`: deployments for CI without GitHub's webhook. Contract: docs/spec/deployments-api.md.

The rule not to break: nothing is done before the caller has proven who he is, and every answer is JSON with a message
and an id by which the log knows it; no answer but that of provisioning holds a secret.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from fairway.domain.dispatch.answers import Answer, Unacceptable
from fairway.domain.dispatch.api_bodies import (
    DeployBody,
    StatusBody,
    delivery_of,
    read_deploy,
    read_status,
    status_document,
    status_query,
)
from fairway.domain.dispatch.orders import Order
from fairway.domain.dispatch.team_keys import slug
from fairway.entrypoints.web.answers import json_answer
from fairway.entrypoints.web.bodies import Bodies
from fairway.entrypoints.web.dispatch.calling import add_call, check_small, credentials_of, error_answer
from fairway.entrypoints.web.dispatch.parts import ApiParts, DispatchParts
from fairway.entrypoints.web.dispatch.provisioning import Provisioning
from fairway.entrypoints.web.dispatch.telling import as_plain
from fairway.services.hookd.accepting import LARGE
from fairway.services.hookd.authenticating import Caller, Credentials, Said
from fairway.services.hookd.ports import Tracked

_LOG = logging.getLogger(__name__)

DEPLOY, STATUS, PROVISION = "/api/v1/deploy", "/api/v1/status", "/api/v1/provision"
_Read = TypeVar("_Read")


def add_api(app: FastAPI, parts: DispatchParts, api: ApiParts, bodies: Bodies, now: Callable[[], float]) -> None:
    """`now` in Unix seconds."""
    deploying, asking = _Deploying(parts, api, bodies), _Asking(parts, api, bodies)
    add_call(app, DEPLOY, {"POST": deploying.deploy})
    add_call(app, STATUS, {"POST": asking.by_body, "GET": asking.by_query})
    if api.authenticating.provisions:
        add_call(app, PROVISION, {"POST": Provisioning(api, bodies, now).provision})


class _Deploying:
    def __init__(self, parts: DispatchParts, api: ApiParts, bodies: Bodies) -> None:
        self._accepting = parts.accepting
        self._authenticating = api.authenticating
        self._bodies = bodies
        self._github_url = parts.github_url.rstrip("/")

    async def deploy(self, request: Request, id_: str) -> Response:
        credentials = credentials_of(request)
        async with self._bodies.held(request) as body:
            asked = await _read(read_deploy, body)
            said = Said(asked.timestamp, asked.team, asked.repository)
            caller = await self._authenticating.caller(credentials, body, said)
            answer = await self._accepting.order(_order(delivery_of(body), asked, caller, self._github_url))
        return _told(answer, id_)


class _Asking:
    def __init__(self, parts: DispatchParts, api: ApiParts, bodies: Bodies) -> None:
        self._store = parts.store
        self._log_url = parts.accepting.log_url
        self._authenticating = api.authenticating
        self._bodies = bodies

    async def by_body(self, request: Request, id_: str) -> Response:
        credentials = credentials_of(request)
        async with self._bodies.held(request) as body:
            check_small(body)
            return await self._status(credentials, body, read_status(status_document(body)))

    async def by_query(self, request: Request, id_: str) -> Response:
        """What is signed is the query string, byte by byte as it was sent."""
        credentials = credentials_of(request)
        query: bytes = request.scope["query_string"]
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="replace")
        return await self._status(credentials, query, read_status(status_query(pairs)))

    async def _status(self, credentials: Credentials, signed: bytes, asked: StatusBody) -> Response:
        said = Said(asked.timestamp, asked.team, asked.repository)
        caller = await self._authenticating.caller(credentials, signed, said)
        tracked = await self._store.get(asked.delivery_id)
        if tracked is None or not _is_of(tracked, caller):
            whose = f"team '{caller.team}'" if caller.team else f"repository '{caller.repository}'"
            raise Unacceptable(404, f"there is no deployment with this deliveryID of {whose}")
        return json_answer(200, as_plain(tracked, self._log_url(tracked.delivery_id)))


async def _read(read: Callable[[bytes], _Read], body: bytes) -> _Read:
    """What is large is read in a thread, so that others are answered meanwhile."""
    return read(body) if len(body) < LARGE else await asyncio.to_thread(read, body)


def _order(delivery_id: str, asked: DeployBody, caller: Caller, github_url: str) -> Order:
    claims = caller.claims
    run = f"{github_url}/{asked.repository}/actions/runs/{claims['run_id']}" if claims.get("run_id") else ""
    return Order(
        delivery_id=delivery_id,
        repository=asked.repository,
        cluster=asked.cluster,
        team=asked.team,
        resources=asked.resources,
        environment=asked.environment,
        # What a token says is proven, so it counts before what was merely sent.
        ref=_claim(claims, "ref") or asked.ref,
        sha=_claim(claims, "sha") or asked.sha,
        creator=_claim(claims, "actor") or asked.creator,
        description=asked.description,
        web_url=run,
        is_from_team=bool(caller.team),
    )


def _claim(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def _told(answer: Answer, id_: str) -> Response:
    if answer.code >= 400:
        return error_answer(answer.code, answer.text, answer.delivery_id or id_)
    body = {"message": answer.text, "correlationID": answer.delivery_id, "logURL": answer.log_url}
    return json_answer(answer.code, body, {"location": answer.log_url} if answer.log_url else None)


def _is_of(tracked: Tracked, caller: Caller) -> bool:
    if caller.team:
        return slug(tracked.team) == caller.team
    return str(tracked.repository).lower() == caller.repository
