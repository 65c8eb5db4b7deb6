"""Deliveries of GitHub's, and a hookd in memory that takes them."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.support.deployments import NOON

from fairway.adapters.memory.ledger import MemoryLedger
from fairway.adapters.memory.requests import MemoryRequestStore
from fairway.domain.deployments.record import Door
from fairway.domain.dispatch.events import GithubEvent
from fairway.domain.dispatch.requests import DeploymentRequest, Origin, RepositoryName
from fairway.domain.dispatch.sealing import Seal
from fairway.domain.dispatch.signatures import signature_of
from fairway.domain.dispatch.wire import encode_request
from fairway.domain.errors import Transient
from fairway.services.hookd.accepting import Accepting
from fairway.services.hookd.clusters import Clusters
from fairway.services.hookd.ports import NewRequest, RequestStore
from fairway.services.hookd.recording import Recording

SECRET = "webhook-secret"
CLUSTER = "dev-fss"
REPOSITORY = RepositoryName("navikt", "web")
SEAL = Seal([b"shared by all"])


class Time:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = NOON

    def __call__(self) -> datetime:
        return self.moment

    def pass_(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Teams:
    """Which repository may deploy as which teams, by name in lower case; `away`: nobody answers."""

    def __init__(self, known: dict[str, set[str]]) -> None:
        self.known = known
        self.away = False

    async def teams(self, repository: str) -> frozenset[str] | None:
        if self.away:
            raise Transient("no answer from the store")
        found = self.known.get(repository.lower())
        return None if found is None else frozenset(found)


def a_resource(name: str = "web", kind: str = "ConfigMap", **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, **metadata}, "data": {"secret": "hunter2"}}


def a_payload(team: str = "aura", *resources: dict[str, Any]) -> dict[str, Any]:
    return {"version": [1, 0, 0], "team": team, "kubernetes": {"resources": list(resources or (a_resource(),))}}


def an_event(
    number: int = 1,
    *,
    repository: str = str(REPOSITORY),
    payload: Any = None,
    delivery_id: str = "",
    secret: str = SECRET,
    **deployment: Any,
) -> GithubEvent:
    """A signed delivery; its id follows from the number of the deployment."""
    body = json.dumps(
        {
            "action": "created",
            "repository": {"full_name": repository, "html_url": f"https://github.com/{repository}"},
            "deployment": {
                "id": number,
                "environment": CLUSTER,
                "ref": "main",
                "sha": "3f2c1ab",
                "creator": {"login": "anna"},
                "description": "as every night",
                "payload": a_payload() if payload is None else payload,
                **deployment,
            },
        }
    ).encode()
    return GithubEvent("deployment", delivery_id or delivery(number), body, signature_of(body, secret))


def delivery(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


@dataclass
class Doorstep:
    """An `Accepting` with everything around it; what it wakes is counted."""

    store: RequestStore = field(default_factory=lambda: MemoryRequestStore(MemoryLedger()))
    now: Time = field(default_factory=Time)
    teams: Teams = field(default_factory=lambda: Teams({"navikt/web": {"aura"}}))
    configured: tuple[str, ...] = (CLUSTER,)
    woken: int = 0

    def __post_init__(self) -> None:
        numbers = itertools.count(1)
        self.accepting = Accepting(
            self.store,
            secrets=[SECRET, "the one before"],
            clusters=Clusters(self.store, self.configured, self.now),
            access=self.teams,
            seal=seal,
            now=self.now,
            random=lambda bits: next(numbers),
            base_url="https://fairway.example/",
            wake=self._wake,
        )

    def _wake(self) -> None:
        self.woken += 1


def seal(request: DeploymentRequest) -> bytes:
    return SEAL.seal(encode_request(request))


_RECORDING = Recording(lambda: NOON, lambda bits: 0)


def a_request(
    number: int = 1,
    *,
    at: float = 0,
    deadline: float = 60,
    deployment_id: int | None = None,
    delivery_id: str = "",
    recording: Recording = _RECORDING,
    repository: RepositoryName = REPOSITORY,
    cluster: str = CLUSTER,
    team: str = "aura",
    app: str = "web",
    namespace: str = "",
) -> NewRequest:
    """As it is stored; `at` and `deadline` in seconds after noon."""
    moment = NOON.replace(microsecond=0) + timedelta(seconds=at)
    request = DeploymentRequest(
        delivery_id or delivery(number),
        repository,
        number if deployment_id is None else deployment_id,
        cluster,
        team,
        (a_resource(app, "Deployment", **({"namespace": namespace} if namespace else {})),),
        moment,
        NOON.replace(microsecond=0) + timedelta(seconds=deadline),
    )
    origin = Origin(cluster, "main", "3f2c1ab", "anna", "as every night", "https://github.com/navikt/web/deployments")
    door = Door.GITHUB if request.deployment_id else Door.API
    return recording.accepted(request, origin, seal(request), door)


def a_refusal(number: int = 1, *, recording: Recording = _RECORDING, reason: str = "no resources") -> NewRequest:
    return recording.refused(delivery(number), REPOSITORY, number, Origin(CLUSTER), "aura", reason)
