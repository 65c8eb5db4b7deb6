"""Acting as a team in a cluster: by impersonation, or with a token of the team's service account.

Impersonation names no groups: the API server then gives a service account those that it has anyway, and deployd needs
no right to impersonate groups. The rule not to break: a token never travels with deployd's own client certificate,
which the server would prefer.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import orjson

from fairway.adapters.kube.answers import NotFound
from fairway.adapters.kube.client import KubeClient
from fairway.adapters.kube.credentials import Credential, Renewed
from fairway.adapters.kube.service_accounts import ServiceAccounts
from fairway.adapters.kube.target import Impersonation
from fairway.adapters.kube.transport import Call
from fairway.domain.dispatch.teams import TeamAccount, account_of

TOKEN_SECONDS = 3600


class ImpersonatedTeams:
    """Implements `services.deployd.ports.TeamIdentity` over deployd's own connections."""

    def __init__(self, kube: KubeClient, accounts: ServiceAccounts, *, own_namespaces: bool = False) -> None:
        self._kube = kube
        self._accounts = accounts
        self._own_namespaces = own_namespaces

    @asynccontextmanager
    async def acting_as(self, team: str) -> AsyncIterator[KubeClient]:
        account = account_of(team, own_namespace=self._own_namespaces)
        await self._accounts.require(account)
        yield self._kube.as_another(impersonation=Impersonation(account.user))


class TokenTeams:
    """Implements `services.deployd.ports.TeamIdentity` with TokenRequest. Made by `open_token_teams`."""

    def __init__(
        self,
        kube: KubeClient,
        nobody: KubeClient,
        accounts: ServiceAccounts,
        *,
        own_namespaces: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`nobody` is a client of the same cluster without credentials."""
        self._kube = kube
        self._nobody = nobody
        self._accounts = accounts
        self._own_namespaces = own_namespaces
        self._clock = clock
        self._tokens: dict[TeamAccount, Renewed] = {}

    @asynccontextmanager
    async def acting_as(self, team: str) -> AsyncIterator[KubeClient]:
        account = account_of(team, own_namespace=self._own_namespaces)
        await self._accounts.require(account)
        tokens = self._tokens.get(account)
        if tokens is None:
            tokens = self._tokens[account] = Renewed(_Tokens(self._kube, self._accounts, account), self._clock)
        # Asked for here, so that what is refused is refused before anything is done.
        await tokens.current()
        yield self._nobody.as_another(credentials=tokens)


@asynccontextmanager
async def open_token_teams(
    kube: KubeClient, accounts: ServiceAccounts, *, own_namespaces: bool = False
) -> AsyncIterator[TokenTeams]:
    """Teams with tokens share connections of their own, on which nobody is logged in."""
    async with kube.as_nobody() as nobody:
        yield TokenTeams(kube, nobody, accounts, own_namespaces=own_namespaces)


class _Tokens:
    def __init__(self, kube: KubeClient, accounts: ServiceAccounts, account: TeamAccount) -> None:
        self._kube = kube
        self._accounts = accounts
        self._account = account

    async def fetch(self) -> Credential:
        try:
            return await self._ask()
        except NotFound:
            # Somebody deleted the account since it was seen last.
            self._accounts.forget(self._account)
            await self._accounts.require(self._account)
            return await self._ask()

    async def _ask(self) -> Credential:
        account = self._account
        wanted: Any = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": TOKEN_SECONDS},
        }
        path = f"/api/v1/namespaces/{account.namespace}/serviceaccounts/{account.name}/token"
        call = Call(
            "create",
            "POST",
            path,
            f"get a token of {account}",
            orjson.dumps(wanted),
            {"Content-Type": "application/json"},
        )
        given = orjson.loads(await self._kube.transport.send(call))["status"]
        expires = datetime.fromisoformat(given["expirationTimestamp"]).timestamp()
        return Credential(f"Bearer {given['token']}", expires=expires)
