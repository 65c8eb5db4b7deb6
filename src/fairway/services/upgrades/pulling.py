"""Logins of registries that an environment's own cluster holds.

The rule not to break: a cluster is asked only for Secrets that somebody named, and each Secret once per run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from fairway.domain.errors import UserError
from fairway.domain.manifests.objects import Object, ObjectRef
from fairway.domain.repository.models import Environment


class PullSecrets(Protocol):
    async def use(self, environment: Environment, names: Sequence[str]) -> None:
        """Let the registries know the logins of these Secrets of the environment's namespace.

        Raises UserError (no such Secret, no login in it), and what reaching the cluster raises.
        """
        ...


class NoPullSecrets:
    """Where no cluster can be asked: whoever names a Secret is told so."""

    async def use(self, environment: Environment, names: Sequence[str]) -> None:
        if names:
            fix = "give the login in another way: docker login, or helmRepos"
            raise UserError(f"imagePullSecrets of {environment.name} cannot be read here", fix=fix)


Read = Callable[[Environment, ObjectRef], Awaitable[Object | None]]
Take = Callable[[str, Mapping[str, Any]], None]


class ClusterPullSecrets:
    """`read` gets an object of an environment's cluster; `take` keeps what a Secret holds. `always` are used too."""

    def __init__(self, read: Read, take: Take, always: Sequence[str] = ()) -> None:
        self._read = read
        self._take = take
        self._always = tuple(always)
        self._asked: dict[tuple[str, str], asyncio.Future[None]] = {}

    async def use(self, environment: Environment, names: Sequence[str]) -> None:
        for name in dict.fromkeys((*names, *self._always)):
            key = (environment.name, name)
            if key not in self._asked:
                self._asked[key] = asyncio.ensure_future(self._fetch(environment, name))
            await asyncio.shield(self._asked[key])

    async def _fetch(self, environment: Environment, name: str) -> None:
        ref = ObjectRef(api_version="v1", kind="Secret", namespace=environment.namespace, name=name)
        found = await self._read(environment, ref)
        shown = f"{environment.namespace}/{name}"
        if found is None:
            fix = "correct imagePullSecrets, or create it: kubectl create secret docker-registry …"
            raise UserError(f"there is no Secret {shown} in the cluster of {environment.name}", fix=fix)
        self._take(shown, found)
