"""`python -m bench.drift`: what it costs to watch 1,000 releases for drift, and how soon drift is put right.

First the steady state: CPU, memory and API requests of `fairway agent` while nothing happens, one full look included.
Then 200 live edits and deletions of random objects, between harmless changes of others, with a defaulting webhook in
front of everything: the time until each is put right, and whether the agent ever touched a release that nobody had.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bench.agent import PROGRAM, Monorepo, cpu
from bench.counting import counting_proxy
from bench.plane import BenchPlane
from bench.webhook import LABEL, NAME, defaulting_webhook
from fairway.adapters.kube import open_cluster
from fairway.domain.manifests.objects import Object, ObjectRef

PASS = re.compile(r"agent\.pass environment=\S+ .*?releases=(.*)")
APPLIED = re.compile(r"agent\.applied environment=\S+ release=(\S+) outcome=(\w+)")
KINDS = {
    "Deployment": "apps/v1",
    "Service": "v1",
    "ServiceAccount": "v1",
    "Ingress": "networking.k8s.io/v1",
}
JSON_PATCH = "application/json-patch+json"
NAME_LABEL = "app.kubernetes.io/name"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.drift", description=__doc__)
    parser.add_argument("--releases", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=5.0, help="of steady state; one full look falls into it")
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--pause", type=float, default=0.25, help="seconds between two edits")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kubeconfig", type=Path, help="an existing control plane instead of one of our own")
    parser.add_argument("--context", default="")
    options = parser.parse_args()
    place = tempfile.TemporaryDirectory(prefix="fairway-bench-")
    with place as name, BenchPlane.open(options.kubeconfig, options.context) as plane:
        asyncio.run(run(Path(name), plane, options))


async def run(base: Path, plane: BenchPlane, options: argparse.Namespace) -> None:
    namespace = f"bench-drift-{os.getpid()}"
    async with AsyncExitStack() as stack:
        kube = await stack.enter_async_context(open_cluster(str(plane.kubeconfig), plane.context or None))
        through, counts = await stack.enter_async_context(counting_proxy(plane.kubeconfig, plane.context, base))
        configuration = await stack.enter_async_context(defaulting_webhook(base, namespace))
        await plane.create_namespace(namespace)
        ref = ObjectRef("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "", NAME)
        await kube.create(configuration, ref)
        stack.push_async_callback(kube.delete, ObjectRef("v1", "Namespace", "", namespace))
        stack.push_async_callback(kube.delete, ref)
        counted = BenchPlane(through, plane.context, plane.processes)
        agent = start(base, Monorepo(base / "repository", namespace, options.releases, counted), options.minutes)
        stack.push_async_callback(stop, agent)
        await first_pass(agent, options.releases)
        await steady_state(agent, counts, options)
        await drifting(agent, kube, namespace, options)


@dataclass(frozen=True, slots=True)
class Agent:
    """The agent as a process, with what it logs."""

    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def memory(self) -> tuple[int, int]:
        """Resident now, and at its highest, in MiB."""
        text = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        found = dict(re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB$", text, re.M))
        return int(found["VmRSS"]) // 1024, int(found["VmHWM"]) // 1024


def start(base: Path, fleet: Monorepo, minutes: float) -> Agent:
    fleet.folder.mkdir()
    fleet.write({})
    # Once in these minutes everything is looked at, as by default once in ten.
    resync = f"{max(1, round(minutes * 60))}s"
    settings = {"agent": {"resync": resync, "jitter": "0%"}, "server": {"listen": "127.0.0.1:0"}}
    (fleet.folder / "fairway.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    log = base / "agent.log"
    env = {
        **os.environ,
        "FAIRWAY_DATA_DIR": str(base / "data"),
        "FAIRWAY_LOG_LEVEL": "info",
        "FAIRWAY_LOG_FORMAT": "text",
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "agent"], cwd=fleet.folder, env=env, stdout=out, stderr=out,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    return Agent(process, log)


async def stop(agent: Agent) -> None:
    agent.process.send_signal(signal.SIGTERM)
    await asyncio.to_thread(agent.process.wait, 60)


async def first_pass(agent: Agent, size: int) -> None:
    began = time.monotonic()
    while "agent.pass_ended" not in agent.said():
        if agent.process.poll() is not None or time.monotonic() - began > 900:
            raise SystemExit(f"the agent did not get there\n{agent.said()[-3000:]}")
        await asyncio.sleep(0.2)
    print(f"first pass: {size} releases in {time.monotonic() - began:.1f} s", flush=True)
    await asyncio.sleep(20)  # the watches of the first pass end, those for drift begin


async def steady_state(agent: Agent, counts: Counter[str], options: argparse.Namespace) -> None:
    before, requests, began = cpu(agent.process.pid), sum(counts.values()), time.monotonic()
    await asyncio.sleep(options.minutes * 60)
    minutes = (time.monotonic() - began) / 60
    used, asked = cpu(agent.process.pid) - before, sum(counts.values()) - requests
    now, highest = agent.memory()
    looks = len(PASS.findall(agent.said())) - 1
    print(f"steady state, {options.releases} releases, {minutes:.1f} minutes, {looks} full looks in them:")
    print(f"  {used / minutes:.2f} CPU-seconds and {asked / minutes:.1f} API requests per minute")
    print(f"  {now} MiB of memory, {highest} MiB at its highest", flush=True)


# --- drift


@dataclass(slots=True)
class Meddling:
    """One live change, and how to see that it was put right."""

    ref: ObjectRef
    is_right: Callable[[Object | None], bool]
    began: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    what: str = ""


async def drifting(agent: Agent, kube: Any, namespace: str, options: argparse.Namespace) -> None:
    chance = random.Random(options.seed)
    names = [f"app-{n:04}" for n in range(options.releases)]
    chance.shuffle(names)
    edited, harmless = names[: options.edits], names[options.edits : 2 * options.edits]
    seen_before = len(agent.said())
    before = cpu(agent.process.pid)
    done: list[Meddling] = []
    resources = await kube.discover()
    open_ones: dict[ObjectRef, Meddling] = {}
    all_right = asyncio.Event()

    async def follow(kind: str) -> None:
        resource = resources.by_ref[KINDS[kind], kind]
        async for event in kube.watch(resource, namespace):
            ref = ObjectRef(KINDS[kind], kind, namespace, event.object["metadata"]["name"])
            one = open_ones.get(ref)
            if one is not None and event.type.value != "DELETED" and one.is_right(event.object):
                one.ended = time.monotonic()
                done.append(open_ones.pop(ref))
                if not open_ones:
                    all_right.set()

    watches = [asyncio.create_task(follow(kind)) for kind in KINDS]
    await asyncio.sleep(3)
    for name, other in zip(edited, harmless, strict=True):
        await meddle(kube, namespace, name, chance, open_ones)
        await leave_a_mark(kube, namespace, other, chance)
        await asyncio.sleep(options.pause)
    if open_ones:
        all_right.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(all_right.wait(), 120)
    await asyncio.sleep(5)
    for task in watches:
        task.cancel()
    report(agent, seen_before, done, open_ones, set(edited), cpu(agent.process.pid) - before)


def report(
    agent: Agent, seen_before: int, done: list[Meddling], left: dict[ObjectRef, Meddling], edited: set[str], used: float
) -> None:
    said = agent.said()[seen_before:]
    looked_at = {name for text in PASS.findall(said) for name in re.findall(r"app-\d+", text)}
    corrected = [name for name, outcome in APPLIED.findall(said) if outcome == "corrected"]
    times = sorted(one.ended - one.began for one in done)
    print(f"{len(done) + len(left)} live changes, {len(done)} put right, {len(left)} not: {sorted(map(str, left))}")
    for what in ("edited", "deleted"):
        some = sorted(one.ended - one.began for one in done if one.what == what)
        print(f"  {what}: {len(some)}, {describe(some)}")
    print(f"  until corrected: {describe(times)}")
    print(f"  agent CPU: {used / max(1, len(done)) * 1000:.0f} ms for each")
    print(f"  {len(corrected)} corrections; releases looked at that nobody had changed: {len(looked_at - edited)}")


def describe(times: list[float]) -> str:
    if len(times) < 2:
        return "too few to tell"
    p95 = statistics.quantiles(times, n=20)[-1]
    return f"{statistics.median(times):.2f} s median, {p95:.2f} s p95, {times[-1]:.2f} s max"


async def meddle(
    kube: Any, namespace: str, name: str, chance: random.Random, open_ones: dict[ObjectRef, Meddling]
) -> None:
    """Change or delete one random object of a release, as a person with kubectl does."""
    kind = chance.choice(list(KINDS))
    ref = ObjectRef(KINDS[kind], kind, namespace, name)
    live = await kube.get(ref)
    uid = live["metadata"]["uid"]
    if chance.random() < 0.5:
        open_ones[ref] = Meddling(ref, lambda obj: obj is not None and obj["metadata"]["uid"] != uid, what="deleted")
        await kube.delete(ref)
        return
    path, wrong = EDITS[kind]
    right = read(live, path)
    open_ones[ref] = Meddling(ref, lambda obj: obj is not None and read(obj, path) == right, what="edited")
    await kube.patch(
        ref, [{"op": "replace", "path": pointer(path), "value": wrong}], content_type=JSON_PATCH, manager="kubectl-edit"
    )


async def leave_a_mark(kube: Any, namespace: str, name: str, chance: random.Random) -> None:
    """What others rightly do to an object: an annotation of their own, and a label that they manage."""
    kind = chance.choice(list(KINDS))
    ref = ObjectRef(KINDS[kind], kind, namespace, name)
    mark = {"metadata": {"annotations": {"operator.example/seen": str(time.time())}, "labels": {LABEL: "again"}}}
    await kube.patch(ref, mark, content_type="application/merge-patch+json", manager="operator")


Path_ = tuple[str | int, ...]
EDITS: dict[str, tuple[Path_, Any]] = {
    "Deployment": (("spec", "template", "spec", "containers", 0, "image"), "shop/app:by-hand"),
    "Service": (("spec", "ports", 0, "targetPort"), 9999),
    "ServiceAccount": (("metadata", "labels", NAME_LABEL), "by-hand"),
    "Ingress": (("spec", "rules", 0, "host"), "by-hand.example.com"),
}


def read(obj: Any, path: Path_) -> Any:
    for part in path:
        obj = obj[part]
    return obj


def pointer(path: Path_) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


if __name__ == "__main__":
    main()
