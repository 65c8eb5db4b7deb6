"""What one run of a command cost: wall time, its own CPU and memory, and what it made the control plane do."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CLOCK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """`wall`, `cpu` (the tool and its children) and `plane_cpu` (all parts of the control plane) in seconds."""

    wall: float
    cpu: float
    plane_cpu: float
    memory: int
    """Bytes: the largest single process of the tool."""
    code: int
    output: str = ""

    @property
    def ok(self) -> bool:
        return self.code == 0


@dataclass(frozen=True, slots=True)
class Plane:
    """The control plane's processes, for their CPU time."""

    pids: tuple[int, ...]

    def cpu(self) -> float:
        return sum(_cpu_of(pid) for pid in self.pids)


def measure(command: Sequence[str], plane: Plane, *, cwd: Path, env: Mapping[str, str], log: Path) -> Cost:
    """Run a command to its end; its output goes to `log`."""
    plane_before = plane.cpu()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=cwd, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
    return Cost(
        wall=wall,
        cpu=cpu,
        plane_cpu=plane.cpu() - plane_before,
        memory=usage.ru_maxrss * 1024,
        code=process.returncode,
        output=log.read_text(encoding="utf-8", errors="replace")[-2000:],
    )


def _cpu_of(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / CLOCK
