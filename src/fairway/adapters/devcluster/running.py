"""Starting a cluster's supervisor and ending it, whatever state the last one left behind.

The rule: after `stop` no process of the cluster is left, also when its supervisor was killed and could not clean up.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections import deque
from pathlib import Path

from fairway.adapters.devcluster.processes import stop_all
from fairway.adapters.devcluster.progress import Progress
from fairway.adapters.devcluster.state import ClusterFolder, Status
from fairway.domain.errors import Terminal

#: The supervisor stops five parts in order and gives each three seconds.
_SUPERVISOR_GRACE = 20.0
_ORPHAN_GRACE = 3.0
_START_TIMEOUT = 150.0
_FIRST_WORD = 10.0

Supervisor = subprocess.Popen[bytes]


def spawn(folder: ClusterFolder, supervisor: Path) -> Supervisor:
    """Start the supervisor in a session of its own, so that it outlives this command and its terminal.

    Returns after its first word: from then on others see that the cluster has a supervisor.
    """
    folder.logs.mkdir(exist_ok=True)
    (folder.path / "status.json").unlink(missing_ok=True)
    with (folder.logs / "supervisor.log").open("ab") as log:
        process = subprocess.Popen(
            [supervisor, folder.path],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
        )
    until = time.monotonic() + _FIRST_WORD
    while folder.status() is None and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    return process


def wait_until_ready(folder: ClusterFolder, supervisor: Supervisor, progress: Progress) -> None:
    """Return when the cluster is ready; Terminal with the last log lines when it will not be."""
    until = time.monotonic() + _START_TIMEOUT
    while True:
        ended = supervisor.poll() is not None
        status = folder.status()
        if status and status.phase == "ready":
            return
        if ended or time.monotonic() > until:
            raise _did_not_start(folder, status)
        progress(status.message if status else "starting the supervisor")
        time.sleep(0.05)


def wait_for_other(folder: ClusterFolder, progress: Progress) -> None:
    """Return when a cluster that another process is starting is ready."""
    until = time.monotonic() + _START_TIMEOUT
    while (status := folder.status()) is None or status.phase != "ready":
        if time.monotonic() > until or (status and not status.supervisor.alive()):
            raise _did_not_start(folder, status)
        progress("another process starts this cluster")
        time.sleep(0.1)


def is_alive(status: Status | None) -> bool:
    """Whether the supervisor that wrote this still runs."""
    return status is not None and status.supervisor.alive()


def stop(folder: ClusterFolder, *, discard: bool = False) -> None:
    """End the supervisor, or what a dead supervisor left running; at once when the data will be discarded anyway."""
    status = folder.status()
    if status is None:
        return
    stop_all([status.supervisor], _SUPERVISOR_GRACE, signal.SIGINT if discard else signal.SIGTERM)
    # Read again: the supervisor may have started a part again since.
    status = folder.status() or status
    stop_all(status.processes, _ORPHAN_GRACE)


def tail(path: Path, lines: int) -> list[str]:
    """The last lines of a log, [] when it is not there."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return [line.rstrip("\n") for line in deque(file, maxlen=lines)]
    except FileNotFoundError:
        return []


def _did_not_start(folder: ClusterFolder, status: Status | None) -> Terminal:
    message = status.message if status else "the supervisor ended before it wrote its status"
    suspects = [part.name for part in status.parts if part.restarts] if status else []
    lines: list[str] = []
    for name in [*suspects, "supervisor"]:
        lines.extend(f"  {name}: {line[:300]}" for line in tail(folder.logs / f"{name}.log", 5))
    text = "\n".join(["", *lines]) if lines else ""
    name = folder.path.name
    return Terminal(
        f"cluster {name} did not start: {message}{text}",
        fix=f"look at fairway cluster logs --name {name}, then fairway cluster down --name {name} and up again",
    )
