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

Known = dict[str, tuple[str, float]]


class TagMemory:
    """A folder shared by all runs of one user; `clock` gives seconds since 1970. Call `save` at the end."""

    def __init__(self, root: Path, clock: Callable[[], float]) -> None:
        self._root = root
        self._clock = clock
        self._known: dict[str, Known] = {}
        self._changed: set[str] = set()

    async def find(self, repository: str, tag: str) -> str | None:
        """The digest that a tag had within the last day."""
        if repository not in self._known:
            found = await asyncio.to_thread(_read, self._path(repository))
            self._known.setdefault(repository, found)
        digest, asked = self._known[repository].get(tag, ("", 0.0))
        return digest if digest and 0 <= self._clock() - asked < FRESH else None

    def keep(self, repository: str, tag: str, digest: str) -> None:
        self._known.setdefault(repository, {})[tag] = (digest, self._clock())
        self._changed.add(repository)

    async def save(self) -> None:
        """Write what is new. A disk that refuses costs the next run its requests and nothing else."""
        changed, self._changed = self._changed, set()
        for repository in changed:
            fresh = {tag: item for tag, item in self._known[repository].items() if self._clock() - item[1] < FRESH}
            text = json.dumps({"repository": repository, "tags": fresh})
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
