"""This process as the holder of a revision, and whether another holder on this machine still lives."""

from __future__ import annotations

import os
import platform
from datetime import datetime

from fairway.adapters.devcluster.processes import ProcessId, identify
from fairway.domain.releases.holding import Holder, Life


class ProcessHolding:
    """Who this process is, for the records; `user` as the settings know it."""

    def __init__(self, user: str, host: str = "") -> None:
        self._user = user.replace(" ", "_")
        self._host = _machine(host or platform.node() or "localhost")
        self._process = _text(identify(os.getpid()))

    def holder(self, deadline: datetime) -> Holder:
        return Holder(self._host, self._process, self._user, deadline)

    def life(self, holder: Holder) -> Life:
        """Own revisions of this very process count as dead: a pass never waits for itself."""
        if holder.host != self._host:
            return Life.ELSEWHERE
        if holder.process == self._process:
            return Life.DEAD
        pid, _, start = holder.process.partition(":")
        alive = pid.isdigit() and _text(identify(int(pid))) == holder.process and bool(start)
        return Life.ALIVE if alive else Life.DEAD


def _machine(host: str) -> str:
    """The host, and on Linux the namespace in which process numbers count: containers may share a host's name."""
    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        return host
    return f"{host}#{namespace.strip('pid:[]')}"


def _text(process: ProcessId) -> str:
    return f"{process.pid}:{process.start.replace(' ', '_')}"
