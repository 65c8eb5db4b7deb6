"""What images are, remembered by digest: what a digest names never changes, so it is asked once ever.

The rule not to break: a file that is damaged or cannot be written costs another request and nothing else.

    images/ab/abcd….json   {"platform": "linux/amd64", "created": "2026-01-31T12:00:00+00:00" or null, "labels": {…}}
                           of the image with that digest, or {"platforms": {"linux/amd64": DIGEST, …}, "labels": {…}}
                           of an index of several
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from fairway.adapters.charts.cache import write_atomically


@dataclass(frozen=True, slots=True)
class Image:
    """One image. `platform` is empty when it does not say."""

    platform: str = ""
    created: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Index:
    """Several images under one digest, in the order in which they stand there."""

    platforms: Mapping[str, str]
    """Platform → digest; only what can run anywhere."""
    labels: Mapping[str, str] = field(default_factory=dict)


class Facts:
    """A folder shared by all runs of one user."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, Image | Index] = {}

    async def find(self, digest: str) -> Image | Index | None:
        """None when it was never asked."""
        if digest not in self._known:
            found = await asyncio.to_thread(_read, self._path(digest))
            if found is None:
                return None
            self._known[digest] = found
        return self._known[digest]

    async def keep(self, digest: str, what: Image | Index) -> None:
        self._known[digest] = what
        about = asdict(what)
        if isinstance(what, Image):
            about["created"] = what.created.isoformat() if what.created else None
        with suppress(OSError):
            await asyncio.to_thread(write_atomically, self._path(digest), json.dumps(about).encode())

    def _path(self, digest: str) -> Path:
        name = digest.removeprefix("sha256:")
        return self._root / name[:2] / f"{name}.json"


def _read(path: Path) -> Image | Index | None:
    try:
        about = json.loads(path.read_bytes())
        if "platforms" in about:
            return Index(_texts(about["platforms"]), _texts(about["labels"]))
        created = about["created"]
        when = None if created is None else datetime.fromisoformat(created)
        return Image(str(about["platform"]), when, _texts(about["labels"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _texts(found: Any) -> dict[str, str]:
    return {str(key): str(value) for key, value in found.items()}
