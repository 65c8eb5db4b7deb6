"""Tells GitHub what became of deployments: the port of hookd, for any number of repositories.

The rule not to break: a post is tried once, because a lost answer may stand for a status that is there; whoever calls
looks at `states` before trying again. An owner whose limit is reached is left alone until it ends.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from fairway.adapters.forges.answers import LoginRefused, NotFound, RateLimited
from fairway.adapters.forges.api import Patience
from fairway.adapters.forges.github.deployments import GithubDeployments, GivenStatus
from fairway.domain.deployments.status import State
from fairway.domain.dispatch.requests import RepositoryName
from fairway.domain.dispatch.statuses import StatusPost, cut_description
from fairway.domain.errors import Transient

AT_ONCE = 8
SHORT = Patience(attempts=1, first_pause=0.2, timeout=10.0, longest_wait=0.0)
"""Of the API that this is given: one try, no waiting."""

WORDS: dict[State, str] = {state: state.value for state in State} | {State.ROLLED_BACK: State.INACTIVE.value}
"""What GitHub calls a state; what was put back is not there any more."""
_OURS = {state.value: state for state in State if state is not State.ROLLED_BACK}


class GithubDeploymentStatuses:
    """Implements `services.hookd.ports.DeploymentStatuses`.

    Transient: silence, limits, and a refused login, which somebody can set right meanwhile. UserError and Terminal:
    no such deployment, no right to it, App not installed, not valid.
    """

    def __init__(
        self,
        deployments: GithubDeployments,
        *,
        at_once: int = AT_ONCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._deployments = deployments
        self._room = asyncio.Semaphore(at_once)
        self._clock = clock
        self._limited_until: dict[str, float] = {}

    async def post(self, status: StatusPost) -> None:
        async with self._asking(status.repository.owner):
            await self._deployments.give(status.repository, status.deployment_id, _body(status))

    async def states(self, repository: RepositoryName, deployment_id: int) -> list[State]:
        async with self._asking(repository.owner):
            try:
                given = await self._deployments.statuses(repository, deployment_id)
            except NotFound:
                return []
        return [_OURS[one.state] for one in given if one.state in _OURS]

    async def newest(self, repository: RepositoryName, deployment_id: int) -> GivenStatus | None:
        """What GitHub was told last of this deployment."""
        async with self._asking(repository.owner):
            return await self._deployments.newest_status(repository, deployment_id)

    async def aclose(self) -> None:
        await self._deployments.aclose()

    @asynccontextmanager
    async def _asking(self, owner: str) -> AsyncIterator[None]:
        owner = owner.lower()
        async with self._room:
            left = self._limited_until.get(owner, 0.0) - self._clock()
            if left > 0:
                raise RateLimited(f"GitHub allows no more requests for {owner} for {left:.0f} s", left)
            try:
                yield
            except RateLimited as error:
                self._limited_until[owner] = self._clock() + error.after / timedelta(seconds=1)
                raise
            except LoginRefused as error:
                raise Transient(error.message, fix=error.fix) from error


def _body(status: StatusPost) -> dict[str, Any]:
    # auto_inactive would end other applications of the same repository in the same environment.
    body = {
        "state": WORDS[status.state],
        "description": cut_description(status.description),
        "log_url": status.log_url,
        "auto_inactive": False,
    }
    return {**body, "environment_url": status.environment_url} if status.environment_url else body
