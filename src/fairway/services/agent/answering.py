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
from fairway.domain.repository.models import CHART_VERSION, Environment, Release, Repository
from fairway.domain.upgrades.reverted import Move, history_of
from fairway.services.agent.passing import PassDone
from fairway.services.engine.carrying import Result
from fairway.services.engine.retrying import passes
from fairway.services.upgrades.changes import RevertChange
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
        except FairwayError as error:
            log.warning("agent.answer_failed", extra={"environment": environment.name, "why": str(error)})
            return []
        history = history_of(commits)
        changes: list[RevertChange] = []
        for name, result in failed.items():
            declared = repository.environment(environment.name)
            release = declared.release(name) if declared is not None else None
            if declared is None or release is None:
                continue
            moves = {key: history.moves.get((environment.name, name, key), ()) for key in _keys(release)}
            last = {key: found[-1] for key, found in moves.items() if found and found[-1].is_upgrade}
            own = {move.commit.id for move in last.values()}
            touched = done.touched_by.get(name, frozenset())
            if not touched <= own and touched:
                extra = {"environment": environment.name, "release": name}
                log.info("agent.left_to_humans", extra=extra)
                continue
            # After a restart nobody saw what touched it: then only an upgrade that is the newest commit is to blame.
            recent = {
                k: move for k, move in last.items() if move.commit.id in touched or (not touched and not move.number)
            }
            changes += [self._revert(declared, release, key, move, result) for key, move in recent.items()]
        for change in changes:
            extra = {"environment": change.environment, "release": change.release, "version": change.from_version}
            log.warning("agent.answer", extra=extra)
        self.writer.add(changes)
        return changes

    def _revert(self, environment: Environment, release: Release, key: str, move: Move, result: Result) -> RevertChange:
        why = result.reasons[0] if result.reasons else "it failed"
        return RevertChange(
            environment.name,
            release.name,
            key,
            move.new,
            move.old,
            f"rolled back: {why}",
            self.opened,
            by=BY,
            at=self.now(),
        )


def _was_rolled_back(result: Result) -> bool:
    """It failed by itself, and what ran before runs again."""
    return result.outcome is Outcome.FAILED and result.kept_revision > 0 and not passes(result.error)


def _keys(release: Release) -> list[str]:
    """The values that Fairway may have upgraded."""
    keys = [trigger.tag_value for trigger in release.image_triggers]
    return list(dict.fromkeys([*keys, *([CHART_VERSION] if release.chart_triggers else [])]))
