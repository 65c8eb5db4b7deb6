"""The spool on disk: one append-only file per process and segment, in one folder per ledger.

Two rules not to break. A record is handed over by one `write` to a file opened with O_APPEND, so a killed process
leaves whole lines (there is no fsync: a power cut may cost the last seconds). A living writer holds an exclusive
`flock` on its file; only who gets that lock may take a file away.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from fairway.adapters.spool.lines import ROTATED, carried, decode, encode
from fairway.domain.deployments.journal import Contents, Open, Record

SUFFIX = ".jsonl"
SET_ASIDE = ".unreadable"


class FileSegment:
    """One file; the descriptor holds the lock when nobody else does."""

    def __init__(self, path: Path, fd: int, is_live: bool) -> None:
        self.name = path.name
        self.is_live = is_live
        self._path = path
        self._fd = fd
        self._damaged = False

    def read(self) -> Contents:
        contents = decode(os.pread(self._fd, os.fstat(self._fd).st_size, 0), is_live=self.is_live)
        self._damaged = contents.unreadable > 0
        return contents

    def discard(self) -> None:
        """Remove the file, or set it aside as `….unreadable` when it had lines that could not be read."""
        if self._damaged:
            self._path.rename(self._path.with_name(self._path.name + SET_ASIDE))
        else:
            self._path.unlink(missing_ok=True)


class FileSpool:
    """Creates its folder (mode 0700) and file (0600) with the first record, so that reading verbs leave nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._fd = -1
        self._open = Open()
        self._has_records = False

    def append(self, records: Sequence[Record]) -> None:
        if self._fd < 0:
            self._fd = self._create()
        _write(self._fd, encode(records))
        self._open.note(records)
        self._has_records = True

    def rotate(self) -> None:
        if not self._has_records:
            return
        # The next segment first: at no moment may a crash leave open deployments that no file tells of.
        after = self._create() if self._open.ids else -1
        _write(self._fd, ROTATED)
        self._release()
        self._fd = after

    def segments(self) -> Iterator[FileSegment]:
        for path in self._paths():
            try:
                fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            try:
                yield FileSegment(path, fd, is_live=not _lock(fd))
            finally:
                os.close(fd)

    def set_aside(self) -> list[Path]:
        """Files with lines that could not be read, kept for a human."""
        return sorted(self.folder.glob(f"*{SUFFIX}{SET_ASIDE}"))

    def size(self) -> int:
        total = 0
        for path in self._paths():
            with suppress(FileNotFoundError):
                total += path.stat().st_size
        return total

    def count(self) -> int:
        """Files waiting, those of living processes included."""
        return len(self._paths())

    def close(self) -> None:
        """Leave the file to whoever replays next."""
        if self._fd >= 0:
            self._release()

    def _create(self) -> int:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        while True:
            # Microseconds in a fixed width: names sort by age, which replaying relies on.
            path = self.folder / f"{time.time_ns() // 1000:016d}-{os.getpid()}{SUFFIX}"
            fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
            # Between creating and locking, a replaying process may have taken the empty file away.
            if _lock(fd) and os.fstat(fd).st_nlink:
                _write(fd, carried(self._open.ids))
                return fd
            os.close(fd)

    def _release(self) -> None:
        os.close(self._fd)
        self._fd = -1
        self._has_records = False

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob(f"*{SUFFIX}"))


def _write(fd: int, data: bytes) -> None:
    """All of it or OSError; what a full disk took in part is cut off again, so that the file ends with a whole line."""
    end = os.fstat(fd).st_size
    try:
        while data:
            data = data[os.write(fd, data) :]
    except OSError:
        os.ftruncate(fd, end)
        raise


def _lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
