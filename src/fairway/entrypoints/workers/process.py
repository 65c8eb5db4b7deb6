"""A process made of parts: its address, its probes, and its end.

The rule not to break: it listens before it opens anything, and no part ends silently.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fairway.entrypoints.workers.ending import Bound
from fairway.entrypoints.workers.part import Part

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from fairway.domain.configuration.listening import Listen

log = logging.getLogger(__name__)

Metrics = Callable[[], tuple[bytes, str]]
Job = Callable[[], Coroutine[Any, Any, Any]]


@dataclass(frozen=True, slots=True)
class Process:
    """`app` gives what is served beside the probes, while that is there; None: there is never anything."""

    name: str
    parts: Sequence[Part[Any]]
    listen: Listen
    metrics: Metrics
    app: Callable[[], ASGIApp | None] | None = None
    beside: Sequence[Job] = ()
    about: Mapping[str, Any] = field(default_factory=dict)
    """What the log says of it at the start."""
    listening: Callable[[str], object] = lambda address: None
    """Told the address, before anything is opened."""
    counting: Sequence[Part[Any]] | None = None
    """Without these it is not ready; None: without any. The others are only shown."""

    def ready(self) -> Mapping[str, str]:
        return _said(self.parts if self.counting is None else self.counting)

    def shown(self) -> Mapping[str, str]:
        return _said(self.parts)


def states_of(parts: Sequence[Part[Any]]) -> Mapping[str, str]:
    """How each is doing, for people."""
    return {name: why or "ok" for name, why in _said(parts).items()}


def _said(parts: Sequence[Part[Any]]) -> Mapping[str, str]:
    return {name: why for part in parts for name, why in part.ready().items()}


async def run_process(process: Process, bound: Bound) -> int:
    """Until cancelled; then 0. What no waiting helps with is raised."""
    from fairway import __version__
    from fairway.entrypoints.web.serving import serving

    try:
        async with AsyncExitStack() as stack:
            address = await stack.enter_async_context(serving(_app(process), process.listen))
            process.listening(address)
            about = {"role": process.name, "address": address, "version": __version__, **process.about}
            log.info("process.listening", extra=about)
            async with asyncio.TaskGroup() as group:
                for job in (bound.watch, *(part.run for part in process.parts), *process.beside):
                    group.create_task(job())
    except asyncio.CancelledError:
        log.info("process.ended", extra={"role": process.name})
    return 0


def _app(process: Process) -> ASGIApp:
    from fairway.entrypoints.web.app import create_app
    from fairway.entrypoints.web.parts import WebParts
    from fairway.entrypoints.workers.answering import Switched

    def known() -> Mapping[str, Any]:
        return {"role": process.name, **process.about, "parts": states_of(process.parts)}

    probes = create_app(WebParts(ready=process.ready, shown=process.shown, metrics=process.metrics, status=known))
    return Switched(probes, process.app, process.ready) if process.app is not None else probes
