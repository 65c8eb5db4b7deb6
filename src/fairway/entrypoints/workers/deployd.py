"""`fairway deployd` as a process: one cluster's deployd, its probes and its metrics."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairway.entrypoints.workers.ending import Bound
from fairway.entrypoints.workers.part import Part
from fairway.entrypoints.workers.process import Process, run_process
from fairway.entrypoints.workers.reachable import Reachable

if TYPE_CHECKING:
    from fairway.domain.configuration.listening import Listen
    from fairway.entrypoints.workers.checking import Check
    from fairway.services.deployd.deployd import Deployd
    from fairway.services.deployd.metrics import DeploydMetrics
    from fairway.services.deployd.options import DeploydOptions
    from fairway.services.queue.options import QueueOptions
    from fairway.settings import Settings


@dataclass(frozen=True, slots=True)
class DeploydProcess:
    options: DeploydOptions
    queue: QueueOptions
    listen: Listen


async def run_deployd(settings: Settings, asked: DeploydProcess, bound: Bound | None = None) -> int:
    """Until cancelled; the exit code."""
    from fairway.entrypoints.workers.metrics import ProcessMetrics

    metrics = ProcessMetrics()
    part, reachable = deployd_part(settings, asked.options, asked.queue, metrics.deployd(asked.options.cluster))
    process = Process(
        "deployd",
        [part],
        asked.listen,
        metrics.page,
        beside=[reachable.run],
        about={"cluster": asked.options.cluster, "queue": _queue(asked.queue)},
    )
    return await run_process(process, bound or Bound())


def deployd_part(
    settings: Settings, options: DeploydOptions, queue: QueueOptions, metrics: DeploydMetrics, *, prefix: str = ""
) -> tuple[Part[Deployd], Reachable]:
    """One cluster's; `prefix` is before what /readyz calls its troubles, where there are several."""
    from fairway.wiring.checks import look_at_cluster

    reachable = Reachable(f"{prefix}cluster", lambda: look_at_cluster(options))

    def ready(deployd: Deployd) -> Mapping[str, str]:
        found = {"queue": "", **deployd.ready()}
        return {**{f"{prefix}{name}": why for name, why in found.items()}, **reachable.ready()}

    part = Part(
        f"{prefix}deployd", lambda: _opened(settings, options, queue, metrics), lambda deployd: deployd.run(), ready
    )
    return part, reachable


@asynccontextmanager
async def _opened(
    settings: Settings, options: DeploydOptions, queue: QueueOptions, metrics: DeploydMetrics
) -> AsyncIterator[Deployd]:
    from fairway.wiring.deployd import open_deployd
    from fairway.wiring.queue import open_correspondence

    async with (
        open_correspondence(settings, queue, lambda topic, reason: metrics.rejected(reason)) as correspondence,
        open_deployd(settings, options, correspondence, metrics) as deployd,
    ):
        yield deployd


def _queue(options: QueueOptions) -> str:
    return f"Kafka at {', '.join(options.brokers)}" if options.brokers else "the database"


def deployd_checks(settings: Settings, asked: DeploydProcess) -> list[Check]:
    """What a deployd needs: its cluster and rights there, the queue, its memory."""
    from fairway.entrypoints.workers.checking import Check
    from fairway.wiring.checks import look_at_cluster, look_at_memory, look_at_queue, look_at_rights

    return [
        Check("cluster", lambda: look_at_cluster(asked.options)),
        Check("rights", lambda: look_at_rights(asked.options)),
        Check("queue", lambda: look_at_queue(settings, asked.queue)),
        Check("memory", lambda: look_at_memory(settings, asked.options.cluster)),
    ]
