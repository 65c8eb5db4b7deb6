"""`python -m bench.agent`: a monorepo of 1,000 releases, and commits that each touch one.

Reports the agent's own CPU per commit (git's included) and the API requests of each pass. Polling is part of the
figure: the agent asks Git every second.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from bench.fleet import CHART
from bench.measure import CLOCK
from bench.plane import BenchPlane

PROGRAM = "from fairway.entrypoints.cli.main import main; main()"
IDENTITY = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
ENDED = re.compile(r"agent\.pass_ended environment=\S+ requests=(\d+) seconds=([\d.]+)")


PER_FILE = 20
"""Releases in one file, as a team has them."""


@dataclass(frozen=True, slots=True)
class Monorepo:
    """N releases of one chart in files of 20; `write` changes only what differs."""

    folder: Path
    namespace: str
    size: int
    plane: BenchPlane

    @property
    def names(self) -> list[str]:
        return [f"app-{n:04}" for n in range(self.size)]

    def write(self, tags: Mapping[str, str]) -> None:
        """One release for each name, with its tag or v0."""
        files = [self.names[n : n + PER_FILE] for n in range(0, self.size, PER_FILE)]
        for name, text in CHART.items():
            self._put(f"chart/{name}", text)
        for number, names in enumerate(files):
            lines = ["releases:"]
            for name in names:
                lines += [
                    f"  - name: {name}",
                    "    chart: {dir: ../chart}",
                    "    values:",
                    f'      - {{key: image.tag, value: "{tags.get(name, "v0")}"}}',
                    f"      - {{key: host, value: {name}.example.com}}",
                ]
            self._put(f"teams/{number:03}.yaml", "\n".join(lines) + "\n")
        provider = {"kubeconfig": {"path": str(self.plane.kubeconfig), "context": self.plane.context}}
        environment = {
            "name": "bench",
            "clusterName": "bench",
            "kubeNamespace": self.namespace,
            "releasesFiles": [f"teams/{number:03}.yaml" for number in range(len(files))],
        }
        document = {"clusters": [{"name": "bench", "provider": provider}], "environments": [environment]}
        self._put("environments.yaml", yaml.safe_dump(document))

    def _put(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.agent", description=__doc__)
    parser.add_argument("--releases", type=int, default=1000)
    parser.add_argument("--commits", type=int, default=100)
    parser.add_argument("--kubeconfig", type=Path, help="an existing control plane instead of one of our own")
    parser.add_argument("--context", default="")
    parser.add_argument("--profile", type=Path, help="write the agent's profile (cProfile) here")
    options = parser.parse_args()
    # Whoever ends the bench ends the agent and the cluster with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    place = tempfile.TemporaryDirectory(prefix="fairway-bench-")
    with place as name, BenchPlane.open(options.kubeconfig, options.context) as plane:
        run(Path(name), plane, options.releases, options.commits, options.profile)


def run(base: Path, plane: BenchPlane, size: int, commits: int, profile: Path | None) -> None:
    fleet = Monorepo(base / "repository", f"bench-agent-{os.getpid()}", size, plane)
    remote = base / "remote.git"
    fleet.folder.mkdir()
    fleet.write({})
    settings = {
        "git": {"url": str(remote), "branch": "main"},
        "agent": {"every": "1s", "resync": "1h", "watch": False},
        "server": {"listen": "127.0.0.1:0"},
    }
    (fleet.folder / "fairway.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    git(base, "init", "-q", "--bare", "-b", "main", str(remote))
    git(fleet.folder, "init", "-q", "-b", "main")
    push(fleet.folder, remote, "All of it")
    log = base / "agent.log"
    env = {
        **os.environ,
        "FAIRWAY_DATA_DIR": str(base / "data"),
        "FAIRWAY_LOG_LEVEL": "info",
        "FAIRWAY_LOG_FORMAT": "text",
    }
    start = ["-m", "cProfile", "-o", str(profile), "-m", "fairway"] if profile else ["-c", PROGRAM]
    with log.open("wb") as out:
        agent = subprocess.Popen(
            [sys.executable, *start, "agent"], cwd=fleet.folder, env=env, stdout=out, stderr=out,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        began = time.monotonic()
        until(agent, log, 1, 600)
        print(f"first pass: {size} releases in {time.monotonic() - began:.1f} s, {cpu(agent.pid):.1f} s of CPU")
        time.sleep(8)  # the watches of the first pass end by themselves
        measure(agent, log, fleet, remote, commits)
    finally:
        agent.send_signal(signal.SIGTERM)
        agent.wait(60)


def measure(agent: subprocess.Popen[bytes], log: Path, fleet: Monorepo, remote: Path, commits: int) -> None:
    costs: list[float] = []
    latencies: list[float] = []
    tags: dict[str, str] = {}
    before = cpu(agent.pid)
    for n in range(commits):
        name = fleet.names[(n * 37) % fleet.size]
        at = cpu(agent.pid)
        tags[name] = f"v{n + 1}"
        fleet.write(tags)
        push(fleet.folder, remote, f"{name} v{n + 1}")
        began = time.monotonic()
        until(agent, log, n + 2, 120)
        latencies.append(time.monotonic() - began)
        costs.append(cpu(agent.pid) - at)
    total = (cpu(agent.pid) - before) / commits
    passes = ENDED.findall(log.read_text(encoding="utf-8"))[1:]
    requests = [int(number) for number, _ in passes]
    seconds = [float(text) for _, text in passes]
    print(f"{commits} commits, each touching one of {fleet.size} releases:")
    print(
        f"  agent CPU per commit: {total:.3f} s mean, {statistics.median(costs):.3f} s median, {max(costs):.3f} s max"
    )
    print(f"  API requests per commit: {statistics.median(requests):.0f} median, {max(requests)} max")
    print(f"  pass: {statistics.median(seconds):.3f} s median; push to applied: {statistics.median(latencies):.2f} s")


def until(agent: subprocess.Popen[bytes], log: Path, passes: int, patience: float) -> None:
    deadline = time.monotonic() + patience
    while len(ENDED.findall(log.read_text(encoding="utf-8"))) < passes:
        if agent.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"the agent did not get there\n{log.read_text(encoding='utf-8')[-3000:]}")
        time.sleep(0.02)


def cpu(pid: int) -> float:
    """Seconds of a process and of its children that ended."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / CLOCK


def push(folder: Path, remote: Path, subject: str) -> None:
    git(folder, "add", "-A")
    git(folder, *IDENTITY, "commit", "-q", "-m", subject)
    git(folder, "push", "-q", str(remote), "HEAD:main")


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


if __name__ == "__main__":
    main()
