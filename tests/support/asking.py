"""Whoever asks for deployments over HTTP: GitHub with its webhook, CI with a key, against hookd's core in memory."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from tests.support.web import served

from fairway.adapters.memory.ledger import MemoryLedger
from fairway.adapters.memory.requests import MemoryRequestStore
from fairway.adapters.memory.team_keys import MemoryTeamKeys
from fairway.domain.dispatch.sealing import Seal
from fairway.domain.dispatch.signatures import signature_of
from fairway.domain.dispatch.team_signatures import sign
from fairway.domain.dispatch.wire import encode_request
from fairway.domain.errors import Transient
from fairway.entrypoints.web.dispatch.parts import ApiParts, DispatchParts
from fairway.entrypoints.web.parts import WebParts
from fairway.services.hookd.accepting import Accepting
from fairway.services.hookd.authenticating import Authenticating, Tokens
from fairway.services.hookd.clusters import Clusters
from fairway.services.hookd.ports import RequestStore

SECRET, OLD_SECRET = "s3cret-of-the-webhook", "the-secret-before"
PROVISION_KEY = b"provision key of the tests"
BASE_URL = "https://fairway.example"
RESOURCE: Mapping[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "orders", "namespace": "shop", "labels": {"app": "orders"}},
    "spec": {"replicas": 2},
}


def utc_now() -> datetime:
    return datetime.now(UTC)


class Access:
    """Which repository may deploy as which team, as told; `away` like a store that does not answer."""

    def __init__(self, teams: Mapping[str, Sequence[str]]) -> None:
        self.teams_of = {repository.lower(): frozenset(teams) for repository, teams in teams.items()}
        self.away = False

    async def teams(self, repository: str) -> frozenset[str] | None:
        if self.away:
            raise Transient("s3://deployments can't be reached: timed out")
        return self.teams_of.get(repository.lower())


@dataclass
class Asked:
    """What stands behind the addresses, and a client."""

    client: httpx2.AsyncClient = field(repr=False)
    store: RequestStore
    ledger: MemoryLedger
    keys: MemoryTeamKeys
    access: Access
    parts: DispatchParts

    async def event(self, body: bytes | None = None, **headers: str) -> httpx2.Response:
        """A deployment event of GitHub's; headers by name with `_` for `-`, an empty one is left out."""
        body = event() if body is None else body
        wanted = {
            "x-github-event": "deployment",
            "x-github-delivery": str(uuid.uuid4()),
            "x-hub-signature-256": signature_of(body, SECRET),
            "content-type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        given = {name: value for name, value in wanted.items() if value}
        return await self.client.post("/events", content=body, headers=given)

    async def deploy(self, key: bytes, document: Mapping[str, Any] | None = None) -> httpx2.Response:
        body = json.dumps(deploy() if document is None else document).encode()
        return await self.signed("/api/v1/deploy", body, key)

    async def signed(self, path: str, body: bytes, key: bytes) -> httpx2.Response:
        return await self.client.post(path, content=body, headers={"X-NAIS-Signature": sign(body, key)})


@asynccontextmanager
async def asking(
    *, tokens: Tokens | None = None, store: RequestStore | None = None, **changed: Any
) -> AsyncIterator[Asked]:
    """The real application on loopback: cluster `dev` is known, `example/orders` may deploy as `shop`."""
    ledger = MemoryLedger()
    store = store or MemoryRequestStore(ledger)
    access, keys = Access({"example/orders": ("shop",)}), MemoryTeamKeys(utc_now)
    seal = Seal([b"a key that both have"])
    accepting = Accepting(
        store,
        secrets=[SECRET, OLD_SECRET],
        clusters=Clusters(store, ["dev"], utc_now),
        access=access,
        seal=lambda request: seal.seal(encode_request(request)),
        now=utc_now,
        random=lambda bits: uuid.uuid4().int >> (128 - bits),
        deadline=timedelta(minutes=1),
        base_url=BASE_URL,
    )
    authenticating = Authenticating(keys, utc_now, tokens=tokens, provision_keys=[PROVISION_KEY])
    parts = replace(DispatchParts(accepting, store, ApiParts(authenticating, keys)), **changed)
    async with served(WebParts(dispatch=parts, longest_body=2.0)) as client:
        yield Asked(client, store, ledger, keys, access, parts)


def event(change: Mapping[str, Any] | None = None, payload: Mapping[str, Any] | None = None) -> bytes:
    """The body of a deployment event; `change` goes over the deployment, `payload` over its payload."""
    wanted = {"version": [1, 0, 0], "team": "shop", "kubernetes": {"resources": [RESOURCE]}, **(payload or {})}
    deployment = {
        "id": int.from_bytes(uuid.uuid4().bytes[:6]) + 1,
        "environment": "dev",
        "ref": "main",
        "sha": "3f2c1ab0d1f2e3a4b5c6d7e8f9a0b1c2d3e4f5a6",
        "creator": {"login": "anna"},
        "description": "orders 1.4.2",
        "payload": wanted,
        **(change or {}),
    }
    repository = {"full_name": "example/orders", "html_url": "https://github.com/example/orders"}
    return json.dumps({"action": "created", "repository": repository, "deployment": deployment}).encode()


def deploy(**changed: Any) -> dict[str, Any]:
    """The body of `POST /api/v1/deploy`, made now; None takes a key out."""
    document = {
        "resources": [RESOURCE],
        "team": "shop",
        "cluster": "dev",
        "owner": "example",
        "repository": "orders",
        "ref": "main",
        "timestamp": int(time.time()),
        "description": str(uuid.uuid4()),
        **changed,
    }
    return {key: value for key, value in document.items() if value is not None}


@contextmanager
def asking_in_a_thread(**changed: Any) -> Iterator[tuple[str, bytes]]:
    """The same, with a loop of its own, for tests that are not asynchronous: its address, and a key of team `shop`."""
    loop = asyncio.new_event_loop()
    ready: asyncio.Future[tuple[str, bytes]] = loop.create_future()
    ended = asyncio.Event()

    async def run() -> None:
        async with asking(**changed) as asked:
            ready.set_result((str(asked.client.base_url), await asked.keys.rotate("shop", keep_old_for=86400)))
            await ended.wait()

    async def begun() -> tuple[str, bytes]:
        return await ready

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(begun(), loop).result(30)
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(30)
        loop.close()
