"""Drift watches and leadership put together for an agent."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairway.settings import Settings
from fairway.wiring.clock import now

if TYPE_CHECKING:
    from fairway.adapters.kube.client import KubeClient
    from fairway.adapters.kube.lease import LeaseLeadership
    from fairway.services.engine.ports import RevisionStore
    from fairway.services.notifying.ports import Tell
    from fairway.services.watching.clusters import ClusterWatches

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WatchedCluster:
    """Implements `services.watching.clusters.Connection`."""

    kube: KubeClient
    store: RevisionStore


def cluster_watches(
    on_drift: Callable[[str, str], None],
    tell: Tell,
    left_alone: Callable[[str, str], bool] = lambda environment, release: False,
    on_lost: Callable[[str], None] = lambda environment: None,
) -> ClusterWatches:
    """`on_drift` gets environment and release, `on_lost` an environment whose cluster stops answering; `left_alone`
    says of releases whether they are suspended."""
    import secrets

    from fairway.services.watching.clusters import ClusterWatches
    from fairway.services.watching.drift_watch import Drift, DriftWatch
    from fairway.services.watching.ports import MetadataWatcher, Summaries
    from fairway.services.watching.telling import drift_found

    def report(drift: Drift) -> None:
        tell(drift_found(drift, id=secrets.token_hex(8), at=now()))

    def problem(text: str) -> None:
        log.warning("drift.not_watched", extra={"text": text})

    def open_watch(kube: MetadataWatcher, store: Summaries) -> DriftWatch:
        return DriftWatch(kube, store, on_report=report, on_problem=problem, left_alone=left_alone)

    return ClusterWatches(open_watch, on_drift, on_lost)


def lease_leadership(settings: Settings, kube: KubeClient, namespace: str, name: str) -> LeaseLeadership:
    """One candidate for the Lease of this name; each call is another one."""
    from fairway.adapters.kube.lease import LeaseLeadership, unique_name

    return LeaseLeadership(kube, namespace, name, me=unique_name(settings.host, os.getpid()), now=now)
