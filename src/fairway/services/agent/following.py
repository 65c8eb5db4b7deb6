"""Follows the branch: asks for its newest commit, checks who signed it, reads it, and says what it touches.

The rule not to break: a commit that is not trusted or has mistakes is never handed on; commits in between are skipped.
"""

from __future__ import annotations

import asyncio
import logging
import posixpath
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fairway.domain.agent.touching import Touched, touched
from fairway.domain.errors import FairwayError, InvalidInput, Severity
from fairway.domain.notifications.event import EventKind, Happening
from fairway.domain.repository.models import Environment, Repository
from fairway.services.agent.checkouts import Checkout, Checkouts
from fairway.services.agent.companions import companions_of
from fairway.services.agent.ports import Head, Source
from fairway.services.agent.troubles import Troubles
from fairway.services.loading import read_repository
from fairway.services.notifying.ports import Tell

log = logging.getLogger(__name__)

GIT = "Git"


@dataclass(frozen=True, slots=True)
class Tree:
    """A commit that was read; hold `checkout` while its files are needed."""

    head: Head
    checkout: Checkout
    repository: Repository
    companions: Mapping[str, tuple[str, ...]]

    def environment(self, name: str) -> Environment | None:
        return self.repository.environment(name)


OnTree = Callable[[Tree, Callable[[str], Touched]], None]
"""Called with a new commit, and with what it touches in an environment."""


class Following:
    """One branch. `environments_file` is relative to the repository's top folder."""

    def __init__(
        self,
        source: Source,
        checkouts: Checkouts,
        environments_file: str,
        *,
        on_tree: OnTree,
        troubles: Troubles,
        tell: Tell,
        now: Callable[[], datetime],
        on_fetched: Callable[[bool, float], None] = lambda ok, seconds: None,
    ) -> None:
        self._on_fetched = on_fetched
        self._source = source
        self._checkouts = checkouts
        self._environments_file = environments_file
        self._on_tree = on_tree
        self._troubles = troubles
        self._tell = tell
        self._now = now
        self._told = ""
        self._asking = asyncio.Lock()
        self.head: Head | None = None
        """The newest commit, whether it may be applied or not."""
        self.tree: Tree | None = None
        """The newest commit that may be applied."""
        self.untrusted = ""
        """Why the newest commit may not be applied."""
        self.failure: FairwayError | None = None
        """Why Git did not answer the last time."""
        self.asked: datetime | None = None
        """When Git last answered."""

    async def look(self) -> bool:
        """Ask once; whether Git answered. What goes wrong is kept and told, never raised."""
        async with self._asking:
            began = time.monotonic()
            try:
                head = await self._source.fetch()
            except FairwayError as error:
                self._on_fetched(False, time.monotonic() - began)
                self.failure = error
                self._troubles.failed(GIT, str(error), fix=error.fix)
                return False
            self._on_fetched(True, time.monotonic() - began)
            self.failure = None
            self._troubles.well(GIT)
            self.asked = self._now()
            if self.head is not None and head.commit == self.head.commit and not self.untrusted:
                return True
            if self.tree is None or head.commit != self.tree.head.commit:
                await self._take(head)
            else:
                self._in_order(head)
            return True

    async def _take(self, head: Head) -> None:
        # The head is known only once it was judged: until then the one before counts.
        try:
            await self._source.verify(head.commit)
            tree = await self._read(head)
            changed = await self._changed(tree)
        except FairwayError as error:
            self.head = head
            self.untrusted = _in_words(error)
            self._tell_once(head, error)
            return
        before, self.tree = self.tree, tree
        self._in_order(head)
        log.info("agent.commit", extra={"commit": head.commit[:12], "subject": head.subject})
        self._on_tree(tree, lambda environment: _touched(before, tree, environment, changed))

    def _in_order(self, head: Head) -> None:
        """This one may be applied; who was told that another one may not, hears that this is over."""
        refused = self.head.commit if self.head is not None and self.untrusted else ""
        self.head, self.untrusted, self._told = head, "", ""
        if refused:
            self._tell(
                Happening(
                    id=secrets.token_hex(8),
                    kind=EventKind.SOURCE_RECOVERED,
                    at=self._now(),
                    title=f"commit {head.commit[:7]} is in order again",
                    commit=head.commit,
                    thread=refused,
                )
            )

    async def _read(self, head: Head) -> Tree:
        checkout = await self._checkouts.take(head.commit)
        file = checkout.top / self._environments_file
        # In the loop on purpose: a thousand releases take a tenth of a second, and all wait for it.
        loaded = read_repository(file, checkout.top, checkout.documents)
        repository = loaded.complete()
        return Tree(head, checkout, repository, companions_of(repository))

    async def _changed(self, tree: Tree) -> frozenset[str] | None:
        """Absolute paths below the new tree's folder; None when they are not known."""
        if self.tree is None:
            return None
        names = await self._source.changed(self.tree.head.commit, tree.head.commit)
        top = str(tree.checkout.top)
        return None if names is None else frozenset(posixpath.join(top, name) for name in names)

    def _tell_once(self, head: Head, error: FairwayError) -> None:
        text = f"{head.commit} {error}"
        if text == self._told:
            return
        self._told = text
        log.warning("agent.commit_refused", extra={"commit": head.commit[:12], "why": str(error)})
        lines = (
            tuple(str(d.position) + ": " + d.message for d in error.diagnostics[:10])
            if isinstance(error, InvalidInput)
            else (str(error),)
        )
        self._tell(
            Happening(
                id=secrets.token_hex(8),
                kind=EventKind.DEPLOYMENT_FAILED,
                at=self._now(),
                title=f"commit {head.commit[:7]} is not applied: {error.message}",
                severity=Severity.ERROR,
                lines=(*lines, *((error.fix,) if error.fix else ())),
                commit=head.commit,
                thread=head.commit,
            )
        )


def _touched(before: Tree | None, tree: Tree, name: str, changed: frozenset[str] | None) -> Touched:
    after = tree.environment(name)
    earlier = before.environment(name) if before is not None else None
    if before is None or after is None or earlier is None:
        return Touched(None)
    return touched(earlier, after, (before.repository, tree.repository), changed, tree.companions)


def _in_words(error: FairwayError) -> str:
    return f"{error}; {error.fix}" if error.fix else str(error)


def relative_environments_file(top: Path, file: Path) -> str:
    """`environments.yaml` as a path below the repository's top folder. Raises ValueError when it is not below."""
    return file.absolute().relative_to(top.absolute()).as_posix()
