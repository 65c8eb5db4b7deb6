"""Which image a tag was, remembered for a day: asking 500 tags again at every look would cost 500 requests.

The rule not to break: this only dates images. Whoever wants to know what a tag is now asks the registry.

    tags/….json   {"repository", "tags": {TAG: [digest, seconds since 1970 when it was asked]}}, one file per repository
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from fairway.adapters.charts.cache import key_hash, write_atomically

FRESH = 24 * 3600.0
"""Seconds; a tag that was moved is dated anew after this time."""
KEPT = 30 * FRESH
"""Seconds for which a tag counts as seen before: then its digest is asked, which is not a pull."""

Known = dict[str, tuple[str, float]]


class TagMemory:
    """A folder shared by all runs of one user; `clock` gives seconds since 1970. Call `save` at the end."""

    def __init__(self, root: Path, clock: Callable[[], float]) -> None:
        self._root = root
        self._clock = clock
        self._known: dict[str, Known] = {}
        self._new: dict[str, Known] = {}
        self._changed: set[str] = set()

    async def find(self, repository: str, tag: str) -> str | None:
        """The digest that a tag had within the last day."""
        digest, asked = (await self._of(repository)).get(tag, ("", 0.0))
        return digest if digest and 0 <= self._clock() - asked < FRESH else None

    async def knew(self, repository: str, tag: str) -> bool:
        """Whether the tag was seen before, however long ago."""
        return tag in await self._of(repository)

    def keep(self, repository: str, tag: str, digest: str) -> None:
        self._new.setdefault(repository, {})[tag] = (digest, self._clock())

    async def _of(self, repository: str) -> Known:
        if repository not in self._known:
            found = await asyncio.to_thread(_read, self._path(repository))
            self._known.setdefault(repository, found)
        if repository in self._new:
            self._known[repository] |= self._new.pop(repository)
            self._changed.add(repository)
        return self._known[repository]

    async def save(self) -> None:
        """Write what is new. A disk that refuses costs the next run its requests and nothing else."""
        for repository in list(self._new):
            await self._of(repository)
        changed, self._changed = self._changed, set()
        for repository in changed:
            kept = {tag: item for tag, item in self._known[repository].items() if self._clock() - item[1] < KEPT}
            text = json.dumps({"repository": repository, "tags": kept})
            with suppress(OSError):
                await asyncio.to_thread(write_atomically, self._path(repository), text.encode())

    def _path(self, repository: str) -> Path:
        return self._root / f"{key_hash(repository)}.json"


def _read(path: Path) -> Known:
    try:
        tags = json.loads(path.read_bytes())["tags"]
        return {str(tag): (str(digest), float(asked)) for tag, (digest, asked) in tags.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
