"""Lists of tags kept with their validators: an unchanged one is an answer without a body.

The rule not to break: a kept page is used only when the registry says that it did not change; which login may see it
is for the registry to decide, before it says so.

    lists/….json   {"repository", "pages": {PATH: {"etag", "tags", "next", "digests"}}}, one file per repository
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from fairway.adapters.charts.cache import key_hash, write_atomically


@dataclass(frozen=True, slots=True)
class Page:
    """`etag` is empty when the registry gives none: such a page is not kept."""

    etag: str
    tags: tuple[str, ...]
    next: str = ""
    """Address of the page behind it; empty for the last one."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """Of tags, where the list says them (Google)."""


class TagLists:
    """A folder shared by all runs of one user. Call `save` at the end."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, dict[str, Page]] = {}
        self._changed: set[str] = set()

    async def find(self, repository: str, path: str) -> Page | None:
        if repository not in self._known:
            found = await asyncio.to_thread(_read, self._path(repository))
            self._known.setdefault(repository, found)
        return self._known[repository].get(path)

    def keep(self, repository: str, pages: Mapping[str, Page]) -> None:
        """All pages of a repository, by their paths; others are forgotten."""
        kept = {path: page for path, page in pages.items() if page.etag}
        if self._known.get(repository) != kept:
            self._known[repository] = kept
            self._changed.add(repository)

    async def save(self) -> None:
        """Write what is new. A disk that refuses costs the next run a transfer and nothing else."""
        changed, self._changed = self._changed, set()
        for repository in changed:
            pages = {path: asdict(page) for path, page in self._known[repository].items()}
            text = json.dumps({"repository": repository, "pages": pages})
            with suppress(OSError):
                await asyncio.to_thread(write_atomically, self._path(repository), text.encode())

    def _path(self, repository: str) -> Path:
        return self._root / f"{key_hash(repository)}.json"


def _read(path: Path) -> dict[str, Page]:
    try:
        pages = json.loads(path.read_bytes())["pages"]
        return {
            str(name): Page(str(one["etag"]), tuple(map(str, one["tags"])), str(one["next"]), dict(one["digests"]))
            for name, one in pages.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
