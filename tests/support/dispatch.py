"""Deployments as whoever asks for them sees them: signed events, a book of what was sent, and what was answered.

Each request brings two ConfigMaps: a mark, which nothing else ever makes, and its application's, which holds the
number of the request that was applied last. So the cluster itself tells what was applied, and in which order.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import random
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from tests.support.forges.published import FOLDER

LABEL = "dispatch-test"
SECRET = "hush"
Resource = dict[str, Any]


class Fate(Enum):
    """What has to become of a request, whatever breaks on the way."""

    GOOD = "good"
    """Applied; success, or inactive when a newer one came meanwhile."""
    REFUSED_THERE = "refused there"
    """The cluster refuses it: failure or error, and nothing of it is applied."""
    REFUSED_HERE = "refused here"
    """hookd refuses it and tells GitHub: one error, and nothing of it is applied."""
    UNHEARD = "unheard"
    """Nobody knows who sent it: GitHub is told nothing, and nothing of it is applied."""


@dataclass
class Wanted:
    """One deployment that is asked for. `answers` are the statuses of HTTP; 0 means that there was none."""

    number: int
    delivery: str
    repository: str
    deployment_id: int
    cluster: str
    team: str
    namespace: str
    app: str
    fate: Fate
    body: bytes = field(repr=False, default=b"")
    answers: list[tuple[int, str]] = field(default_factory=list)

    @property
    def is_accepted(self) -> bool:
        return any(code in (200, 201) for code, _ in self.answers)

    @property
    def is_answered(self) -> bool:
        return any(code and code != 503 for code, _ in self.answers)

    def headers(self, secret: str = SECRET) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "X-GitHub-Event": "deployment",
            "X-GitHub-Delivery": self.delivery,
            "X-Hub-Signature-256": f"sha256={hmac.new(secret.encode(), self.body, hashlib.sha256).hexdigest()}",
        }


@dataclass
class Book:
    """All that was asked for in one run, in the order in which it was made. `label` tells runs apart."""

    label: str
    repository: str = "shop/web"
    wanted: list[Wanted] = field(default_factory=list)
    first_id: int = 10_000
    seed: int = field(default_factory=lambda: random.SystemRandom().getrandbits(32))
    """Of everything that is left to chance in the run; to be shown when it fails."""
    on_ask: Callable[[Wanted], None] = lambda one: None
    """Told of each request before it is sent."""

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def ask(
        self,
        cluster: str,
        team: str,
        namespace: str,
        app: str,
        *,
        fate: Fate = Fate.GOOD,
        deployment_id: int = 0,
        more: tuple[Resource, ...] = (),
        **payload: Any,
    ) -> Wanted:
        """A new request, not sent yet. `more` are further resources, `payload` replaces keys of the payload."""
        number = len(self.wanted)
        delivery = str(uuid.UUID(int=self.chance.getrandbits(128), version=4))
        one = Wanted(
            number, delivery, self.repository, deployment_id or self.first_id + number,
            cluster, team, namespace, app, fate,
        )  # fmt: skip
        mark, state = f"mark-{self.label}-{number}", f"{app}-{cluster}-{self.label}"
        resources = [self._config(one, mark), self._config(one, state), *more]
        content = {"version": [1, 0, 0], "team": team, "kubernetes": {"resources": resources}, **payload}
        one.body = event(self.repository, one.deployment_id, cluster, content)
        self.wanted.append(one)
        self.on_ask(one)
        return one

    def _config(self, one: Wanted, name: str) -> Resource:
        labels = {"app": f"{one.app}-{self.label}", LABEL: self.label}
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": one.namespace, "labels": labels},
            "data": {"number": str(one.number), "delivery": one.delivery},
        }


def event(repository: str, deployment_id: int, environment: str, payload: Mapping[str, Any]) -> bytes:
    """A `deployment` event as GitHub publishes it, about this deployment."""
    example = _example()
    owner, _, name = repository.partition("/")
    shown = {"id": deployment_id, "environment": environment, "payload": payload, "original_environment": environment}
    place = {"name": name, "full_name": repository, "owner": {**example["repository"]["owner"], "login": owner}}
    return json.dumps(
        {
            **example,
            "deployment": {**example["deployment"], **shown},
            "repository": {**example["repository"], **place},
        }
    ).encode()


@lru_cache
def _example() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "deployment_event.json").read_text(encoding="utf-8"))
    return found


@dataclass
class Client:
    """Delivers events to hookd over one connection, as GitHub would; what goes wrong is an answer too."""

    url: str
    timeout: float = 30.0
    _open: http.client.HTTPConnection | None = None

    def deliver(self, one: Wanted, *, secret: str = SECRET) -> int:
        """The status that was answered, 0 for none; noted in the book."""
        code, text = self.post(one.body, one.headers(secret))
        one.answers.append((code, text))
        return code

    def post(self, body: bytes | Iterator[bytes], headers: Mapping[str, str]) -> tuple[int, str]:
        place = urlsplit(self.url)
        if self._open is None:
            self._open = http.client.HTTPConnection(place.hostname or "", place.port, timeout=self.timeout)
        try:
            self._open.request("POST", place.path or "/events", body, dict(headers))
            answer = self._open.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return 0, str(error)
        return answer.status, text

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
        self._open = None
