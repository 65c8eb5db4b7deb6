"""deployd put together for one cluster: its client, the teams' identity, the waiter, and its memory.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from fairway.settings import Settings
from fairway.wiring.clock import now

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from fairway.adapters.kube.client import KubeClient
    from fairway.adapters.metrics.deployd import DeploydRegistry
    from fairway.services.deployd.deployd import Deployd
    from fairway.services.deployd.metrics import DeploydMetrics
    from fairway.services.deployd.options import DeploydOptions
    from fairway.services.deployd.ports import Outcomes, TeamIdentity
    from fairway.services.queue.correspondence import Correspondence


@asynccontextmanager
async def open_deployd(
    settings: Settings,
    options: DeploydOptions,
    correspondence: Correspondence,
    metrics: DeploydMetrics | None = None,
    *,
    clock: Callable[[], datetime] = now,
) -> AsyncIterator[Deployd]:
    """A deployd that is ready to `run`. Nothing is asked of the cluster before the first request for it.

    Raises `UserError` when no cluster can be found, `Transient`, `UserError` or `Refused` for the ledger's database,
    in which it remembers what it has begun.
    """
    import secrets

    from fairway import __version__
    from fairway.adapters.kube import open_cluster
    from fairway.services.deployd.carrying import Carrying
    from fairway.services.deployd.deployd import Deployd, Instance
    from fairway.services.deployd.insisting import Insisting
    from fairway.services.deployd.masking import Masks
    from fairway.services.deployd.metrics import NoDeploydMetrics
    from fairway.services.deployd.performing import Performing
    from fairway.services.deployd.reporting import Reports
    from fairway.services.engine.retrying import Backoff
    from fairway.services.waiting import open_waiter

    counting = metrics or NoDeploydMetrics()
    masks = Masks()
    # Shorter than hookd's patience with a deployd that it has not heard of (`grace`), or a queue that comes back would
    # not help: who still waits then is taken for dead.
    backoff = Backoff(first=0.2, longest=2.0)
    insisting = Insisting(clock, backoff)
    async with AsyncExitStack() as stack:
        outcomes = await open_outcomes(settings, options.cluster)
        stack.push_async_callback(outcomes.close)
        kube = await stack.enter_async_context(
            open_cluster(options.kubeconfig, options.context, in_cluster=options.in_cluster)
        )
        teams = await _teams(stack, kube, options)
        waiter = await stack.enter_async_context(open_waiter(kube, mask=masks.all))
        performing = Performing(kube, teams, waiter, insisting, team_namespaces=options.team_namespaces)
        reports = Reports(correspondence.send_statuses, backoff, counting.unreported)
        carrying = Carrying(performing, outcomes, reports, masks, insisting, counting, timeout=options.timeout)
        instance = Instance(f"{settings.host}-{secrets.token_hex(4)}", __version__)
        yield Deployd(
            options,
            instance,
            correspondence,
            outcomes,
            carrying,
            reports,
            counting,
            now=clock,
            backoff=backoff,
        )


async def open_outcomes(settings: Settings, cluster: str) -> Outcomes:
    """What a cluster's deployd remembers: in the ledger's database, or in memory for a ledger that is `none`."""
    import asyncio

    from fairway.adapters.sql.urls import LedgerKind, read_ledger_url

    url = read_ledger_url(settings.ledger_url)
    if url.kind is LedgerKind.NONE:
        from fairway.adapters.memory.taken import MemoryOutcomes

        return MemoryOutcomes()

    def connect() -> Outcomes:
        from fairway.adapters.sql import taken

        return taken.open_outcomes(url, cluster)

    return await asyncio.to_thread(connect)


def deployd_registry(registry: CollectorRegistry) -> DeploydRegistry:
    """The metrics of all deployd instances of a process; to be called once. `of(cluster)` gives those of one."""
    from fairway.adapters.metrics.deployd import DeploydRegistry

    return DeploydRegistry(registry)


async def _teams(stack: AsyncExitStack, kube: KubeClient, options: DeploydOptions) -> TeamIdentity:
    from fairway.adapters.kube.service_accounts import ServiceAccounts
    from fairway.adapters.kube.teams import ImpersonatedTeams, open_token_teams
    from fairway.services.deployd.options import Identity

    accounts = ServiceAccounts(kube, create=options.auto_create_service_account)
    if options.identity is Identity.TOKEN:
        return await stack.enter_async_context(open_token_teams(kube, accounts, own_namespaces=options.team_namespaces))
    return ImpersonatedTeams(kube, accounts, own_namespaces=options.team_namespaces)
