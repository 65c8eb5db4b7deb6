"""The teams' service accounts: looked for once in a while, and made when that is allowed.

The rule not to break: only the account is made, never a right; what a team may do is said by others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from fairway.adapters.kube.answers import NotFound
from fairway.domain.dispatch.teams import TeamAccount
from fairway.domain.errors import UserError
from fairway.domain.kube_errors import AlreadyExists
from fairway.domain.manifests.objects import Object, ObjectRef

KNOWN_FOR = 60.0
"""Seconds for which an account that was seen is taken to be there."""


class Objects(Protocol):
    """What is asked of a cluster."""

    async def get(self, ref: ObjectRef) -> Object | None: ...

    async def create(self, obj: Object, ref: ObjectRef) -> Object: ...


class ServiceAccounts:
    """`kube` is deployd's own client."""

    def __init__(self, kube: Objects, *, create: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self._kube = kube
        self._create = create
        self._clock = clock
        self._seen: dict[TeamAccount, float] = {}

    async def require(self, account: TeamAccount) -> None:
        """Return when the account is there. Raises UserError when it is not and may not be made."""
        if self._clock() - self._seen.get(account, float("-inf")) < KNOWN_FOR:
            return
        ref = ObjectRef("v1", "ServiceAccount", account.namespace, account.name)
        if await self._kube.get(ref) is None:
            if not self._create:
                raise UserError(
                    f"team {account.team} has no {account} in this cluster",
                    fix="create it, or let deployd do that with --auto-create-service-account",
                )
            await self._make(account, ref)
        self._seen[account] = self._clock()

    def forget(self, account: TeamAccount) -> None:
        """Look again next time."""
        self._seen.pop(account, None)

    async def _make(self, account: TeamAccount, ref: ObjectRef) -> None:
        labels = {"team": account.team, "app.kubernetes.io/managed-by": "fairway-deployd"}
        body: Object = {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": account.name, "namespace": account.namespace, "labels": labels},
        }
        try:
            await self._kube.create(body, ref)
        except AlreadyExists:
            return
        except NotFound as error:
            raise UserError(
                f"team {account.team} has no namespace {account.namespace} in this cluster",
                fix=f"create it: kubectl create namespace {account.namespace}",
            ) from error
