"""The corpus carried out twice on a real cluster: by Fairway in one namespace, by the real helm in another."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.corpus.cases import INSTALLABLE, Case
from tests.support.cluster_state import State, differences, kinds, record, state_of
from tests.support.clusters import Cluster
from tests.support.engine import World, charted, cluster_world
from tests.support.helm import Helm
from tests.support.kube import KubeError

AT_ONCE = 6
NAME = "rel"
_TIME = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)|\w{3} \w{3} +\d+ [\d:]+ \d{4}|\d{4}-\d\d-\d\d [\d:. +A-Z]+"
)


@dataclass
class Pair:
    """One case in its two namespaces, and what was seen after each step."""

    case: Case
    mine: World
    helm: Helm
    failures: list[str] = field(default_factory=list)
    seen: dict[str, list[str]] = field(default_factory=dict)
    told: dict[str, list[str]] = field(default_factory=dict)

    async def both(self, mine: Awaitable[Any], helm: Awaitable[Any]) -> None:
        ours, theirs = await asyncio.gather(mine, helm, return_exceptions=True)
        outcome = getattr(ours, "outcome", None)
        failed = isinstance(ours, BaseException) or (outcome is not None and outcome.is_bad)
        if failed or isinstance(theirs, BaseException):
            self.failures.append(f"fairway: {ours}\nhelm: {str(theirs)[:2000]}")


@pytest.fixture(scope="module")
def pairs(
    request: pytest.FixtureRequest, cluster: Cluster, helm: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Pair]:
    """Every chosen case, carried through install, upgrades, rollback and uninstall; all cases at the same time."""
    here = [item for item in request.session.items if item.path == request.path]
    chosen = {item.callspec.params["case"].name for item in here if "pairs" in getattr(item, "fixturenames", ())}  # type: ignore[attr-defined]
    cases = [case for case in INSTALLABLE if case.name in chosen]
    return asyncio.run(_carry_out(cases, cluster, helm, tmp_path_factory.mktemp("helm")))


async def _carry_out(cases: list[Case], cluster: Cluster, program: Path, scratch: Path) -> dict[str, Pair]:
    run = f"e{uuid.uuid4().hex[:5]}"
    served = kinds(cluster.client)
    async with cluster_world(cluster.kubeconfig, "") as world:
        pairs: list[Pair] = []
        for i, case in enumerate(cases):
            names = [f"{run}-{i}{side}" for side in "fh"]
            for name in names:
                _make(cluster, name)
            mine = replace(world, namespace=names[0], events=[])
            pairs.append(Pair(case, mine, Helm(program, cluster.kubeconfig, names[1], scratch)))
        for pair in pairs:
            for name in (pair.mine.namespace, pair.helm.namespace):
                cluster.client.wait(f"/api/v1/namespaces/{name}/serviceaccounts/default", lambda account: True)

        async def step(name: str, chosen: list[Pair], work: Callable[[Pair], Awaitable[None]]) -> None:
            room = asyncio.Semaphore(AT_ONCE)

            async def one(pair: Pair) -> None:
                async with room:
                    await work(pair)

            chosen = [pair for pair in chosen if not pair.failures]
            await asyncio.gather(*(one(pair) for pair in chosen))
            await asyncio.to_thread(_compare, cluster, chosen, served, name)

        try:
            await step("install", pairs, lambda p: p.both(_apply(p, p.case.values), _helm_install(p)))
            for i in range(max((len(case.then) for case in cases), default=0)):
                upgraded = [p for p in pairs if len(p.case.then) > i]
                await step(
                    f"upgrade {i + 1}",
                    upgraded,
                    lambda p, i=i: p.both(_apply(p, p.case.then[i]), _helm_upgrade(p, p.case.then[i])),
                )
            back = [p for p in pairs if p.case.then]
            await step(
                "rollback", back, lambda p: p.both(p.mine.rollback(NAME, 1), p.helm("rollback", NAME, "1", "--wait"))
            )
            room = asyncio.Semaphore(AT_ONCE)
            await asyncio.gather(*(_what_helm_reads(p, room) for p in pairs if not p.failures))
            await step(
                "uninstall", pairs, lambda p: p.both(p.mine.uninstall(NAME), p.helm("uninstall", NAME, "--wait"))
            )
        finally:
            for pair in pairs:
                for name in (pair.mine.namespace, pair.helm.namespace):
                    for one in (name, f"{name}-other"):
                        _unmake(cluster, one)
    return {pair.case.name: pair for pair in pairs}


async def _apply(pair: Pair, values: dict[str, Any]) -> Any:
    return await pair.mine.one(charted(NAME, pair.case.source(), values), allow_deletions=True, force=True)


async def _helm_install(pair: Pair) -> None:
    await pair.helm.install(NAME, pair.case.folder, pair.case.values, "--wait")


async def _helm_upgrade(pair: Pair, values: dict[str, Any]) -> None:
    await pair.helm.upgrade(NAME, pair.case.folder, values, "--wait", "--reset-values")


async def _what_helm_reads(pair: Pair, room: asyncio.Semaphore) -> None:
    """The same questions to helm about both releases."""
    ours = replace(pair.helm, namespace=pair.mine.namespace)
    async with room:
        for words in (("get", "all"), ("history",)):
            answers = [_timeless(await one(*words, NAME), one.namespace) for one in (ours, pair.helm)]
            if pair.case.random:
                continue
            mine, theirs = (answer.splitlines() for answer in answers)
            found = [f"{a!r} ≠ {b!r}" for a, b in zip(mine, theirs, strict=False) if a != b]
            found += [f"{len(mine)} lines ≠ {len(theirs)} lines"] if len(mine) != len(theirs) else []
            pair.told[" ".join(words)] = found


def _timeless(text: str, namespace: str) -> str:
    return re.sub(r"[ \t]+", " ", _TIME.sub("TIME", text.replace(namespace, "NS")))


def _compare(cluster: Cluster, pairs: list[Pair], served: list[tuple[str, str, str]], step: str) -> None:
    states = state_of(cluster.client, [n for p in pairs for n in (p.mine.namespace, p.helm.namespace)], served)
    for pair in pairs:
        mine, theirs = (_shown(states[n], pair.case) for n in (pair.mine.namespace, pair.helm.namespace))
        pair.seen[step] = differences(mine, theirs) + _records(cluster, pair)


def _shown(state: State, case: Case) -> State:
    if not case.random:
        return state
    return {key: {**obj, "data": sorted(obj.get("data") or {})} for key, obj in state.items()}


def _records(cluster: Cluster, pair: Pair) -> list[str]:
    """What Helm would find in its own storage, field by field."""
    stored: list[State] = []
    for namespace in (pair.mine.namespace, pair.helm.namespace):
        path = f"/api/v1/namespaces/{namespace}/secrets?labelSelector=owner%3Dhelm"
        found: State = {}
        for secret in cluster.client.get(path)["items"]:
            if secret["metadata"]["labels"].get("name") == NAME and "release" in secret["data"]:
                found[secret["metadata"]["name"]] = _record(record(secret), namespace, pair.case)
        stored.append(found)
    return [f"record {line}" for line in differences(*stored)]


def _record(found: dict[str, Any], namespace: str, case: Case) -> dict[str, Any]:
    found = record_without_time(found, namespace)
    if case.random:
        found.pop("manifest")
        found.pop("hooks", None)
    return found


def record_without_time(found: dict[str, Any], namespace: str) -> dict[str, Any]:
    """A stored record as it can be compared, with the order in which its hooks ran."""
    runs = [
        (h["last_run"]["started_at"], h["name"]) for h in found.get("hooks", ()) if h.get("last_run", {}).get("phase")
    ]
    essence: dict[str, Any] = _essence(json.loads(_TIME.sub("TIME", json.dumps(found).replace(namespace, "NS"))))
    return {**essence, "order of hooks": [name for _, name in sorted(runs)]}


def _essence(node: Any) -> Any:
    """Without the times of files on a disk, and without the difference between nothing and an empty thing."""
    if isinstance(node, list):
        return [_essence(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "delete_policies" not in node and "events" in node:
        # Helm writes its default down only once the hook has run.
        node = {**node, "delete_policies": ["before-hook-creation"]}
    kept = {k: _essence(v) for k, v in node.items() if not k.endswith("modtime")}
    return {k: v for k, v in kept.items() if v not in (None, "", [], {}, 0, False)}


def _make(cluster: Cluster, name: str) -> None:
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    cluster.client.create("/api/v1/namespaces", body)


def _unmake(cluster: Cluster, name: str) -> None:
    try:
        cluster.client.delete(f"/api/v1/namespaces/{name}")
    except KubeError as error:
        if error.code != 404:
            raise
