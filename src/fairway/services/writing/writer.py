"""Writes changes into one branch of a deployments repository: collects them, commits, pushes, and starts again when
somebody was faster.

The rule not to break: changes are made anew on the newest files for every attempt; nothing is ever pushed by force onto
the base, and nothing is lost without being told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from fairway.domain.configuration.upgrades import UpgradesSection, WriteName
from fairway.domain.errors import FairwayError, Terminal
from fairway.domain.writing.rules import how_to_write, writes_requests
from fairway.services.writing.changes import Change, Failed, Outcome
from fairway.services.writing.committing import Committing
from fairway.services.writing.proposing import Proposing
from fairway.services.writing.upgrading import level_in

log = logging.getLogger(__name__)

LONGEST_COLLECTING = 10
"""Windows: how long a stream of changes that does not end may keep the first from being written."""


@dataclass
class Writer:
    """One for each repository and branch. `add` what is wanted; `run` writes in the background, `flush` at once.

    `proposing` None: nothing can become a pull request.
    """

    section: UpgradesSection
    committing: Committing
    proposing: Proposing | None = None
    on_written: Callable[[Outcome], None] = lambda outcome: None
    """Told of every commit, of every request that changed, and of everything that failed."""
    _pending: dict[str, Change] = field(default_factory=dict)
    _settled: set[str] = field(default_factory=set)
    _added: asyncio.Event = field(default_factory=asyncio.Event)
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)
    _last: tuple[Outcome, ...] = ()

    def add(self, changes: Iterable[Change]) -> None:
        """A later change of the same key takes the place of an earlier one that is not written yet."""
        for change in changes:
            self._pending.pop(change.key, None)
            self._pending[change.key] = change
            self._settled.discard(change.key)
            self._added.set()

    def settle(self, keys: Iterable[str]) -> None:
        """Nothing is wanted for these keys: what an open pull request still proposes for them is taken out of it."""
        new = set(keys) - self._pending.keys()
        if new and self.proposing is not None and writes_requests(self.section):
            self._settled |= new
            self._added.set()

    async def flush(self) -> Outcome | None:
        """Returns when all that was added so far is written or given up; see `flush_all` for several outcomes."""
        outcomes = await self.flush_all()
        return next((one for one in outcomes if one.commit), outcomes[0] if outcomes else None)

    async def flush_all(self) -> tuple[Outcome, ...]:
        """One outcome for what was committed, and one for each pull request."""
        waited = self._one.locked()
        async with self._one:
            if self._pending or self._settled or not waited:
                self._last = await self._round()
            return self._last

    async def run(self) -> None:
        """Until cancelled; a round that has begun is brought to its end then, and what was added since is written."""
        try:
            while True:
                await self._added.wait()
                await self._collect()
                await _to_its_end(self.flush_all())
        finally:
            if self._pending:
                await _to_its_end(self.flush_all())

    async def _collect(self) -> None:
        """Wait until nothing was added for a window; a stream without pauses is written now and then all the same."""
        window = self.section.window / timedelta(seconds=1)
        loop = asyncio.get_running_loop()
        ends = loop.time() + LONGEST_COLLECTING * window
        while loop.time() < ends:
            self._added.clear()
            try:
                await asyncio.wait_for(self._added.wait(), window)
            except TimeoutError:
                return

    async def _round(self) -> tuple[Outcome, ...]:
        changes, self._pending = tuple(self._pending.values()), {}
        settled, self._settled = frozenset(self._settled), set()
        self._added.clear()
        ways: dict[WriteName, list[Change]] = {"commit": [], "pullRequest": [], "lock": [], "nothing": []}
        for change in changes:
            ways[self.way_of(change)].append(change)
        outcomes: list[Outcome] = []
        direct = [*ways["commit"], *ways["lock"]]
        if direct:
            outcomes.append(await self._told(direct, self.committing.write(direct)))
        requests = ways["pullRequest"]
        if self.proposing is not None and (requests or (settled and writes_requests(self.section))):
            outcomes += await self._all_told(requests, self.proposing.write(requests, settled))
        elif requests:
            fix = "name it under git.forge in fairway.yaml, with a token"
            error = Terminal("pull requests need a forge, and none is known", fix=fix)
            outcomes.append(self._tell(Outcome(failed=tuple(Failed(change, error) for change in requests))))
        return tuple(outcomes)

    def way_of(self, change: Change) -> WriteName:
        """How a change is written by the rules."""
        return how_to_write(self.section, change.environment, change.release, level_in(change))

    async def _told(self, changes: list[Change], work: Awaitable[Outcome]) -> Outcome:
        async def several() -> list[Outcome]:
            return [await work]

        (outcome,) = await self._all_told(changes, several())
        return outcome

    async def _all_told(self, changes: list[Change], work: Awaitable[list[Outcome]]) -> list[Outcome]:
        """What came of it; a mistake of ours is told like any other failure, and ends no loop."""
        try:
            outcomes = await work
        except FairwayError as error:
            outcomes = [Outcome(failed=tuple(Failed(change, error) for change in changes))]
        except Exception as error:
            log.exception("writing_crashed")
            crash = Terminal(f"writing changes failed: {type(error).__name__}", fix="see the log, and report it")
            outcomes = [Outcome(failed=tuple(Failed(change, crash) for change in changes))]
        return [self._tell(outcome) for outcome in outcomes]

    def _tell(self, outcome: Outcome) -> Outcome:
        if outcome.failed or (outcome.commit and not outcome.unchanged):
            self.on_written(outcome)
        return outcome


async def _to_its_end(round: Awaitable[tuple[Outcome, ...]]) -> None:
    """A first cancellation waits for the round; a second one ends it."""
    going = asyncio.ensure_future(round)
    try:
        await asyncio.shield(going)
    except asyncio.CancelledError:
        await going
        raise
