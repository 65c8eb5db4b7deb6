"""A loopback GitHub with deployments of many repositories, an App with its installations, and a webhook.

It follows the published descriptions on both ways: requests and answers those of REST, events those of webhooks.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from jsonschema import Draft7Validator
from tests.support.forges.github import APP_ID, GithubServer
from tests.support.forges.hooks import Hooks
from tests.support.forges.published import FOLDER, Mismatch
from tests.support.forges.serving import Answer, Asked, Handler, Refused

RATE_LIMIT = Answer(403, {"message": "API rate limit exceeded"}, {"X-RateLimit-Remaining": "0", "Retry-After": "60"})
SECONDARY_LIMIT = Answer(403, {"message": "You have exceeded a secondary rate limit."}, {"Retry-After": "60"})
BROKEN = Answer(500, {"message": "Server Error"})
EXPIRED = Answer(401, {"message": "Bad credentials"})
FORBIDDEN = Answer(403, {"message": "Resource not accessible by integration"})


@dataclass
class Fault:
    """What goes wrong with the next `times` requests of this method whose path contains `part`.

    With an answer it is given in place of the work; without one the work is done and the connection is cut.
    """

    method: str
    part: str
    answer: Answer | None = None
    times: int = 1


@dataclass
class Kept:
    """A deployment and its statuses, as GitHub keeps them."""

    repository: str
    shown: dict[str, Any]
    statuses: list[dict[str, Any]] = field(default_factory=list)

    @property
    def states(self) -> list[str]:
        return [one["state"] for one in self.statuses]


@dataclass
class DeploymentsServer(GithubServer):
    """`installed` are the App's installations by owner in lower case; other owners have none."""

    hooks: Hooks = field(default_factory=Hooks)
    deployments: dict[int, Kept] = field(default_factory=dict)
    installed: dict[str, int] = field(default_factory=lambda: {"shop": 99})
    repositories: set[str] | None = None
    """None: whatever is asked for is there."""
    refusals: dict[str, Answer] = field(default_factory=dict)
    """What creating a deployment of a ref is answered."""
    faults: list[Fault] = field(default_factory=list)
    granted: dict[str, int] = field(default_factory=dict)
    """Installations by their tokens."""
    story: list[tuple[str, str]] = field(default_factory=list)
    """Statuses that come by themselves, one before each look at them: state and description."""

    def routes(self) -> Mapping[str, Handler]:
        repo = "/repos/{owner}/{repo}"
        one = f"{repo}/deployments/{{id}}"
        return {
            **super().routes(),
            f"GET {repo}/deployments": self._deployments,
            f"POST {repo}/deployments": self._create,
            f"GET {one}": lambda asked, o, r, key: Answer(200, self._kept(o, r, key).shown),
            f"GET {one}/statuses": self._given,
            f"POST {one}/statuses": self._give,
        }

    def serve(self, asked: Asked) -> Answer:
        with self.lock:
            fault = next((f for f in self.faults if f.method == asked.method and f.part in asked.path), None)
            if fault is not None:
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
                if fault.answer is not None:
                    self.asked.append(asked)
                    return fault.answer
                self.lose = asked.method
            return super().serve(asked)

    def authorized(self, asked: Asked) -> bool:
        """Tokens of an installation are good for the repositories of its owner."""
        given = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if given in self.granted:
            owner = asked.path.removeprefix("/repos/").partition("/")[0].lower()
            return self.installed.get(owner) == self.granted[given]
        return given not in self.installation_tokens and super().authorized(asked)

    def expire_tokens(self) -> None:
        self.granted.clear()

    def _installation(self, asked: Asked, owner: str, repo: str) -> Answer:
        if owner.lower() not in self.installed:
            raise Refused(404, {"message": "Not Found"})
        found = self.published.example("GET", asked.path, 200)  # type: ignore[union-attr]
        return Answer(200, {**found, "id": self.installed[owner.lower()], "app_id": APP_ID})

    def _access_token(self, asked: Asked, installation: str) -> Answer:
        if int(installation) not in self.installed.values():
            raise Refused(404, {"message": "Not Found"})
        token = f"ghs_{len(self.installation_tokens):036d}"
        self.installation_tokens.append(token)
        self.granted[token] = int(installation)
        ends = datetime.fromtimestamp(time.time() + self.token_seconds, UTC)
        made = self.published.example("POST", asked.path, 201)  # type: ignore[union-attr]
        return Answer(201, {**made, "token": token, "expires_at": ends.strftime("%Y-%m-%dT%H:%M:%SZ")})

    def _deployments(self, asked: Asked, owner: str, repo: str) -> Answer:
        self._known(owner, repo)
        found = [one.shown for one in self.deployments.values() if one.repository == f"{owner}/{repo}".lower()]
        for key in ("environment", "ref", "sha", "task"):
            found = [one for one in found if asked.query.get(key) in (None, one[key])]
        return self.page(asked, sorted(found, key=lambda one: int(one["id"]), reverse=True))

    def _create(self, asked: Asked, owner: str, repo: str) -> Answer:
        self._known(owner, repo)
        body = asked.body
        if answer := self.refusals.get(body["ref"]):
            raise Refused(answer.status, answer.data)
        key = self.world.next_id()
        self.deployments[key] = Kept(f"{owner}/{repo}".lower(), self._shown(key, asked.path, owner, repo, body))
        self.hooks.send("deployment", self._event(key, owner, repo))
        return Answer(201, self.deployments[key].shown)

    def _shown(self, key: int, path: str, owner: str, repo: str, body: dict[str, Any]) -> dict[str, Any]:
        url = f"{self.api}/repos/{owner}/{repo}"
        payload = body.get("payload", {})
        return {
            **self.published.example("POST", path, 201),  # type: ignore[union-attr]
            "id": key,
            "ref": body["ref"],
            "sha": self.world.branches.get(body["ref"], "c" * 40),
            "task": body.get("task", "deploy"),
            "payload": payload,
            "environment": body.get("environment", "production"),
            "original_environment": body.get("environment", "production"),
            "description": body.get("description"),
            "created_at": _now(),
            "updated_at": _now(),
            "url": f"{url}/deployments/{key}",
            "statuses_url": f"{url}/deployments/{key}/statuses",
            "repository_url": url,
        }

    def _event(self, key: int, owner: str, repo: str) -> bytes:
        example, schema = deployment_event()
        shown = {name: value for name, value in self.deployments[key].shown.items() if name in example["deployment"]}
        full_name = f"{owner}/{repo}"
        event = {
            **example,
            "deployment": {**example["deployment"], **shown, "creator": example["deployment"]["creator"]},
            "repository": {
                **example["repository"],
                "name": repo,
                "full_name": full_name,
                "html_url": f"{self.url}/{full_name}",
                "owner": {**example["repository"]["owner"], "login": owner},
            },
        }
        for error in schema.iter_errors(event):
            raise Mismatch(f"the event is not as published: {error.message[:300]}")
        return json.dumps(event).encode()

    def _given(self, asked: Asked, owner: str, repo: str, key: str) -> Answer:
        kept = self._kept(owner, repo, key)
        if self.story:
            state, description = self.story.pop(0)
            self._keep(kept, asked.path, {"state": state, "description": description, "log_url": f"{self.url}/logs"})
        return self.page(asked, list(reversed(kept.statuses)))

    def _give(self, asked: Asked, owner: str, repo: str, key: str) -> Answer:
        kept = self._kept(owner, repo, key)
        body = asked.body
        if len(body.get("description", "")) > 140:
            raise Refused(422, {"message": "Validation Failed", "errors": [{"message": "description is too long"}]})
        return Answer(201, self._keep(kept, asked.path, body))

    def _keep(self, kept: Kept, path: str, body: dict[str, Any]) -> dict[str, Any]:
        made = {
            **self.published.example("POST", path, 201),  # type: ignore[union-attr]
            "id": self.world.next_id(),
            "state": body["state"],
            "description": body.get("description", ""),
            "environment": kept.shown["environment"],
            "log_url": body.get("log_url", ""),
            "target_url": body.get("log_url", ""),
            "environment_url": body.get("environment_url", ""),
            "created_at": _now(),
            "updated_at": _now(),
        }
        kept.statuses.append(made)
        return made

    def _known(self, owner: str, repo: str) -> None:
        if self.repositories is not None and f"{owner}/{repo}" not in self.repositories:
            raise Refused(404, {"message": "Not Found"})

    def _kept(self, owner: str, repo: str, key: str) -> Kept:
        kept = self.deployments.get(int(key))
        if kept is None or kept.repository != f"{owner}/{repo}".lower():
            raise Refused(404, {"message": "Not Found"})
        return kept


@lru_cache
def deployment_event() -> tuple[dict[str, Any], Draft7Validator]:
    """A `deployment` event as it was published, and the schema of them all."""
    example = json.loads((FOLDER / "deployment_event.json").read_text(encoding="utf-8"))
    schema = json.loads((FOLDER / "deployment_event.schema.json").read_text(encoding="utf-8"))
    return example, Draft7Validator(schema)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
