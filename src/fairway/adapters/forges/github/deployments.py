"""Deployments of any number of GitHub repositories: created, read, and the statuses that they were given.

The rule not to break: a deployment is asked for exactly as it is: nothing is merged into its ref, and no checks of
others hold it up. Source: GitHub's REST API description, version 2022-11-28, "Deployments".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fairway.adapters.forges.answers import Declined, NotFound
from fairway.adapters.forges.api import Api
from fairway.adapters.forges.github.app import Installations
from fairway.domain.dispatch.requests import RepositoryName
from fairway.domain.dispatch.statuses import cut_description
from fairway.domain.errors import Terminal, UserError

PAGE = "100"


@dataclass(frozen=True, slots=True)
class NewDeployment:
    environment: str
    ref: str
    payload: Mapping[str, Any]
    description: str = ""
    transient: bool = False
    """The environment is only there for this deployment: a preview of a pull request."""
    production: bool | None = None
    """None: GitHub decides by the environment's name."""


@dataclass(frozen=True, slots=True)
class MadeDeployment:
    id: int
    environment: str
    ref: str
    sha: str
    description: str
    creator: str
    payload: Any
    """A map, or whatever text it was given."""
    at: datetime


@dataclass(frozen=True, slots=True)
class GivenStatus:
    id: int
    state: str
    description: str
    log_url: str
    at: datetime


@dataclass
class GithubDeployments:
    """With `installations` each repository is asked as its owner's installation, else all with the API's own login.

    Errors: NotFound, Declined and other UserErrors, Transient, Terminal; see `adapters.forges.api`.
    """

    api: Api
    installations: Installations | None = None

    async def create(self, repository: RepositoryName, wanted: NewDeployment) -> MadeDeployment:
        """Raises Conflict when GitHub does not deploy that ref, Transient when it is not known whether it did."""
        body: dict[str, Any] = {
            "ref": wanted.ref,
            "environment": wanted.environment,
            "payload": dict(wanted.payload),
            "description": cut_description(wanted.description),
            "auto_merge": False,
            "required_contexts": [],
            "transient_environment": wanted.transient,
        }
        if wanted.production is not None:
            body["production_environment"] = wanted.production
        with _conflicts(wanted.ref), _missing(repository):
            reply = await self.of(repository).ask("POST", f"repos/{repository}/deployments", body=body)
        if reply.status == 202:
            raise Terminal(
                f"GitHub merged something instead of deploying: {_text(reply.data, 'message')}",
                fix=f"deploy {wanted.ref} once more",
            )
        return _made(reply.data)

    async def get(self, repository: RepositoryName, number: int) -> MadeDeployment:
        with _missing(repository, number):
            return _made(await self.of(repository).get(f"repos/{repository}/deployments/{number}"))

    async def newest(self, repository: RepositoryName, environment: str, *, ref: str = "") -> list[MadeDeployment]:
        """The newest deployments of an environment, newest first; not all of them."""
        query = {"environment": environment, "per_page": "30", **({"ref": ref} if ref else {})}
        with _missing(repository):
            found = await self.of(repository).get(f"repos/{repository}/deployments", query)
        return sorted((_made(one) for one in _list(found)), key=lambda one: one.id, reverse=True)

    async def statuses(self, repository: RepositoryName, number: int) -> list[GivenStatus]:
        """All statuses of a deployment, oldest first."""
        with _missing(repository, number):
            found = await self.of(repository).pages(_statuses(repository, number), {"per_page": PAGE})
        return sorted((_given(one) for one in found), key=lambda one: one.id)

    async def newest_status(self, repository: RepositoryName, number: int) -> GivenStatus | None:
        with _missing(repository, number):
            found = await self.of(repository).get(_statuses(repository, number), {"per_page": PAGE})
        return max((_given(one) for one in _list(found)), key=lambda one: one.id, default=None)

    async def give(self, repository: RepositoryName, number: int, status: Mapping[str, Any]) -> None:
        with _missing(repository, number):
            await self.of(repository).send("POST", _statuses(repository, number), dict(status))

    def of(self, repository: RepositoryName) -> Api:
        """The API under the login for this repository's owner."""
        if self.installations is None:
            return self.api
        return self.api.under(self.installations.login(str(repository)))

    async def aclose(self) -> None:
        await self.api.aclose()
        if self.installations is not None:
            await self.installations.aclose()


class Conflict(Declined):
    """409: the ref is there, and GitHub does not deploy it as it is."""


@contextmanager
def _conflicts(ref: str) -> Iterator[None]:
    try:
        yield
    except Declined as error:
        if error.status == 409:
            fix = f"bring {ref} up to date with the default branch, or wait for its checks, and deploy again"
            raise Conflict(error.message, 409, fix=error.fix or fix) from error
        raise UserError(error.message, fix=error.fix or f"is {ref} pushed, and its name right?") from error


@contextmanager
def _missing(repository: RepositoryName, number: int = 0) -> Iterator[None]:
    try:
        yield
    except NotFound as error:
        what = f"there is no deployment {number} in {repository}" if number else f"there is no repository {repository}"
        raise NotFound(f"{what}, or the login may not see it", fix=error.fix) from error


def _statuses(repository: RepositoryName, number: int) -> str:
    return f"repos/{repository}/deployments/{number}/statuses"


def _made(data: Any) -> MadeDeployment:
    if not isinstance(data, dict) or not isinstance(data.get("id"), int):
        raise Terminal("GitHub answered with something that is no deployment")
    creator = data.get("creator")
    return MadeDeployment(
        id=data["id"],
        environment=_text(data, "environment"),
        ref=_text(data, "ref"),
        sha=_text(data, "sha"),
        description=_text(data, "description"),
        creator=_text(creator, "login"),
        payload=data.get("payload"),
        at=_time(data),
    )


def _given(data: Any) -> GivenStatus:
    if not isinstance(data, dict) or not isinstance(data.get("id"), int):
        raise Terminal("GitHub answered with something that is no status of a deployment")
    log_url = _text(data, "log_url") or _text(data, "target_url")
    return GivenStatus(data["id"], _text(data, "state"), _text(data, "description"), log_url, _time(data))


def _list(data: Any) -> list[Any]:
    if not isinstance(data, list):
        raise Terminal("GitHub answered with something that is not a list")
    return data


def _time(data: Mapping[str, Any]) -> datetime:
    try:
        return datetime.fromisoformat(_text(data, "created_at"))
    except ValueError as error:
        raise Terminal("GitHub answered with a time that cannot be read") from error


def _text(data: Any, key: str) -> str:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, str) else ""
