"""When images were built, remembered by digest: an image never changes, so this is asked once ever.

The rule not to break: a file that is damaged or cannot be written costs another request and nothing else.

    images/ab/abcd….json   {"created": "2026-01-31T12:00:00+00:00" or null} of the manifest or index with that digest
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from fairway.adapters.charts.cache import write_atomically


class ImageDates:
    """A folder shared by all runs of one user."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, datetime | None] = {}

    async def find(self, digest: str) -> tuple[datetime | None] | None:
        """(the date, or None for an image that has none); None when it was never asked."""
        if digest not in self._known:
            found = await asyncio.to_thread(_read, self._path(digest))
            if found is None:
                return None
            self._known[digest] = found[0]
        return (self._known[digest],)

    async def keep(self, digest: str, created: datetime | None) -> None:
        self._known[digest] = created
        text = json.dumps({"created": created.isoformat() if created else None})
        with suppress(OSError):
            await asyncio.to_thread(write_atomically, self._path(digest), text.encode())

    def _path(self, digest: str) -> Path:
        name = digest.removeprefix("sha256:")
        return self._root / name[:2] / f"{name}.json"


def _read(path: Path) -> tuple[datetime | None] | None:
    try:
        text = json.loads(path.read_bytes())["created"]
        return (None if text is None else datetime.fromisoformat(text),)
    except (OSError, ValueError, KeyError, TypeError):
        return None
