"""Suspending and resuming put together for one environment: its cluster, the ledger, and those who are told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fairway.settings import Settings
from fairway.wiring.clock import now

if TYPE_CHECKING:
    from fairway.domain.deployments.record import Run
    from fairway.domain.repository.models import Environment, Repository
    from fairway.services.engine.ports import RevisionStore
    from fairway.services.notifying.ports import Tell
    from fairway.services.recording.recorder import Recorder
    from fairway.services.suspending.suspending import Suspending


@asynccontextmanager
async def open_suspending(
    settings: Settings, repository: Repository, environment: Environment, recorder: Recorder, run: Run, tell: Tell
) -> AsyncIterator[tuple[Suspending, RevisionStore]]:
    """For as long as the block lasts; with the stored revisions, which tell what there is to suspend."""
    import secrets

    from fairway.adapters.kube import open_cluster
    from fairway.adapters.kube.suspensions import KubeSuspensions
    from fairway.services.suspending.suspending import Suspending
    from fairway.wiring.clusters import cluster_access
    from fairway.wiring.records import open_store

    access = cluster_access(settings, repository, environment)
    async with (
        open_cluster(access.kubeconfig, access.context, in_cluster=access.in_cluster) as kube,
        open_store(settings, kube, now=now) as store,
    ):
        suspending = Suspending(
            environment,
            KubeSuspensions(kube, environment.namespace),
            recorder,
            run,
            by=settings.user,
            now=now,
            new_id=lambda: secrets.token_hex(8),
            tell=tell,
        )
        yield suspending, store
