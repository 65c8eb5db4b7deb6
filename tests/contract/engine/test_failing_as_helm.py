"""What a failure leaves in the cluster and in the record equals what helm's failure leaves."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.contract.engine.conftest import AT_ONCE, record_without_time
from tests.support.charts import write_chart
from tests.support.cluster_state import differences, kinds, record, state_of
from tests.support.clusters import Cluster
from tests.support.engine import World, charted, cluster_world, with_policy
from tests.support.helm import Helm, HelmError

pytestmark = [pytest.mark.cluster, pytest.mark.helm]


def hook(name: str, on: str, *, weight: int = 0, fails: bool = False, delete: str = "") -> str:
    marks = {"helm.sh/hook": on, "helm.sh/hook-weight": str(weight)}
    if delete:
        marks["helm.sh/hook-delete-policy"] = delete
    pod = {"devcluster.fairway.dev/fail": "job-fail"} if fails else {}
    template = {
        "metadata": {"annotations": pod},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "a"}]},
    }
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "annotations": marks}}
    return yaml.safe_dump({**job, "spec": {"backoffLimit": 0, "template": template}})


def around(on: str, *, delete: str = "") -> list[str]:
    """A failing hook between others of every policy."""
    return [
        hook("first-goes", on, weight=1, delete="hook-succeeded"),
        hook("first-stays", on, weight=2),
        hook("bad", on, weight=3, fails=True, delete=delete),
        hook("never", on, weight=4),
    ]


NOTE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: note}\ndata: {k: {{ .Values.k | quote }}}\n"
REFUSED = "apiVersion: v1\nkind: Service\nmetadata: {name: refused}\nspec: {ports: [{port: {{ .Values.port }}}]}\n"
CASES: dict[str, tuple[list[str], str]] = {
    "a pre-install hook": (around("pre-install"), "install"),
    "a pre-install hook that is to go": (around("pre-install", delete="hook-failed"), "install"),
    "a post-install hook": (around("post-install", delete="hook-failed,hook-succeeded"), "install"),
    "a pre-upgrade hook": (around("pre-upgrade"), "upgrade"),
    "a post-upgrade hook": (around("post-upgrade", delete="before-hook-creation,hook-failed"), "upgrade"),
    "an object that is refused": ([REFUSED], "upgrade"),
    "a pre-rollback hook": (around("pre-rollback"), "rollback"),
    "a pre-delete hook": (around("pre-delete"), "uninstall"),
    "a post-delete hook": (around("post-delete", delete="hook-failed"), "uninstall"),
}

OTHER_RECORDS = {
    "a pre-rollback hook",  # helm leaves it pending-rollback, we record that it failed
    "a pre-delete hook",  # helm leaves the failed hook Running
    "a post-delete hook",  # helm forgets the release, we keep it until the hook has run
}


@pytest.fixture(scope="module")
def left(
    request: pytest.FixtureRequest, cluster: Cluster, helm: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[str]]:
    """What differs after each chosen case; all of them at the same time."""
    chosen = {
        item.callspec.params["case"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.path == request.path and "left" in item.fixturenames
    }
    return asyncio.run(_carry_out(sorted(chosen), cluster, helm, tmp_path_factory.mktemp("failing")))


@pytest.mark.parametrize("case", CASES)
def test_a_failure_leaves_what_helm_s_leaves(case: str, left: dict[str, list[str]]) -> None:
    assert left[case] == []


async def _carry_out(cases: list[str], cluster: Cluster, helm: Path, scratch: Path) -> dict[str, list[str]]:
    run = f"e{uuid.uuid4().hex[:6]}"
    places = {case: (f"{run}{i}f", f"{run}{i}h") for i, case in enumerate(cases)}
    every = [name for pair in places.values() for name in pair]
    room = asyncio.Semaphore(AT_ONCE)
    for name in every:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        cluster.client.create("/api/v1/namespaces", body)
    for name in every:
        cluster.client.wait(f"/api/v1/namespaces/{name}/serviceaccounts/default", lambda account: True)

    async def one(world: World, case: str) -> None:
        templates, at = CASES[case]
        files = {f"templates/t{i}.yaml": text for i, text in enumerate([NOTE, *templates])}
        about = "apiVersion: v2\nname: c\nversion: 1.0.0\n"
        chart = write_chart(scratch / places[case][0] / "c", {"Chart.yaml": about, **files})
        theirs = Helm(helm, cluster.kubeconfig, places[case][1], scratch)
        async with room:
            await asyncio.gather(
                _ours(replace(world, namespace=places[case][0]), chart, at), _theirs(theirs, chart, at)
            )

    try:
        async with cluster_world(cluster.kubeconfig, "") as world:
            await asyncio.gather(*(one(world, case) for case in cases))
        states = state_of(cluster.client, every, kinds(cluster.client))
        found: dict[str, list[str]] = {}
        for case, pair in places.items():
            found[case] = differences(*(states[name] for name in pair))
            if case not in OTHER_RECORDS:
                found[case] += differences(*(_records(cluster, name) for name in pair))
        return found
    finally:
        for name in every:
            cluster.client.delete(f"/api/v1/namespaces/{name}")


async def _ours(world: World, chart: Path, at: str) -> None:
    def declared(k: str) -> Any:
        port = 80 if k == "1" else -1
        return with_policy(charted("rel", chart, {"k": k, "port": port}), on_failure="keep")

    results = [await world.one(declared("1"))]
    if at in ("upgrade", "rollback"):
        results.append(await world.one(declared("2") if at == "upgrade" else replace(declared("1")), force=True))
    if at == "rollback":
        results.append(await world.rollback("rel", 1))
    if at == "uninstall":
        results.append(await world.uninstall("rel"))
    assert [r.outcome.is_bad for r in results] == [False] * (len(results) - 1) + [True], results


async def _theirs(helm: Helm, chart: Path, at: str) -> None:
    first, second = {"k": "1", "port": 80}, {"k": "2", "port": -1}
    if at == "install":
        with pytest.raises(HelmError):
            await helm.install("rel", chart, first, "--wait")
        return
    await helm.install("rel", chart, first, "--wait")
    if at == "upgrade":
        with pytest.raises(HelmError):
            await helm.upgrade("rel", chart, second, "--wait", "--reset-values")
    if at == "rollback":
        await helm.upgrade("rel", chart, first, "--wait", "--reset-values")
        with pytest.raises(HelmError):
            await helm("rollback", "rel", "1", "--wait")
    if at == "uninstall":
        with pytest.raises(HelmError):
            await helm("uninstall", "rel", "--wait")


def _records(cluster: Cluster, namespace: str) -> dict[str, Any]:
    """As stored, but for the words in which each tool says what went wrong."""
    found: dict[str, Any] = {}
    path = f"/api/v1/namespaces/{namespace}/secrets?labelSelector=owner%3Dhelm"
    for secret in cluster.client.get(path)["items"]:
        one = record_without_time(record(secret), namespace)
        if one["info"]["status"] == "failed":
            one["info"]["description"] = one["info"]["description"].split(":")[0]
        found[secret["metadata"]["name"]] = one
    return found
