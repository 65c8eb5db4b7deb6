"""`fairway serve` as a process: hookd, a deployd for each cluster, the pages, and an agent where one is wanted.

The rule not to break: they know of each other only through the queue and the database, as if each ran by itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairway.entrypoints.workers.deployd import deployd_part
from fairway.entrypoints.workers.ending import Bound
from fairway.entrypoints.workers.hookd import HookdProcess, app_of, hookd_part
from fairway.entrypoints.workers.part import Part
from fairway.entrypoints.workers.process import Process, run_process, states_of
from fairway.entrypoints.workers.reachable import Reachable

if TYPE_CHECKING:
    from fairway.domain.configuration.listening import Listen
    from fairway.entrypoints.workers.checking import Check
    from fairway.services.configuring import Configured
    from fairway.services.deployd.options import DeploydOptions
    from fairway.settings import Settings
    from fairway.wiring.agent import AgentOptions


@dataclass(frozen=True, slots=True)
class ServeProcess:
    hookd: HookdProcess
    deployds: Sequence[DeploydOptions]
    agent: Path | None = None
    """environments.yaml, when Git is followed too."""


async def run_serve(settings: Settings, asked: ServeProcess, bound: Bound | None = None) -> int:
    """Until cancelled; the exit code."""
    from fairway.entrypoints.workers.metrics import ProcessMetrics

    metrics = ProcessMetrics()
    parts: list[Part[Any]] = []
    hookd = hookd_part(settings, asked.hookd, metrics, lambda: {"parts": states_of(parts)})
    parts.append(hookd)
    looking: list[Reachable] = []
    for options in asked.deployds:
        part, reachable = deployd_part(
            settings, options, asked.hookd.queue, metrics.deployd(options.cluster), prefix=f"{options.cluster}: "
        )
        parts.append(part)
        looking.append(reachable)
    if asked.agent is not None:
        parts.append(agent_part(settings, asked.agent, asked.hookd.listen))
    process = Process(
        "serve",
        parts,
        asked.hookd.listen,
        metrics.page,
        app=app_of(hookd),
        # A cluster that is away must not keep GitHub from telling of deployments to the others.
        counting=[hookd],
        beside=[one.run for one in looking],
        about={"clusters": [one.cluster for one in asked.deployds], "base_url": asked.hookd.options.base_url},
    )
    return await run_process(process, bound or Bound())


def agent_part(settings: Settings, environments_file: Path, taken: Listen) -> Part[Configured]:
    """It serves its webhooks at an address of its own, from fairway.yaml; `taken` is one that it can't have."""
    from fairway.entrypoints.workers.agent import run_agent
    from fairway.wiring.agent import AgentOptions

    options: AgentOptions = AgentOptions(environments_file=environments_file, engine=settings.engine)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Configured]:
        from fairway.services.configuring import load_configuration

        yield _elsewhere(load_configuration(environments_file), taken)

    return Part(
        "agent", opened, lambda configured: run_agent(settings, configured, options), lambda configured: {"agent": ""}
    )


def _elsewhere(configured: Configured, taken: Listen) -> Configured:
    """With any free port in the place of the one that this process has itself."""
    from fairway.domain.configuration.listening import parse_listen

    section = configured.configuration.server
    wanted = parse_listen(section.listen)
    if wanted is None or wanted.port != taken.port:
        return configured
    server = section.model_copy(update={"listen": str(wanted.with_port(0))})
    return replace(configured, configuration=configured.configuration.model_copy(update={"server": server}))


def serve_checks(settings: Settings, asked: ServeProcess) -> list[Check]:
    from fairway.entrypoints.workers.deployd import DeploydProcess, deployd_checks
    from fairway.entrypoints.workers.hookd import hookd_checks

    found = hookd_checks(settings, asked.hookd)
    for options in asked.deployds:
        process = DeploydProcess(options, asked.hookd.queue, asked.hookd.listen)
        mine = [one for one in deployd_checks(settings, process) if one.what in ("cluster", "rights")]
        found += [replace(one, what=f"{options.cluster}: {one.what}") for one in mine]
    return found
