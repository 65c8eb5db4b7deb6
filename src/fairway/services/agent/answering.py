"""The answer to an upgrade that did not work: after the rollback in the cluster, Git is brought back too, and the
version is held.

The rule not to break: only what Fairway itself wrote is taken back. Where a human's commit touched the release since it
was last as declared, humans decide.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fairway.domain.errors import FairwayError
from fairway.domain.progress import Outcome
from fairway.domain.repository.models import Environment, Release, Repository
from fairway.domain.upgrades.reverted import History, history_of
from fairway.services.agent.passing import PassDone
from fairway.services.engine.carrying import Result
from fairway.services.engine.retrying import passes
from fairway.services.upgrades.changes import RevertChange, declared
from fairway.services.upgrades.checking import Upgrades
from fairway.services.upgrades.holding import MOST_COMMITS, Commits
from fairway.services.writing.writer import Writer

log = logging.getLogger(__name__)

BY = "fairway"


@dataclass(frozen=True, slots=True)
class Answering:
    """`newest` is the repository as the remote has it; `log_of` the commits of a checked out folder."""

    writer: Writer
    newest: Callable[[], AbstractAsyncContextManager[Repository]]
    opened: Callable[[Repository], AbstractAsyncContextManager[Upgrades]]
    log_of: Callable[[Path], Commits]
    now: Callable[[], datetime]

    async def answer(self, done: PassDone) -> list[RevertChange]:
        """Have reverts and holds written for what failed in a pass; those that were given to the writer."""
        failed = {name: one for name, one in done.result.results.items() if _was_rolled_back(one)}
        if not failed:
            return []
        environment = done.what.environment
        try:
            async with self.newest() as repository:
                commits = await self.log_of(Path(repository.root)).recent(MOST_COMMITS)
                history = history_of(commits)
                changes: list[RevertChange] = []
                for name, one in failed.items():
                    changes += await self._taken_back(repository, history, done, name, one)
        except FairwayError as error:
            log.warning("agent.answer_failed", extra={"environment": environment.name, "why": str(error)})
            return []
        for change in changes:
            extra = {"environment": change.environment, "release": change.release, "version": change.from_version}
            log.warning("agent.answer", extra=extra)
        self.writer.add(changes)
        return changes

    async def _taken_back(
        self, repository: Repository, history: History, done: PassDone, name: str, result: Result
    ) -> list[RevertChange]:
        """What of a release that failed is taken back."""
        found = declared(repository, done.what.environment.name, name)
        if found is None:
            return []
        environment, release = found
        moves = {key: m for (e, r, key), m in history.moves.items() if (e, r) == (environment.name, name)}
        last = {key: m[-1] for key, m in moves.items() if m[-1].is_upgrade}
        own = {move.commit.id for move in last.values()}
        touched = done.touched_by.get(name, frozenset())
        if not touched <= own:
            log.info("agent.left_to_humans", extra={"environment": environment.name, "release": name})
            return []
        # After a restart nobody saw what touched it: then only an upgrade that is the newest commit is to blame.
        recent = {k: move for k, move in last.items() if move.commit.id in touched or (not touched and not move.number)}
        if not recent:
            return []
        names = await self._names(repository, environment, release)
        why = result.reasons[0] if result.reasons else "it failed"
        return [
            RevertChange(
                environment.name,
                name,
                key,
                move.new,
                move.old,
                f"rolled back: {why}",
                self.opened,
                name=names.get(key, ""),
                by=BY,
                at=self.now(),
            )
            for key, move in recent.items()
        ]

    async def _names(self, repository: Repository, environment: Environment, release: Release) -> dict[str, str]:
        """The image or chart of each value, as far as that can be found out: a hold without it is about all."""
        names: dict[str, set[str]] = {}
        try:
            async with self.opened(repository) as upgrades:
                for watch in await upgrades.watches(environment, release):
                    names.setdefault(watch.key, set()).add(watch.name)
        except FairwayError as error:
            extra = {"environment": environment.name, "release": release.name, "why": str(error)}
            log.info("agent.hold_without_name", extra=extra)
        return {key: min(found) for key, found in names.items() if len(found) == 1}


def _was_rolled_back(result: Result) -> bool:
    """It failed by itself, and what ran before runs again."""
    return result.outcome is Outcome.FAILED and result.kept_revision > 0 and not passes(result.error)
