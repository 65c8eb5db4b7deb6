"""Archives by digest on this machine's disk, with an index from references to them.

The rule not to break: files appear by atomic rename and are verified when read, so a crash, a full disk or another
process at work leaves a miss, never a wrong chart.

    blobs/ab/abcd….tgz   archives by the SHA-256 of their bytes
    keys/….json          {"key", "blob", "notes"}: which archive a reference meant, last used at the file's mtime
    web/….json, ….body   HTTP answers with their validators (adapters/charts/web_cache.py)
    locks/, tmp/         one lock file per key held; downloads in progress
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

from fairway.domain.charts.sources import Cached
from fairway.domain.errors import Terminal

TOUCH_AFTER = 3600.0
"""Seconds before a use is noted again: a warm run should not write."""
LOCK_POLL = 0.05


class FileCache:
    """A folder shared by all runs of one user. Errors: Terminal when the disk refuses to be written."""

    def __init__(self, root: Path, progress: Callable[[str], None] = lambda text: None) -> None:
        self.root = root
        self._progress = progress
        self._verified: set[str] = set()

    async def find(self, key: str) -> Cached | None:
        return await asyncio.to_thread(self._find, key)

    async def store(self, key: str, archive: bytes, notes: Mapping[str, Any]) -> Cached:
        return await asyncio.to_thread(self._store, key, archive, notes)

    async def link(self, key: str, to: Cached, notes: Mapping[str, Any]) -> None:
        await asyncio.to_thread(self._write_key, key, to.digest.removeprefix("sha256:"), notes)

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[None]:
        path = self.root / "locks" / f"{key_hash(key)}.lock"
        with _disk(self.root):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            said = False
            while not _try_lock(handle):
                if not said:
                    said = True
                    self._progress("waiting for another process that fetches the same chart")
                await asyncio.sleep(LOCK_POLL)
            yield
        finally:
            os.close(handle)

    @asynccontextmanager
    async def scratch(self) -> AsyncIterator[Path]:
        with _disk(self.root):
            (self.root / "tmp").mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(dir=self.root / "tmp"))
        try:
            yield folder
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, True)

    def blob_path(self, digest: str) -> Path:
        return self.root / "blobs" / digest[:2] / f"{digest}.tgz"

    def _find(self, key: str) -> Cached | None:
        path = self.key_path(key)
        entry = read_entry(path)
        if entry is None or entry["key"] != key:
            return None
        digest = entry["blob"]
        blob = self.blob_path(digest)
        if digest not in self._verified:
            try:
                actual = hashlib.sha256(blob.read_bytes()).hexdigest()
            except OSError:
                return None
            if actual != digest:
                with suppress(OSError):
                    blob.unlink()
                return None
            self._verified.add(digest)
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > TOUCH_AFTER:
                os.utime(path)
        return Cached(str(blob), f"sha256:{digest}", entry["notes"])

    def _store(self, key: str, archive: bytes, notes: Mapping[str, Any]) -> Cached:
        digest = hashlib.sha256(archive).hexdigest()
        blob = self.blob_path(digest)
        with _disk(self.root):
            write_atomically(blob, archive)
        self._verified.add(digest)
        self._write_key(key, digest, notes)
        return Cached(str(blob), f"sha256:{digest}", notes)

    def _write_key(self, key: str, digest: str, notes: Mapping[str, Any]) -> None:
        entry = {"key": key, "blob": digest, "notes": dict(notes)}
        path = self.key_path(key)
        if read_entry(path) == entry:
            return
        with _disk(self.root):
            write_atomically(path, json.dumps(entry, ensure_ascii=False).encode())

    def key_path(self, key: str) -> Path:
        return self.root / "keys" / f"{key_hash(key)}.json"


def key_hash(key: str) -> str:
    return hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()


def read_entry(path: Path) -> dict[str, Any] | None:
    """An index entry, or None when it is missing or damaged."""
    try:
        entry = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(entry, dict) or not isinstance(entry.get("notes"), dict):
        return None
    return entry if isinstance(entry.get("key"), str) and isinstance(entry.get("blob"), str) else None


def write_atomically(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _disk(root: Path) -> Iterator[None]:
    """Turns a disk's refusal into an error that says what to do."""
    try:
        yield
    except OSError as error:
        raise Terminal(
            f"cannot write to the chart cache {root}: {error.strerror}",
            fix="make room or set FAIRWAY_CACHE_DIR to a folder that can be written",
        ) from error
