"""Looking after the chart cache: what is in it, and making room.

The rule not to break: an archive goes only when nothing points to it and nobody can have begun to use it lately.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fairway.adapters.charts.cache import FileCache, read_entry

GRACE = timedelta(hours=1)
"""Another process may be about to read what this one would remove."""


@dataclass(frozen=True, slots=True)
class CachedChart:
    """One archive; `sources` are all references that led to it."""

    name: str
    version: str
    digest: str
    size: int
    """Bytes."""
    last_used: datetime
    sources: tuple[str, ...]
    path: str


@dataclass(frozen=True, slots=True)
class Pruned:
    charts: int
    bytes: int


def cached_charts(cache: FileCache) -> list[CachedChart]:
    """Every chart in the cache, last used first."""
    found: dict[str, list[tuple[dict[str, Any], float]]] = {}
    for file in _files(cache.root / "keys", ".json"):
        entry = read_entry(file)
        if entry and cache.blob_path(entry["blob"]).is_file():
            found.setdefault(entry["blob"], []).append((entry, file.stat().st_mtime))
    charts = [_chart(cache, digest, entries) for digest, entries in found.items()]
    return sorted(charts, key=lambda chart: (chart.last_used, chart.name), reverse=True)


def size_of(cache: FileCache) -> int:
    """Bytes of all that the cache keeps: archives, indexes, clones."""
    return sum(file.stat().st_size for file in _all_files(cache.root))


def prune(cache: FileCache, unused_for: timedelta, *, pretend: bool = False) -> Pruned:
    """Remove what was not used for so long: references, their archives, indexes and Git clones. Counts archives."""
    now = time.time()
    before = now - unused_for.total_seconds()
    keys = list(_files(cache.root / "keys", ".json"))
    old = [file for file in keys if file.stat().st_mtime <= before]
    kept = {entry["blob"] for file in keys if file not in set(old) and (entry := read_entry(file))}
    # Without a wish for everything, young archives stay: their reference may be written in this moment.
    youngest = min(before, now - GRACE.total_seconds()) if unused_for else now
    blobs = [
        file
        for file in _files(cache.root / "blobs", ".tgz")
        if file.stem not in kept and (unused_for == timedelta() or file.stat().st_mtime <= youngest)
    ]
    others = [file for file in _files(cache.root / "web", "") if file.stat().st_mtime <= before]
    clones = [clone for clone in _folders(cache.root / "git") if _last_change(clone) <= before]
    leftovers = [folder for folder in _folders(cache.root / "tmp") if folder.stat().st_mtime <= now - 86400]
    freed = sum(_size(path) for path in (*blobs, *others, *clones, *leftovers))
    if not pretend:
        for path in (*old, *blobs, *others):
            with suppress(OSError):
                path.unlink()
        for folder in (*clones, *leftovers):
            shutil.rmtree(folder, ignore_errors=True)
    return Pruned(len(blobs), freed)


def _chart(cache: FileCache, digest: str, entries: list[tuple[dict[str, Any], float]]) -> CachedChart:
    newest = max(entries, key=lambda item: item[1])
    metadata: Mapping[str, Any] = newest[0]["notes"].get("metadata") or {}
    path = cache.blob_path(digest)
    return CachedChart(
        name=str(metadata.get("name", "?")),
        version=str(metadata.get("version", "?")),
        digest=f"sha256:{digest}",
        size=path.stat().st_size,
        last_used=datetime.fromtimestamp(newest[1], UTC),
        sources=tuple(sorted({_source(entry["key"]) for entry, _ in entries})),
        path=str(path),
    )


def _source(key: str) -> str:
    """A key for people: `kind|place|chart|version` without its separators."""
    kind, *parts = key.split("|")
    if kind == "content":
        return "folder with its dependencies"
    if kind == "url":
        return parts[0]
    if kind == "oci":
        return f"oci://{parts[0]} {parts[1]}".rstrip()
    if kind == "s3":
        return f"s3://{parts[0]}/{parts[1]} {parts[2]}".rstrip()
    if kind == "git":
        return f"git+{parts[0]}//{parts[1]}?ref={parts[2][:12]}"
    if kind == "repository":
        return f"{parts[0]}/{parts[1]} {parts[2]}".rstrip()
    return key


def _files(folder: Path, suffix: str) -> Iterator[Path]:
    return (file for file in _all_files(folder) if file.name.endswith(suffix))


def _all_files(folder: Path) -> Iterator[Path]:
    for below, _, names in os.walk(folder):
        for name in names:
            file = Path(below, name)
            if file.is_file():
                yield file


def _folders(folder: Path) -> list[Path]:
    return [item for item in folder.iterdir() if item.is_dir()] if folder.is_dir() else []


def _last_change(clone: Path) -> float:
    return max((file.stat().st_mtime for file in _all_files(clone)), default=0.0)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else sum(file.stat().st_size for file in _all_files(path))
