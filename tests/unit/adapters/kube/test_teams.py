"""Other names on the same connections, and tokens that run out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from tests.unit.adapters.kube.conftest import Server, ok, status

from fairway.adapters.kube.client import KubeClient
from fairway.adapters.kube.service_accounts import KNOWN_FOR, ServiceAccounts
from fairway.adapters.kube.target import Impersonation, User
from fairway.adapters.kube.teams import ImpersonatedTeams, TokenTeams
from fairway.adapters.kube.transport import Call
from fairway.domain.dispatch.teams import account_of
from fairway.domain.errors import UserError
from fairway.domain.kube_errors import Forbidden
from fairway.domain.manifests.objects import Object, ObjectRef

READ = Call("get", "GET", "/api/v1/x", "read x", headers={"Accept": "text/plain"})
ACCOUNT = account_of("aura", own_namespace=False)


async def test_another_name_travels_on_the_same_connections(server: Server) -> None:
    server.answers = [ok(Warning='299 - "v1beta1 goes away"')]
    own = await server.transport(User(token="mine"))
    await own.send(READ)
    other = own.as_another(impersonation=Impersonation(ACCOUNT.user))
    await other.send(READ)
    assert [s[2].get("Impersonate-User") for s in server.seen] == [None, ACCOUNT.user]
    assert [s[2]["Authorization"] for s in server.seen] == ["Bearer mine"] * 2
    assert [s[2]["Accept"] for s in server.seen] == ["text/plain"] * 2
    assert (own.warnings, other.warnings) == ({"v1beta1 goes away": 1}, {"v1beta1 goes away": 1})


async def test_what_one_name_is_warned_of_is_not_told_to_another(server: Server) -> None:
    server.answers = [ok(Warning='299 - "careful"'), ok()]
    own = await server.transport()
    first, second = (own.as_another(impersonation=Impersonation(name)) for name in ("a", "b"))
    await first.send(READ)
    await second.send(READ)
    assert (first.warnings, second.warnings, own.warnings) == ({"careful": 1}, {}, {})


async def test_nobody_takes_neither_login_nor_impersonation_along(server: Server) -> None:
    server.answers = [ok()]
    own = await server.transport(User(token="mine", impersonation=Impersonation("boss")))
    async with own.as_nobody() as nobody:
        await nobody.send(READ)
    assert not {"Authorization", "Impersonate-User"} & server.seen[0][2].keys()


class Accounts:
    """A server that knows accounts and gives tokens; what is sent with the newest token is answered."""

    def __init__(self, server: Server, clock: Any) -> None:
        self.there = True
        self.given = 0
        self.good = 0
        self.life = 3600
        self.clock = clock
        server.answers = [self.answer]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/token"):
            if not self.there:
                return await status(404, "not found", "NotFound", name="x")(request)
            self.given += 1
            self.good = self.given
            ends = self.clock() + self.life
            token = {"token": f"t{self.given}", "expirationTimestamp": datetime.fromtimestamp(ends, UTC).isoformat()}
            return web.json_response({"status": token})
        if "/serviceaccounts" in request.path:
            if request.method == "POST":
                self.there = True
                return web.json_response(json.loads(await request.text()))
            return web.json_response({}) if self.there else await status(404, "no", "NotFound", name="x")(request)
        if request.path in ("/api", "/apis", "/version"):
            return web.json_response(_served(request.path))
        if request.headers.get("Authorization") != f"Bearer t{self.good}":
            return await status(401, "Unauthorized")(request)
        return web.json_response({"kind": "ConfigMap"})


def _served(path: str) -> Any:
    if path == "/version":
        return {"gitVersion": "v1.36.3"}
    resources = [
        {"resource": f"{kind.lower()}s", "responseKind": {"kind": kind}, "scope": "Namespaced", "verbs": ["get"]}
        for kind in ("ServiceAccount", "ConfigMap")
    ]
    items = [{"metadata": {}, "versions": [{"version": "v1", "resources": resources}]}] if path == "/api" else []
    return {"kind": "APIGroupDiscoveryList", "items": items}


class Clock:
    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time


SETTINGS = ObjectRef("v1", "ConfigMap", "shop", "settings")


async def token_teams(server: Server, clock: Clock, *, create: bool = True) -> tuple[TokenTeams, Accounts]:
    accounts = Accounts(server, clock)
    kube = KubeClient(await server.transport(User(token="deployd")))
    nobody = KubeClient(await server.transport())
    return TokenTeams(kube, nobody, ServiceAccounts(kube, create=create, clock=clock), clock=clock), accounts


async def read(teams: Any) -> Object | None:
    async with teams.acting_as("aura") as kube:
        found: Object | None = await kube.get(SETTINGS)
        return found


async def test_a_token_is_kept_until_shortly_before_it_runs_out(server: Server) -> None:
    clock = Clock()
    teams, accounts = await token_teams(server, clock)
    for _ in range(3):
        await read(teams)
    assert accounts.given == 1
    clock.time += 3500
    await read(teams)
    assert accounts.given == 1
    clock.time += 80
    await read(teams)
    assert accounts.given == 2


async def test_a_refused_token_is_replaced_once(server: Server) -> None:
    teams, accounts = await token_teams(server, Clock())
    await read(teams)
    accounts.good = 99
    before = accounts.given
    await read(teams)
    assert accounts.given == before + 1


async def test_an_account_that_was_deleted_meanwhile_is_made_again(server: Server) -> None:
    teams, accounts = await token_teams(server, Clock())
    await read(teams)
    accounts.good, accounts.there = 99, False
    await read(teams)
    assert accounts.there


async def test_an_account_that_is_gone_is_named_when_it_may_not_be_made(server: Server) -> None:
    teams, accounts = await token_teams(server, Clock(), create=False)
    await read(teams)
    accounts.good, accounts.there = 99, False
    with pytest.raises(UserError, match="has no service account"):
        await read(teams)


async def test_the_account_is_looked_for_once_in_a_while(server: Server) -> None:
    clock = Clock()
    accounts = Accounts(server, clock)
    kube = KubeClient(await server.transport())
    known = ServiceAccounts(kube, clock=clock)
    for _ in range(3):
        await known.require(ACCOUNT)
    assert kube.requests["get"] == 1
    clock.time += KNOWN_FOR + 1
    accounts.there = False
    with pytest.raises(UserError, match="has no service account"):
        await known.require(ACCOUNT)


async def test_deployd_that_may_not_impersonate_is_told_by_kubernetes(server: Server) -> None:
    accounts = Accounts(server, Clock())

    async def refuse(request: web.Request) -> web.StreamResponse:
        if "Impersonate-User" in request.headers:
            return await status(403, 'serviceaccounts "serviceuser-aura" is forbidden: cannot impersonate')(request)
        return await accounts.answer(request)

    server.answers = [refuse]
    kube = KubeClient(await server.transport())
    with pytest.raises(Forbidden, match="cannot impersonate"):
        await read(ImpersonatedTeams(kube, ServiceAccounts(kube)))
