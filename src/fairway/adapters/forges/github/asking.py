"""Asks GitHub for a deployment, which tells hookd of it; the statuses are those that hookd gives it.

The rule not to break: a deployment that GitHub made, and whose answer got lost, is found again and not made twice.
"""

from __future__ import annotations

from fairway.adapters.forges.github.deployments import GithubDeployments, MadeDeployment, NewDeployment
from fairway.domain.dispatch.wanted import Receipt, Told, Wanted, payload_of
from fairway.domain.errors import Transient


class GithubAddressee:
    """Implements `services.asking.ports.Addressee`. `web` is where people see GitHub."""

    def __init__(
        self,
        deployments: GithubDeployments,
        web: str,
        *,
        transient: bool = False,
        production: bool | None = None,
    ) -> None:
        self._deployments = deployments
        self._web = web.rstrip("/")
        self._transient = transient
        self._production = production
        self._newest: int | None = None
        """The newest deployment of the environment before this one was asked for."""
        self._may_be_made = False
        self._wanted: Wanted | None = None

    async def ask(self, wanted: Wanted) -> Receipt:
        self._wanted = wanted
        new = NewDeployment(
            environment=wanted.cluster,
            ref=wanted.ref,
            payload=payload_of(wanted.team, wanted.resources),
            description=wanted.description,
            transient=self._transient,
            production=self._production,
        )
        if self._newest is None:
            known = await self._deployments.newest(wanted.repository, new.environment)
            self._newest = max((one.id for one in known), default=0)
        if self._may_be_made and (found := await self._find(wanted, new)) is not None:
            return self._receipt(wanted, found)
        try:
            made = await self._deployments.create(wanted.repository, new)
        except Transient:
            self._may_be_made = True
            raise
        return self._receipt(wanted, made)

    async def statuses(self, receipt: Receipt) -> list[Told]:
        assert self._wanted is not None
        given = await self._deployments.statuses(self._wanted.repository, int(receipt.id))
        return [Told(one.state, one.description, one.at, one.log_url) for one in given]

    async def aclose(self) -> None:
        await self._deployments.aclose()

    async def _find(self, wanted: Wanted, new: NewDeployment) -> MadeDeployment | None:
        known = await self._deployments.newest(wanted.repository, new.environment, ref=new.ref)
        newer = (one for one in known if one.id > (self._newest or 0))
        return next((one for one in newer if one.payload == new.payload), None)

    def _receipt(self, wanted: Wanted, made: MadeDeployment) -> Receipt:
        url = f"{self._web}/{wanted.repository}/deployments/{wanted.cluster}"
        return Receipt(str(made.id), f"deployment {made.id} of {wanted.repository}", log_url=url)
