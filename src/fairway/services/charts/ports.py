"""What fetching charts needs from outside: the places charts come from, chart folders, and a cache."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

from fairway.domain.charts.sources import Cached, Identity, Resolved
from fairway.domain.errors import Diagnostic
from fairway.domain.repository.models import ChartReference


class ChartFetcher(Protocol):
    """One kind of place. Errors: UserError (no such chart or version, wrong login), Unreachable, Terminal."""

    def identify(self, ref: ChartReference) -> Identity:
        """No I/O. Raises UserError when the reference is malformed."""
        ...

    async def resolve(self, ref: ChartReference) -> Resolved: ...

    async def fetch(self, chart: Resolved, scratch: Path) -> bytes | Path:
        """The archive's bytes, or a chart folder that was made below `scratch`."""
        ...

    async def versions(self, ref: ChartReference) -> list[str]:
        """All versions the place offers, newest first."""
        ...


class ChartFolders(Protocol):
    """Reads chart folders as Helm would package them."""

    async def read(self, path: Path, boundary: Path | None = None) -> Mapping[str, bytes]:
        """Files by path with `/`, `.helmignore` respected, links followed but never out of `boundary`."""
        ...


class ChartCache(Protocol):
    """Archives by digest and an index from keys to them; several processes may use one cache at once."""

    async def find(self, key: str) -> Cached | None:
        """None when unknown, gone, or damaged: what is returned was verified."""
        ...

    async def store(self, key: str, archive: bytes, notes: Mapping[str, Any]) -> Cached: ...

    async def link(self, key: str, to: Cached, notes: Mapping[str, Any]) -> None:
        """Remember a second key for an archive."""
        ...

    def hold(self, key: str) -> AbstractAsyncContextManager[None]:
        """Keep other processes from fetching the same key meanwhile."""
        ...

    def scratch(self) -> AbstractAsyncContextManager[Path]:
        """An empty folder, removed at the end."""
        ...


class Notices(Protocol):
    """Where progress and warnings go while charts are fetched."""

    def progress(self, text: str) -> None: ...

    def warn(self, warning: Diagnostic) -> None: ...
