"""What is measured: install, upgrade, unchanged, one changed, plan, lint, and upgrades that are killed half-way."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.counting import count, counting_proxy
from bench.fleet import Fleet
from bench.measure import Cost, measure
from bench.peers import Tool
from bench.plane import BenchPlane

COUNTED = 10
"""Releases in the small run in which requests are counted."""
MOST_TRIES = 4
"""For each kill that is wanted, how many may miss."""
PEER_LIMIT = 100
"""Peers are measured with at most this many releases: their rate does not grow with more."""


@dataclass(frozen=True, slots=True)
class Row:
    """One tool in one scenario; `requests` by verb are per release, None where they were not counted."""

    scenario: str
    tool: str
    size: int
    cost: Cost
    requests: dict[str, float] | None = None
    note: str = ""

    @property
    def rate(self) -> float:
        return self.size / self.cost.wall if self.cost.wall else 0.0


@dataclass(slots=True)
class Bench:
    plane: BenchPlane
    folder: Path
    tools: list[Tool]
    size: int
    kills: int = 50
    _fleets: int = field(default=0)

    def fleet(self, tool: Tool, size: int, purpose: str) -> Fleet:
        """A fleet in a folder and a namespace of its own, named after tool and purpose."""
        word = "".join(c if c.isalnum() else "-" for c in f"{tool.name}-{purpose}-{size}".lower())
        folder = self.folder / word
        folder.mkdir(parents=True, exist_ok=True)
        return Fleet(folder, f"bench-{word}"[:60].rstrip("-"), size, self.plane.context, self.plane.kubeconfig)

    def run(self, tool: Tool, fleet: Fleet, command: list[str]) -> Cost:
        return measure(
            command, self.plane.processes, cwd=fleet.folder, env=dict(tool.env(fleet)), log=fleet.folder / "out.log"
        )

    async def requests(self, tool: Tool, prepare: Callable[[Fleet], None], *, first: bool) -> dict[str, float] | None:
        """Requests per release by verb, from a small run behind a counting proxy; `first` counts the install."""
        fleet = self.fleet(tool, COUNTED, f"count-{'first' if first else 'again'}")
        await self.plane.create_namespace(fleet.namespace)
        fleet.write("v1")
        env = {**os.environ, **tool.env(fleet)}
        if not first:
            if await count(list(tool.apply(fleet)), env, fleet.folder) != 0:
                return None
            prepare(fleet)
        async with counting_proxy(fleet.kubeconfig, fleet.context, fleet.folder) as (through, counts):
            behind = Fleet(fleet.folder, fleet.namespace, fleet.size, fleet.context, through)
            behind.write("v1") if first else prepare(behind)
            env["KUBECONFIG"] = str(through)
            code = await count(list(tool.apply(behind)), env, fleet.folder)
        await self.plane.delete_namespace(fleet.namespace)
        return {verb: n / COUNTED for verb, n in sorted(counts.items())} if code == 0 else None


async def install(bench: Bench) -> list[Row]:
    return await _both(bench, only="install")


async def upgrade(bench: Bench) -> list[Row]:
    return await _both(bench, only="upgrade")


async def _both(bench: Bench, *, only: str) -> list[Row]:
    rows: list[Row] = []
    for tool in bench.tools:
        size = bench.size if tool is bench.tools[0] else min(bench.size, PEER_LIMIT)
        # Counted first, so that every tool, the first one too, is timed on a warm control plane.
        requests = await bench.requests(tool, lambda f: f.write("v2"), first=only == "install")
        fleet = bench.fleet(tool, size, only)
        await bench.plane.create_namespace(fleet.namespace)
        fleet.write("v1")
        cost = bench.run(tool, fleet, list(tool.apply(fleet)))
        if only == "upgrade" and cost.ok:
            fleet.write("v2")
            cost = bench.run(tool, fleet, list(tool.apply(fleet)))
        rows.append(Row(only, tool.name, size, cost, requests))
        await bench.plane.delete_namespace(fleet.namespace)
    return rows


async def unchanged(bench: Bench) -> list[Row]:
    """A second apply with nothing changed, and one with a single release changed."""
    rows: list[Row] = []
    for tool in bench.tools:
        size = bench.size if tool is bench.tools[0] else min(bench.size, PEER_LIMIT)
        fleet = bench.fleet(tool, size, "unchanged")
        await bench.plane.create_namespace(fleet.namespace)
        fleet.write("v1")
        if bench.run(tool, fleet, list(tool.apply(fleet))).ok:
            again = bench.run(tool, fleet, list(tool.apply(fleet)))
            requests = await bench.requests(tool, lambda f: f.write("v1"), first=False)
            rows.append(Row("unchanged", tool.name, size, again, requests))
            fleet.write("v1", {fleet.names[size // 2]: "v2"})
            rows.append(Row("one changed", tool.name, size, bench.run(tool, fleet, list(tool.apply(fleet)))))
        await bench.plane.delete_namespace(fleet.namespace)
    return rows


async def plan(bench: Bench) -> list[Row]:
    """A plan in which 10 releases change; helmfile diff beside it."""
    rows: list[Row] = []
    for tool in bench.tools:
        if tool.diff is None:
            continue
        size = bench.size if tool is bench.tools[0] else min(bench.size, 50)
        fleet = bench.fleet(tool, size, "plan")
        await bench.plane.create_namespace(fleet.namespace)
        fleet.write("v1")
        if bench.run(tool, fleet, list(tool.apply(fleet))).ok:
            fleet.write("v1", dict.fromkeys(fleet.names[:10], "v2"))
            rows.append(Row("plan, 10 changed", tool.name, size, bench.run(tool, fleet, list(tool.diff(fleet)))))
        await bench.plane.delete_namespace(fleet.namespace)
    return rows


async def lint(bench: Bench) -> list[Row]:
    """Lint with every release rendered; no peer does both."""
    tool = bench.tools[0]
    fleet = bench.fleet(tool, bench.size, "lint")
    fleet.write("v1")
    program = tool.apply(fleet)[0]
    cost = bench.run(tool, fleet, [program, "lint", "-f", "environments.yaml"])
    return [Row("lint + render", tool.name, bench.size, cost)]


async def killed(bench: Bench) -> list[Row]:
    """Upgrades of 20 releases, each killed at a random moment, then applied again: does it converge each time?"""
    tool = bench.tools[0]
    fleet = bench.fleet(tool, 20, "killed")
    await bench.plane.create_namespace(fleet.namespace)
    fleet.write("v0")
    bench.run(tool, fleet, list(tool.apply(fleet)))
    fleet.write("whole")
    whole = bench.run(tool, fleet, list(tool.apply(fleet)))
    chance = random.Random(20261121)
    converged = landed = tried = 0
    started = time.monotonic()
    # A kill that came after the end proves nothing: only those that met a running upgrade count.
    while landed < bench.kills and tried < MOST_TRIES * bench.kills:
        tried += 1
        fleet.write(f"v{tried}")
        process = subprocess.Popen(  # noqa: ASYNC220 - it is to be killed by its pid, nothing waits for it
            list(tool.apply(fleet)),
            cwd=fleet.folder,
            env={**os.environ, **tool.env(fleet)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        await asyncio.sleep(chance.uniform(whole.wall / 4, whole.wall))
        met = process.poll() is None
        process.kill()
        process.wait()
        again = bench.run(tool, fleet, list(tool.apply(fleet)))
        landed += met
        converged += met and again.ok and await _is_whole(bench, fleet, f"v{tried}")
    wall = time.monotonic() - started
    await bench.plane.delete_namespace(fleet.namespace)
    note = f"{converged} of {landed} killed upgrades converged with the next apply"
    cost = Cost(wall, 0.0, 0.0, 0, 0 if converged == landed == bench.kills else 1)
    return [Row("killed upgrades", tool.name, 20, cost, note=note)]


async def _is_whole(bench: Bench, fleet: Fleet, tag: str) -> bool:
    """Every release deployed, none pending, every object there with the new image."""
    from fairway.adapters.kube import open_cluster
    from fairway.domain.manifests.objects import Kind

    async with open_cluster(str(fleet.kubeconfig), fleet.context) as kube:
        known = await kube.discover()
        deployments = await kube.list_objects(known.by_kind[Kind("apps", "Deployment")], fleet.namespace)
        images = [d["spec"]["template"]["spec"]["containers"][0]["image"] for d in deployments]
        counts = [
            len(await kube.list_metadata(known.by_kind[kind], fleet.namespace))
            for kind in (Kind("", "Service"), Kind("networking.k8s.io", "Ingress"))
        ]
        secrets = await kube.list_metadata(
            known.by_kind[Kind("", "Secret")], fleet.namespace, label_selector="owner=helm"
        )
    states = [s["metadata"]["labels"]["status"] for s in secrets]
    return (
        images == [f"shop/app:{tag}"] * fleet.size
        and counts == [fleet.size] * 2
        and states.count("deployed") == fleet.size
        and not any(state.startswith("pending") for state in states)
    )


ALL: dict[str, Callable[[Bench], Awaitable[list[Row]]]] = {
    "install": install,
    "upgrade": upgrade,
    "unchanged": unchanged,
    "plan": plan,
    "lint": lint,
    "killed": killed,
}
