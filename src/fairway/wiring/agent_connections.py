"""The clusters of the agent's environments: connected when first needed, and kept.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fairway.settings import Settings, process_environment
from fairway.wiring.clock import now

if TYPE_CHECKING:
    from fairway.adapters.kube.client import KubeClient
    from fairway.adapters.kube.target import Target
    from fairway.domain.errors import Diagnostic
    from fairway.domain.releases.holding import Holder, Life
    from fairway.domain.repository.models import Environment
    from fairway.domain.suspensions.suspension import Suspension
    from fairway.domain.values.secrets import SecretRegister
    from fairway.services.agent.following import Tree
    from fairway.services.contexts import ClusterAccess
    from fairway.services.engine.gathering import Gathering
    from fairway.services.engine.session import Session

log = logging.getLogger(__name__)


class LoggedNotices:
    """What charts have to say, as log lines."""

    def warn(self, warning: Diagnostic) -> None:
        log.warning("chart.warning", extra={"where": str(warning.position or ""), "text": warning.message})

    def progress(self, text: str) -> None:
        log.debug("chart.progress", extra={"text": text})


@dataclass(frozen=True, slots=True)
class AgentConnection:
    """Implements `services.agent.carrying.Connected`."""

    settings: Settings
    kube: KubeClient
    session: Session
    secrets: SecretRegister

    @property
    def requests(self) -> int:
        return self.kube.requests.total()

    @asynccontextmanager
    async def gathering(self, tree: Tree, environment: Environment) -> AsyncIterator[Gathering]:
        from fairway.services.engine.gathering import Gathering
        from fairway.wiring.charts import chart_service
        from fairway.wiring.values import release_values

        values = release_values(environment, register=self.secrets, objects=self.kube)
        repos = tree.repository.helm_repos
        async with chart_service(self.settings, repos, notices=LoggedNotices()) as charts:
            yield Gathering(environment, charts, values, tree.repository.root)


class AgentConnections:
    """Implements `services.agent.carrying.Connections`; `async with`, for as long as the agent runs.

    With `successor_of`, a lease's name, what an earlier leader left pending is gone on with at once. A kubeconfig that
    says something else by now (a cluster that was built anew, another login) counts from the next look on.
    """

    def __init__(self, settings: Settings, *, successor_of: str = "", engine: str = "sdk") -> None:
        self._settings = settings
        self._user = f"agent:{successor_of}" if successor_of else settings.user
        self._engine = engine
        self._successor = bool(successor_of)
        self._stack = AsyncExitStack()
        self._clusters: dict[ClusterAccess, tuple[Target, KubeClient]] = {}
        self._connected: dict[str, tuple[ClusterAccess, Target, AgentConnection]] = {}

    async def __aenter__(self) -> AgentConnections:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def connect(self, tree: Tree, environment: Environment) -> AgentConnection:
        """Raises UserError when nothing here reaches the cluster."""
        from fairway.wiring.clusters import cluster_access

        access = cluster_access(self._settings, tree.repository, environment)
        target = _target(access)
        known = self._connected.get(environment.name)
        if known is not None and known[:2] == (access, target):
            return known[2]
        connection = await self._connect(access, target)
        self._connected[environment.name] = (access, target, connection)
        return connection

    async def suspensions(self, tree: Tree | None, name: str) -> tuple[Suspension, ...]:
        """What is suspended in an environment's cluster."""
        from fairway.adapters.kube.suspensions import KubeSuspensions

        environment = tree.environment(name) if tree is not None else None
        if tree is None or environment is None:
            return ()
        connection = await self.connect(tree, environment)
        return await KubeSuspensions(connection.kube, environment.namespace).list(name)

    async def _connect(self, access: ClusterAccess, target: Target) -> AgentConnection:
        from fairway.adapters.holding import ProcessHolding
        from fairway.adapters.kube import open_cluster
        from fairway.domain.values.secrets import SecretRegister
        from fairway.services.engine.session import Session
        from fairway.services.waiting import open_waiter
        from fairway.wiring.engine import open_renderer
        from fairway.wiring.records import open_store

        reached, kube = self._clusters.get(access, (None, None))
        if kube is None or reached != target:
            opening = open_cluster(access.kubeconfig, access.context, in_cluster=access.in_cluster)
            kube = await self._stack.enter_async_context(opening)
            self._clusters[access] = (target, kube)
        register = SecretRegister()
        holding = ProcessHolding(self._user, self._settings.host)
        renderer = open_renderer(self._engine, access)
        self._stack.callback(renderer.close)
        waiter = await self._stack.enter_async_context(open_waiter(kube, mask=register.mask))
        store = await self._stack.enter_async_context(open_store(self._settings, kube, now=now))

        def life(holder: Holder) -> Life:
            # With a lease there is one agent at a time: who wrote as its predecessor writes no more.
            return Life.DEAD if self._successor and holder.user == self._user else holding.life(holder)

        from fairway.domain.releases.holding import Life

        session = Session(
            kube=kube,
            store=store,
            renderer=renderer,
            waiter=waiter,
            now=now,
            holder=holding.holder,
            life=life,
            mask=register.mask,
        )
        return AgentConnection(self._settings, kube, session, register)


def _target(access: ClusterAccess) -> Target:
    """The cluster and the login that are meant now. Raises UserError as connecting does."""
    from fairway.adapters.kube.opening import choose

    target = choose(access.kubeconfig, access.context, in_cluster=access.in_cluster, env=process_environment())
    return replace(target, where=None)
