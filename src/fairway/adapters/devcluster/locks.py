"""Locks between processes. They are held on an open file: whoever dies, lets go."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fairway.adapters.devcluster.progress import Progress, silent


@contextmanager
def locked(path: Path, progress: Progress = silent, waiting: str = "") -> Iterator[None]:
    """Hold the exclusive lock on a file (made when absent) or folder; tell `waiting` while another has it."""
    flags = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
    handle = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                progress(waiting)
                time.sleep(0.1)
        yield
    finally:
        os.close(handle)
