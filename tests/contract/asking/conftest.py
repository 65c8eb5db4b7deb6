"""Everybody who can be asked for a deployment, each with its other side: in memory, GitHub, hookd's API and webhook."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pytest
from tests.contract.forges.conftest import github_api
from tests.support.asking import RESOURCE, SECRET, Asked, asking, utc_now
from tests.support.forges.github_deployments import DeploymentsServer, Fault
from tests.support.forges.serving import serving

from fairway.adapters.forges.github.asking import GithubAddressee
from fairway.adapters.forges.github.deployments import GithubDeployments
from fairway.adapters.hookd.calls import Answer, Hookd
from fairway.adapters.hookd.events import HookdEvents
from fairway.adapters.hookd.rest import HookdApi
from fairway.adapters.hookd.signing import TeamKey
from fairway.adapters.memory.addressee import MemoryAddressee
from fairway.domain.deployments.status import State
from fairway.domain.dispatch.requests import RepositoryName
from fairway.domain.dispatch.wanted import Receipt, Told, Wanted
from fairway.domain.errors import Transient, UserError
from fairway.services.asking.ports import Addressee
from fairway.services.hookd.ports import Step

WANTED = Wanted(
    repository=RepositoryName("example", "orders"),
    cluster="dev",
    team="shop",
    resources=(dict(RESOURCE),),
    ref="main",
    description="orders 1.4.2",
)


class LosingHookd(Hookd):
    """Loses the answer to the next post, after the work was done."""

    loses = False

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        answer = await super().post(path, body, headers)
        if self.loses:
            self.loses = False
            raise Transient("the answer got lost")
        return answer


class Place(Protocol):
    addressee: Addressee

    async def report(self, receipt: Receipt, state: State, description: str) -> None: ...

    async def count(self) -> int:
        """Deployments that were made."""
        ...

    def lose(self) -> None:
        """The next answer gets lost."""
        ...

    async def refuse(self) -> None:
        """From now on this is not wanted, for good."""
        ...


@dataclass
class MemoryPlace:
    addressee: MemoryAddressee = field(default_factory=MemoryAddressee)
    told: list[Told] = field(default_factory=list)

    async def report(self, receipt: Receipt, state: State, description: str) -> None:
        self.told.append(Told(state.value, description, utc_now()))
        self.addressee.looks = [list[Told](self.told)]

    async def count(self) -> int:
        return len(self.addressee.asked)

    def lose(self) -> None:
        self.addressee.refusals.append(Transient("the answer got lost"))

    async def refuse(self) -> None:
        self.addressee.refusals.append(UserError("no"))


@dataclass
class GithubPlace:
    addressee: Addressee
    server: DeploymentsServer

    async def report(self, receipt: Receipt, state: State, description: str) -> None:
        api = github_api(self.server)
        status = {"state": state.value, "description": description}
        await GithubDeployments(api).give(WANTED.repository, int(receipt.id), status)
        await api.aclose()

    async def count(self) -> int:
        return len(self.server.deployments)

    def lose(self) -> None:
        self.server.faults.append(Fault("POST", "/deployments"))

    async def refuse(self) -> None:
        self.server.repositories = set()


@dataclass
class HookdPlace:
    addressee: Addressee
    hookd: LosingHookd
    asked: Asked

    async def report(self, receipt: Receipt, state: State, description: str) -> None:
        if state is not State.QUEUED:  # it is there since it was accepted
            await self.asked.store.step([Step(receipt.id, state, utc_now(), description)])

    async def count(self) -> int:
        return len(await self.asked.store.find())

    def lose(self) -> None:
        self.hookd.loses = True

    async def refuse(self) -> None:
        self.asked.access.teams_of.clear()
        await self.asked.keys.revoke("shop")


@pytest.fixture(params=["memory", "github", "api", "events"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    if request.param == "memory":
        yield MemoryPlace()
    elif request.param == "github":
        with serving(DeploymentsServer()) as server:
            assert isinstance(server, DeploymentsServer)
            addressee = GithubAddressee(GithubDeployments(github_api(server)), server.url)
            yield GithubPlace(addressee, server)
            await addressee.aclose()
    else:
        async with asking() as asked:
            hookd = LosingHookd(str(asked.client.base_url))
            yield HookdPlace(await _addressee(request.param, hookd, asked), hookd, asked)
            await hookd.aclose()


async def _addressee(kind: str, hookd: Hookd, asked: Asked) -> Addressee:
    if kind == "api":
        return HookdApi(hookd, TeamKey((await asked.keys.rotate("shop", keep_old_for=60)).hex()))
    return HookdEvents(hookd, SECRET, delivery_id=str(uuid.uuid4()), deployment_id=4711)


def states(told: Sequence[Told]) -> list[str]:
    return [one.state for one in told]
