"""`fairway agent` as a process: the agent and everything beside it, ended by a signal.

The rule not to break: a signal ends it with the records in order and the news told, and no failure of one part is
silent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from fairway.domain.errors import Transient, UserError
from fairway.entrypoints.workers.agent_serving import serve
from fairway.entrypoints.workers.agent_writing import write_upgrades
from fairway.entrypoints.workers.beside import beside
from fairway.settings import Settings

if TYPE_CHECKING:
    from fairway.domain.progress import Reporter
    from fairway.domain.repository.models import Environment
    from fairway.services.agent.following import Tree
    from fairway.services.agent.keeping import Keeper
    from fairway.services.agent.passing import PassDone
    from fairway.services.agent.passing import Reporting as PassReporting
    from fairway.services.agent.reporting import Reporting
    from fairway.services.configuring import Configured
    from fairway.services.intake import Metrics
    from fairway.services.notifying.ports import Tell
    from fairway.wiring.agent import AgentOptions, AgentParts

log = logging.getLogger(__name__)


async def run_agent(settings: Settings, configured: Configured, options: AgentOptions) -> int:
    """Until cancelled, or with `once` to the end of one look; the exit code."""
    from fairway.wiring.agent import open_agent
    from fairway.wiring.agent_sources import lease_name, open_leadership
    from fairway.wiring.notifications import commit_pages, open_notifier
    from fairway.wiring.web import prometheus_metrics

    lease = None if options.once else lease_name(configured, options.globs(configured))
    metrics = prometheus_metrics()
    try:
        async with (
            open_notifier(settings, configured, warn=_warn) as notifier,
            beside(notifier.run),
            open_leadership(settings, lease) as leadership,
            open_agent(
                settings,
                configured,
                options,
                tell=notifier.tell,
                leadership=leadership,
                successor_of="/".join(lease) if lease else "",
                reporting=_reporting(notifier.tell, commit_pages(configured)),
                on_fetched=metrics.fetched,
            ) as parts,
        ):
            parts.on_pass.append(lambda keeper, done: _count(metrics, keeper, done))
            if options.once:
                await parts.agent.once()
                _check_names(parts, options.globs(configured))
                return exit_code(parts)
            await _run(settings, configured, options, parts, notifier.tell, metrics)
    except asyncio.CancelledError:
        if options.once:
            raise
        log.info("agent.ended")
    return 0


async def _run(
    settings: Settings,
    configured: Configured,
    options: AgentOptions,
    parts: AgentParts,
    tell: Tell,
    metrics: Any,
) -> None:
    from fairway.services.agent.aside import Aside

    async with AsyncExitStack() as stack:
        aside = await stack.enter_async_context(Aside())
        upgrading = await write_upgrades(stack, settings, configured, options, parts, tell, metrics, aside)
        jobs: list[Callable[[], Any]] = [lambda: _leading(parts, metrics)]
        if upgrading is not None:
            jobs.append(upgrading.run)
        if parts.watches is not None:
            jobs.append(parts.watches.run)
        jobs.append(await serve(stack, configured, parts, upgrading, metrics))
        jobs.append(_reports(settings, parts).run)
        await parts.agent.run(*jobs)


def _reports(settings: Settings, parts: AgentParts) -> Reporting:
    """What `fairway status` shows of this agent."""
    from fairway.services.agent.reporting import Reporting
    from fairway.wiring.agent_reports import agent_reports

    reporting = Reporting(
        parts.agent,
        lambda: agent_reports(settings),
        repository=parts.followed.id,
        name=f"{settings.user} on {settings.host}",
        clock=parts.clock,
    )
    parts.on_pass.append(lambda keeper, done: reporting.wake())
    return reporting


async def _leading(parts: AgentParts, metrics: Metrics) -> None:
    while True:
        metrics.leading(parts.agent.leadership.leads)
        await parts.agent.leadership.changed()


def _reporting(tell: Tell, commit_url: Callable[[str], str]) -> PassReporting:
    """A narrator for each pass of an environment that goes on at the same time."""
    from fairway.services.notifying.narrating import Narrators
    from fairway.wiring.notifications import narrators

    lanes: dict[int, Narrators] = {}

    def of(tree: Tree, environment: Environment, lane: int) -> Reporter:
        if lane not in lanes:
            lanes[lane] = narrators(tell, commit_url)
        return lanes[lane].of(environment)

    return of


def _count(metrics: Metrics, keeper: Keeper, done: PassDone) -> None:
    result = done.result
    bad = any(one.outcome.is_bad for one in result.results.values())
    word = "refused" if isinstance(done.error, UserError) else "failure" if done.error or bad or done.cut else "success"
    metrics.reconciled(keeper.name, word, done.seconds)
    metrics.releases(keeper.name, {outcome.name.lower(): n for outcome, n in result.counts.items()})
    corrected = sum(len(one.changed) for one in result.results.values() if one.outcome.name == "CORRECTED")
    if corrected:
        metrics.drift(keeper.name, "corrected", corrected)


def _check_names(parts: AgentParts, globs: tuple[str, ...]) -> None:
    """One look at no environment at all is a mistake; who follows may wait for one that is yet to come."""
    tree = parts.agent.following.tree
    if tree is not None and not parts.agent.keepers:
        known = ", ".join(sorted(one.name for one in tree.repository.environments)) or "none"
        raise UserError(f"no environment matches {', '.join(globs)}; known: {known}", fix="see fairway list env")


def _warn(text: str) -> None:
    log.warning("agent.warning", extra={"text": text})


def exit_code(parts: AgentParts) -> int:
    """Of one look: that of the error with which Git failed, 2 for a commit that may not be applied, 1 when a release
    failed, 3 refused, 4 when a cluster did not answer, 0 when all is as declared."""
    following = parts.agent.following
    if following.failure is not None:
        return following.failure.exit_code
    if following.untrusted:
        return UserError.exit_code
    if any(keeper.failing for keeper in parts.agent.keepers.values()):
        return 1
    states: Mapping[str, str] = {name: keeper.decision.state.value for name, keeper in parts.agent.keepers.items()}
    if "Refused" in states.values():
        return 3
    return Transient.exit_code if parts.troubles.known else 0
