"""The folder of one cluster: what `up` decided (cluster.json) and what the supervisor reports (status.json).

Nothing about a cluster is kept anywhere else, so removing the folder removes the cluster.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from fairway.adapters.devcluster.processes import ProcessId
from fairway.domain.errors import Terminal, UserError

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Plan:
    """What the supervisor is told; the fields are those of `Plan` in devcluster/internal/parts/plan.go."""

    name: str
    bundle: str
    api_port: int
    node_port: int
    nodes: int
    kubernetes: str
    etcd: str
    kwok: str
    context: str
    memory_limit: int = 0

    @property
    def server(self) -> str:
        return f"https://127.0.0.1:{self.api_port}"


@dataclass(frozen=True, slots=True)
class PartStatus:
    """A part as the supervisor last saw it; `process` is None while it does not run."""

    name: str
    state: str
    process: ProcessId | None
    since: datetime
    restarts: int
    address: str
    version: str
    last_exit: str


@dataclass(frozen=True, slots=True)
class Event:
    time: datetime
    part: str
    what: str


@dataclass(frozen=True, slots=True)
class Status:
    """What the supervisor wrote last; whether that still holds is for `processes` to say."""

    phase: str
    message: str
    supervisor: ProcessId
    started_at: datetime
    parts: tuple[PartStatus, ...] = ()
    events: tuple[Event, ...] = field(default=())

    @property
    def processes(self) -> tuple[ProcessId, ...]:
        """Every process of the cluster that was reported, the supervisor first."""
        return (self.supervisor, *(part.process for part in self.parts if part.process))


@dataclass(frozen=True, slots=True)
class ClusterFolder:
    path: Path

    @property
    def kubeconfig(self) -> Path:
        return self.path / "kubeconfig"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    def plan(self) -> Plan | None:
        """None when there is no such cluster; Terminal when the file cannot be read."""
        data = self._read("cluster.json")
        if data is None:
            return None
        try:
            return Plan(**data)
        except TypeError as error:
            raise _damaged(self.path / "cluster.json", self.path.name) from error

    def write_plan(self, plan: Plan) -> None:
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self.path / "cluster.json.new"
        fresh.write_text(json.dumps(asdict(plan), indent=2), encoding="utf-8")
        os.replace(fresh, self.path / "cluster.json")

    def status(self) -> Status | None:
        """None before the supervisor's first word."""
        data = self._read("status.json")
        if data is None:
            return None
        try:
            return _status(data)
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(self.path / "status.json", self.path.name) from error

    def _read(self, name: str) -> dict[str, Any] | None:
        path = self.path / name
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise _damaged(path, self.path.name) from error
        if not isinstance(data, dict):
            raise _damaged(path, self.path.name)
        return data


def check_name(name: str) -> None:
    """UserError unless the name can be a folder, a context and part of a host name."""
    if not _NAME.fullmatch(name):
        raise UserError(
            f'"{name}" cannot name a cluster',
            fix="use 1 to 40 lower-case letters, digits and dashes, with a letter or digit at both ends",
        )


def _damaged(path: Path, name: str) -> Terminal:
    return Terminal(f"{path} cannot be read", fix=f"fairway cluster down --name {name} removes what is there")


def _status(data: dict[str, Any]) -> Status:
    return Status(
        phase=data["phase"],
        message=data["message"],
        supervisor=ProcessId(data["supervisor"]["pid"], data["supervisor"]["start"]),
        started_at=datetime.fromisoformat(data["started_at"]),
        parts=tuple(_part(part) for part in data["parts"]),
        events=tuple(
            Event(datetime.fromisoformat(event["time"]), event["part"], event["what"]) for event in data["events"]
        ),
    )


def _part(data: dict[str, Any]) -> PartStatus:
    return PartStatus(
        name=data["name"],
        state=data["state"],
        process=ProcessId(data["pid"], data["start"]) if data["pid"] else None,
        since=datetime.fromisoformat(data["since"]),
        restarts=data["restarts"],
        address=data["address"],
        version=data["version"],
        last_exit=data.get("last_exit", ""),
    )
