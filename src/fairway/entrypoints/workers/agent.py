"""`fairway agent` as a process: the agent and everything beside it, ended by a signal.

The rule not to break: a signal ends it with the records in order and the news told, and no failure of one part is
silent.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairway.domain.errors import Transient, UserError
from fairway.settings import Settings, process_environment

if TYPE_CHECKING:
    from fairway.domain.progress import Reporter
    from fairway.domain.repository.models import Environment, Owner
    from fairway.services.agent.following import Tree
    from fairway.services.agent.keeping import Keeper
    from fairway.services.agent.passing import PassDone
    from fairway.services.agent.passing import Reporting as PassReporting
    from fairway.services.agent.reporting import Reporting
    from fairway.services.agent.telling import OwnerOf
    from fairway.services.agent.upgrading import Upgrading
    from fairway.services.configuring import Configured
    from fairway.services.intake import Metrics
    from fairway.services.notifying.ports import Tell
    from fairway.services.writing.changes import Outcome
    from fairway.wiring.agent import AgentOptions, AgentParts
    from fairway.wiring.writing import Writing

log = logging.getLogger(__name__)

HEAR = timedelta(milliseconds=200)
"""How long events are collected: a push reports many images at once."""


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
            _beside(notifier.run),
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
        upgrading = await _writing(stack, settings, configured, options, parts, tell, metrics, aside)
        jobs: list[Callable[[], Any]] = [lambda: _leading(parts, metrics)]
        if upgrading is not None:
            jobs.append(upgrading.run)
        if parts.watches is not None:
            jobs.append(parts.watches.run)
        jobs.append(await _serve(stack, configured, parts, upgrading, metrics))
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


async def _serve(
    stack: AsyncExitStack, configured: Configured, parts: AgentParts, upgrading: Upgrading | None, metrics: Any
) -> Callable[[], Any]:
    """Health, metrics, webhooks; the job that hears what they brought."""
    from fairway.domain.configuration.listening import parse_listen
    from fairway.entrypoints.web.app import create_app
    from fairway.entrypoints.web.parts import WebParts
    from fairway.entrypoints.web.serving import serving
    from fairway.services.agent.status import ready, status_of
    from fairway.services.intake import PendingWakes
    from fairway.wiring.web import webhook_intake

    section = configured.configuration
    wakes = PendingWakes()

    def page() -> tuple[bytes, str]:
        metrics.away(parts.troubles.known)
        return metrics.page(), metrics.content_type

    web = WebParts(
        intake=webhook_intake(configured, wakes, metrics),
        ready=lambda: ready(parts.agent, parts.clock.now(), section.agent.every),
        status=lambda: status_of(parts.agent, parts.troubles, url=parts.followed.name),
        metrics=page,
    )
    listen = parse_listen(section.server.listen)
    if listen is None:
        raise UserError(f'server.listen is "{section.server.listen}"', fix="write e.g. 127.0.0.1:8080")
    address = await stack.enter_async_context(serving(create_app(web), listen))
    log.info("agent.listening", extra={"address": address})

    async def hear() -> None:
        while True:
            woken = await wakes.gather(HEAR)
            followed = parts.followed
            if woken.overflow or any(push.concerns(followed.name, followed.branch) for push in woken.pushes):
                parts.agent.wake_git()
            if upgrading is not None:
                upgrading.pushed(woken)

    return hear


async def _writing(
    stack: AsyncExitStack,
    settings: Settings,
    configured: Configured,
    options: AgentOptions,
    parts: AgentParts,
    tell: Tell,
    metrics: Metrics,
    aside: Callable[[Any], None],
) -> Upgrading | None:
    """Upgrades, and answers to bad ones, written into Git; None where there is no remote to write to."""
    import random

    from fairway.adapters.git.history import GitLog
    from fairway.services.agent.answering import Answering
    from fairway.services.agent.telling import news_of
    from fairway.services.agent.upgrading import Upgrading
    from fairway.wiring.agent_connections import LoggedNotices
    from fairway.wiring.writing import open_writing

    if not parts.followed.is_remote:
        log.info("agent.no_upgrades", extra={"why": "a folder has no remote to write to"})
        return None

    def written(outcome: Outcome) -> None:
        owner_of = _owners(parts)
        for event in news_of(outcome, now=parts.clock.now(), new_id=lambda: secrets.token_hex(8), owner_of=owner_of):
            tell(event)
        done = sum(1 for one in outcome.edited if one.upgrade is not None)
        metrics.upgrades(done, len(outcome.failed))
        for one in outcome.failed:
            log.warning("agent.not_written", extra={"change": one.change.key, "why": str(one.error)})
        for note in outcome.notes:
            log.warning("agent.forge_declined", extra={"branch": outcome.branch, "why": note})
        if outcome.commit:
            log.info("agent.written", extra={"commit": outcome.commit[:12], "subject": outcome.subject})
            parts.agent.wake_git("written")

    writing: Writing = await stack.enter_async_context(
        open_writing(settings, configured, options.environments_file, LoggedNotices(), on_written=written)
    )
    await stack.enter_async_context(_beside(writing.writer.run))
    env = process_environment()

    def log_of(folder: Path) -> GitLog:
        return GitLog(folder, env)

    answering = Answering(writing.writer, writing.newest, writing.upgrades, log_of, parts.clock.now)

    def passed(keeper: Keeper, done: PassDone) -> None:
        if parts.agent.leadership.leads:
            aside(answering.answer(done))

    parts.on_pass.append(passed)
    section = configured.configuration.upgrades
    return Upgrading(
        writing,
        looks_after=parts.looks_after,
        leads=lambda: parts.agent.leadership.leads,
        every=section.every,
        trust_events=section.trust_events,
        clock=parts.clock,
        troubles=parts.troubles,
        chance=random.random,
    )


async def _leading(parts: AgentParts, metrics: Metrics) -> None:
    while True:
        metrics.leading(parts.agent.leadership.leads)
        await parts.agent.leadership.changed()


def _owners(parts: AgentParts) -> OwnerOf:
    """As the files that were read last declare them."""
    from fairway.domain.repository.models import Owner

    def owner_of(environment: str, release: str) -> Owner:
        tree = parts.agent.following.tree
        found = tree.environment(environment) if tree is not None else None
        if found is None:
            return Owner()
        declared = found.release(release)
        return declared.owner if declared is not None else found.owner

    return owner_of


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


@asynccontextmanager
async def _beside(work: Callable[[], Any]) -> AsyncIterator[None]:
    """`work` runs while the block lasts, and is then ended; it has its time to bring things to an end."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work())
        try:
            yield
        finally:
            task.cancel()


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
