"""Processes that somebody else started, known by pid and start time.

The rule: no signal is ever sent to a pid whose start time is not the recorded one; pids are used again.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ProcessId:
    """`start` is opaque text: boot and clock ticks since then on Linux, a date elsewhere. Written by the supervisor."""

    pid: int
    start: str

    def alive(self) -> bool:
        """Whether this very process still runs; a zombie does not."""
        return bool(self.start) and self.pid > 0 and _start_of(self.pid) == self.start

    def signal(self, number: int) -> None:
        """Send a signal, unless the process is gone."""
        if self.alive():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def memory(self) -> int:
        """Bytes in memory, shared pages by share where the system tells (Linux), else resident; 0 when it is gone."""
        with suppress(OSError, ValueError, IndexError):
            text = Path(f"/proc/{self.pid}/smaps_rollup").read_text(encoding="ascii")
            return int(text.split("\nPss:", 1)[1].split(None, 1)[0]) * 1024
        text = _ps(self.pid, "rss")
        return int(text) * 1024 if text.isdigit() else 0


def identify(pid: int) -> ProcessId:
    """The identity of a running process."""
    return ProcessId(pid, _start_of(pid))


def stop_all(processes: Iterable[ProcessId], grace: float, first: int = signal.SIGTERM) -> None:
    """Send `first`, and SIGKILL to what is still there after `grace` seconds; returns when all are gone."""
    left = [process for process in processes if process.alive()]
    for process in left:
        process.signal(first)
    left = _wait(left, grace)
    for process in left:
        process.signal(signal.SIGKILL)
    _wait(left, 10)


def _wait(processes: list[ProcessId], seconds: float) -> list[ProcessId]:
    until = time.monotonic() + seconds
    while processes and time.monotonic() < until:
        time.sleep(0.02)
        processes = [process for process in processes if process.alive()]
    return processes


def _start_of(pid: int) -> str:
    try:
        # The second field is the program's name in brackets and may contain anything, brackets too.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return "" if fields[0] in "ZX" else f"{boot}/{fields[19]}"
    except OSError:
        if Path("/proc/self/stat").exists():
            return ""
    return "" if _ps(pid, "stat").startswith("Z") else _ps(pid, "lstart")


def _ps(pid: int, field: str) -> str:
    with suppress(OSError):
        # The supervisor asks in the same words: the date must come out the same whatever the user's settings are.
        settings = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        command = ["ps", "-o", f"{field}=", "-p", str(pid)]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=settings).stdout.strip()
    return ""
