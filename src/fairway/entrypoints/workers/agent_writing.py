"""What the agent writes into Git: upgrades, and the answers to those that did not work.

The rule not to break: who does not lead writes nothing, and what was written is told.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairway.entrypoints.workers.beside import beside
from fairway.settings import Settings, process_environment

if TYPE_CHECKING:
    from fairway.services.agent.keeping import Keeper
    from fairway.services.agent.passing import PassDone
    from fairway.services.agent.telling import OwnerOf
    from fairway.services.agent.upgrading import Upgrading
    from fairway.services.configuring import Configured
    from fairway.services.intake import Metrics
    from fairway.services.notifying.ports import Tell
    from fairway.services.writing.changes import Outcome
    from fairway.wiring.agent import AgentOptions, AgentParts
    from fairway.wiring.writing import Writing

log = logging.getLogger(__name__)


async def write_upgrades(
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
    await stack.enter_async_context(beside(writing.writer.run))
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


def _owners(parts: AgentParts) -> OwnerOf:
    """As the files that were read last declare them."""
    from fairway.domain.repository.models import Owner

    def owner_of(environment: str, release: str) -> Owner:
        tree = parts.agent.following.tree
        found = tree.environment(environment) if tree is not None else None
        return found.owner_of(release) if found is not None else Owner()

    return owner_of
