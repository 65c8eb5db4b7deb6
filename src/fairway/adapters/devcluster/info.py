"""What can be said about a cluster now: the supervisor's last word, checked against the processes that really run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fairway.adapters.devcluster.state import ClusterFolder, Event, Plan, Status

DEFAULT_NAME = "fairway"
DEFAULT_NODES = 3


@dataclass(frozen=True, slots=True)
class PartInfo:
    """One process of a cluster. Memory in bytes, 0 when it does not run; `since` is when the state began."""

    name: str
    state: str
    pid: int | None
    restarts: int
    memory: int
    address: str
    version: str
    since: datetime | None
    last_exit: str


@dataclass(frozen=True, slots=True)
class ClusterInfo:
    """A cluster as it is now. `phase`: starting, ready, stopping, failed, or stopped when no supervisor runs.

    `changed` says whether the call that returned this started it; `outdated`, whether its programs were built from
    other sources than this installation's.
    """

    name: str
    phase: str
    message: str
    context: str
    server: str
    kubeconfig: Path
    nodes: int
    kubernetes: str
    outdated: bool
    started_at: datetime | None
    parts: tuple[PartInfo, ...]
    events: tuple[Event, ...]
    changed: bool = False

    @property
    def memory(self) -> int:
        """Bytes that all parts use together."""
        return sum(part.memory for part in self.parts)


def read(folder: ClusterFolder, plan: Plan, current_bundle: Path) -> ClusterInfo:
    """Look at one cluster; asks the system for each of its processes, the cluster for nothing."""
    status = folder.status()
    alive = status is not None and status.supervisor.alive()
    return ClusterInfo(
        name=plan.name,
        phase=status.phase if status and (alive or status.phase == "failed") else "stopped",
        message=_message(status, alive),
        context=plan.context,
        server=plan.server,
        kubeconfig=folder.kubeconfig,
        nodes=plan.nodes,
        kubernetes=plan.kubernetes,
        outdated=plan.bundle != str(current_bundle),
        started_at=status.started_at if status and alive else None,
        parts=tuple(_parts(status)),
        events=status.events if status else (),
    )


def _message(status: Status | None, alive: bool) -> str:
    if alive and status:
        troubled = [part.name for part in status.parts if part.state == "restarting"]
        return f"{', '.join(troubled)} restarting" if troubled else status.message
    if status and status.phase == "failed":
        return status.message
    orphans = sum(process.alive() for process in status.processes) if status else 0
    left = f"; {orphans} of its processes are left over" if orphans else ""
    return f"its supervisor is gone{left}; fairway cluster up starts it again with what was in it"


def _parts(status: Status | None) -> Iterable[PartInfo]:
    for part in status.parts if status else ():
        runs = part.process is not None and part.process.alive()
        yield PartInfo(
            name=part.name,
            state=part.state if runs or part.state != "running" else "gone",
            pid=part.process.pid if part.process and runs else None,
            restarts=part.restarts,
            memory=part.process.memory() if part.process and runs else 0,
            address=part.address,
            version=part.version,
            since=part.since if runs else None,
            last_exit=part.last_exit,
        )
