"""From helm to Fairway and back: nothing is redeployed, and what leaves the chart really goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.charts import write_chart
from tests.support.clusters import Cluster
from tests.support.engine import World, actions, charted, cluster_world
from tests.support.helm import Helm, HelmError

from fairway.domain.progress import Outcome
from fairway.domain.releases.plan import ABSENT

pytestmark = [pytest.mark.cluster, pytest.mark.helm]

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web{{ if .Values.all }}, extra: label{{ end }}}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      {{- if .Values.all }}
      priorityClassName: system-node-critical
      {{- end }}
      containers:
        - name: web
          image: web:{{ .Values.tag }}
          env:
            - {name: ALWAYS, value: a}
            {{- if .Values.all }}
            - {name: GOES, value: b}
            {{- end }}
        {{- if .Values.all }}
        - {name: sidecar, image: "sidecar:1"}
        {{- end }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data:
  stays: a
  {{- if .Values.all }}
  goes: b
  {{- end }}
{{- if .Values.all }}
---
apiVersion: v1
kind: Service
metadata: {name: goes}
spec: {ports: [{port: 80}], selector: {app: web}}
{{- end }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: hook
  annotations: {helm.sh/hook: "pre-upgrade,pre-rollback"}
data: {revision: "{{ .Release.Revision }}"}
"""
ALL: dict[str, Any] = {"all": True, "tag": "1"}
FEWER: dict[str, Any] = {"all": False, "tag": "1"}
CLIENT_SIDE = "--server-side=false"


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    return write_chart(
        tmp_path / "web", {"Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n", "templates/web.yaml": WEB}
    )


@pytest.fixture
async def world(cluster: Cluster, namespace: str) -> AsyncIterator[World]:
    async with cluster_world(cluster.kubeconfig, namespace) as world:
        yield world


@pytest.fixture
def theirs(cluster: Cluster, namespace: str, helm: Path, tmp_path: Path) -> Helm:
    return Helm(helm, cluster.kubeconfig, namespace, tmp_path)


async def is_reduced(world: World) -> None:
    """Nothing of what left the chart is in the cluster."""
    web = await world.get("Deployment", "web", "apps/v1")
    assert web is not None
    pod = web["spec"]["template"]["spec"]
    assert [c["name"] for c in pod["containers"]] == ["web"]
    assert [e["name"] for e in pod["containers"][0]["env"]] == ["ALWAYS"]
    assert "extra" not in web["metadata"]["labels"]
    assert "priorityClassName" not in pod
    assert await world.data("settings") == {"stays": "a"}
    assert await world.get("Service", "goes") is None


@pytest.mark.parametrize("how", ["--server-side=true", CLIENT_SIDE])
async def test_a_release_of_helm_is_taken_over_without_a_change(
    how: str, chart: Path, world: World, theirs: Helm
) -> None:
    await theirs.install("web", chart, ALL, how)
    before = await world.get("Deployment", "web", "apps/v1")
    plan = await world.plan_one(charted("web", chart, ALL))
    assert actions(plan) == {}
    result = await world.one(charted("web", chart, ALL))
    assert (result.outcome, result.revision) == (Outcome.UPGRADED, 2)
    after = await world.get("Deployment", "web", "apps/v1")
    assert before is not None
    assert after is not None
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["spec"] == before["spec"]
    assert (await world.one(charted("web", chart, ALL))).outcome is Outcome.UNCHANGED
    assert await world.drift(charted("web", chart, ALL)) == {"web": ()}


@pytest.mark.parametrize("how", ["--server-side=true", CLIENT_SIDE])
@pytest.mark.parametrize("at_once", [True, False], ids=["with the change", "before the change"])
async def test_what_leaves_the_chart_goes_after_a_takeover_and_the_plan_says_so(
    how: str, at_once: bool, chart: Path, world: World, theirs: Helm
) -> None:
    await theirs.install("web", chart, ALL, how)
    if not at_once:
        await world.one(charted("web", chart, ALL))
    plan = await world.plan_one(charted("web", chart, FEWER))
    gone = {f"{o.ref.kind} {f.path}" for o in plan.changes for f in o.fields if f.new is ABSENT}
    assert actions(plan) == {"Deployment/web": "update", "ConfigMap/settings": "update", "Service/goes": "delete"}
    assert {
        "ConfigMap data.goes",
        "Deployment metadata.labels.extra",
        "Deployment spec.template.spec.containers[sidecar]",
        "Deployment spec.template.spec.containers[web].env[GOES]",
    } <= gone
    assert (await world.one(charted("web", chart, FEWER))).outcome is Outcome.UPGRADED
    await is_reduced(world)
    assert (await world.one(charted("web", chart, FEWER))).outcome is Outcome.UNCHANGED


async def test_fairway_then_helm_upgrade_rollback_and_uninstall(chart: Path, world: World, theirs: Helm) -> None:
    await world.one(charted("web", chart, ALL))
    await theirs.upgrade("web", chart, FEWER, "--reset-values")
    await is_reduced(world)
    await theirs("rollback", "web", "1")
    assert await world.data("settings") == {"stays": "a", "goes": "b"}
    assert [(n, s) for n, s, _ in await theirs.history("web")] == [
        (1, "superseded"),
        (2, "superseded"),
        (3, "deployed"),
    ]
    plan = await world.plan_one(charted("web", chart, ALL))
    assert actions(plan) == {}
    assert (await world.one(charted("web", chart, FEWER))).outcome is Outcome.UPGRADED
    await is_reduced(world)
    await theirs("uninstall", "web")
    assert await world.get("Deployment", "web", "apps/v1") is None
    assert await world.data("settings") is None
    assert await world.history("web") == []


async def test_helm_then_fairway_rollback_and_uninstall(chart: Path, world: World, theirs: Helm) -> None:
    await theirs.install("web", chart, ALL, CLIENT_SIDE)
    await theirs.upgrade("web", chart, FEWER, "--reset-values")
    assert (await world.rollback("web", 1)).outcome is Outcome.ROLLED_BACK
    assert await world.data("settings") == {"stays": "a", "goes": "b"}
    assert (await theirs.history("web"))[-1] == (3, "deployed", "Rollback to 1")
    assert (await world.rollback("web")).outcome is Outcome.ROLLED_BACK
    await is_reduced(world)
    assert (await world.uninstall("web")).outcome is Outcome.UNINSTALLED
    with pytest.raises(HelmError, match="not found"):
        await theirs("status", "web")


async def test_helm_sees_what_fairway_failed_at_and_goes_on(chart: Path, world: World, theirs: Helm) -> None:
    await world.one(charted("web", chart, ALL))
    broken = charted("web", write_chart(chart.parent / "broken", _broken(chart)), ALL)
    result = await world.one(broken)
    assert result.outcome is Outcome.FAILED
    statuses = [(n, s) for n, s, _ in await theirs.history("web")]
    assert statuses == [(1, "superseded"), (2, "failed"), (3, "deployed")]
    await theirs.upgrade("web", chart, FEWER, "--reset-values")
    await is_reduced(world)


def _broken(chart: Path) -> dict[str, str]:
    bad = "apiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec: {ports: [{port: -1}]}\n"
    about = (chart / "Chart.yaml").read_text()
    return {"Chart.yaml": about, "templates/web.yaml": WEB, "templates/bad.yaml": bad}


async def test_a_release_that_helm_is_upgrading_is_left_alone(chart: Path, world: World, theirs: Helm) -> None:
    slow = (
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: slow\n  annotations: {helm.sh/hook: pre-upgrade}\n"
        "spec:\n  template:\n    metadata: {annotations: {devcluster.fairway.dev/runs-for: 4s}}\n"
        "    spec: {restartPolicy: Never, containers: [{name: a, image: a}]}\n"
    )
    (chart / "templates/slow.yaml").write_text(slow)
    await theirs.install("web", chart, ALL)
    upgrade = asyncio.create_task(theirs.upgrade("web", chart, FEWER, "--reset-values"))
    while (await world.history("web"))[-1][1] != "pending-upgrade":
        await asyncio.sleep(0.05)
    refused = await world.one(charted("web", chart, ALL))
    assert refused.outcome is Outcome.REFUSED
    assert "is held by another tool" in refused.reasons[0]
    await upgrade
    await is_reduced(world)


async def test_helm_is_refused_while_fairway_is_at_work(chart: Path, world: World, theirs: Helm) -> None:
    slow = (
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: slow\n  annotations: {helm.sh/hook: pre-upgrade}\n"
        "spec:\n  template:\n    metadata: {annotations: {devcluster.fairway.dev/runs-for: 3s}}\n"
        "    spec: {restartPolicy: Never, containers: [{name: a, image: a}]}\n"
    )
    (chart / "templates/slow.yaml").write_text(slow)
    await world.one(charted("web", chart, ALL))
    work = asyncio.create_task(world.one(charted("web", chart, FEWER)))
    while (await world.history("web"))[-1][1] != "pending-upgrade":
        await asyncio.sleep(0.05)
    with pytest.raises(HelmError, match="another operation"):
        await theirs.upgrade("web", chart, ALL)
    assert (await work).outcome is Outcome.UPGRADED
    await is_reduced(world)


async def test_an_upgrade_by_helm_client_side_in_between_loses_nothing(chart: Path, world: World, theirs: Helm) -> None:
    await world.one(charted("web", chart, ALL))
    changed = {**ALL, "tag": "2"}
    await theirs.upgrade("web", chart, changed, "--reset-values", CLIENT_SIDE)
    assert actions(await world.plan_one(charted("web", chart, changed))) == {}
    assert (await world.one(charted("web", chart, FEWER))).outcome is Outcome.UPGRADED
    await is_reduced(world)


async def test_custom_labels_of_a_release_are_those_that_helm_lists(chart: Path, world: World, theirs: Helm) -> None:
    await world.one(charted("web", chart, ALL, labels={"team": "payments"}))
    listed = await theirs.json("list", "--selector", "team=payments")
    assert [r["name"] for r in listed] == ["web"]
    await theirs.upgrade("web", chart, FEWER, "--reset-values")
    assert (await world.revision("web", 2)).labels == {"team": "payments"}
