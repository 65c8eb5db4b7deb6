"""The rights that docs/spec/deployd.md names are enough for deployd and for a team, and let nobody do more."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.clusters import Cluster
from tests.support.deployd import Station
from tests.system.deployd.conftest import Scene
from tests.system.deployd.test_kinds import definition

from fairway.adapters.kube import open_cluster
from fairway.adapters.kube.service_accounts import ServiceAccounts
from fairway.adapters.kube.teams import ImpersonatedTeams, open_token_teams
from fairway.domain.dispatch.statuses import ReportedState
from fairway.domain.manifests.objects import Object, ref_of

pytestmark = pytest.mark.cluster
PAGE = Path(__file__).parents[3] / "docs" / "spec" / "deployd.md"
RBAC = "rbac.authorization.k8s.io"


def blocks() -> tuple[dict[str, Any], dict[str, Any]]:
    """What the page says that deployd needs, and a team."""
    found = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    of_deployd, of_team = (yaml.safe_load(text) for text in found)
    return of_deployd, of_team


def bound(name: str, role: dict[str, Any], account: str, namespace: str, *, where: str = "") -> list[Object]:
    """A role, cluster-wide or `where`, and its binding to an account."""
    kind = "Role" if where else "ClusterRole"
    metadata = {"name": name, **({"namespace": where} if where else {})}
    subject = {"kind": "ServiceAccount", "name": account, "namespace": namespace}
    head = {"apiVersion": f"{RBAC}/v1", "metadata": metadata}
    return [
        {**head, "kind": kind, "rules": role["rules"]},
        {
            **head,
            "kind": f"{kind}Binding",
            "roleRef": {"apiGroup": RBAC, "kind": kind, "name": name},
            "subjects": [subject],
        },
    ]


@pytest.fixture(params=["impersonate", "token"])
async def modest(
    request: pytest.FixtureRequest, scene: Scene, cluster: Cluster, tmp_path: Path
) -> AsyncIterator[Station]:
    """A deployd with nothing but the documented rights, and a team with nothing but those for a team."""
    name = f"deployd-{uuid.uuid4().hex[:8]}"
    of_deployd, of_team = blocks()
    if request.param == "token":
        of_deployd["rules"][-1]["verbs"].remove("impersonate")
        of_deployd["rules"].append({"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"]})
    account: Object = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": "default"}}
    made = [account, *bound(name, of_deployd, name, "default")]
    # The scene's own binding lets the team do anything, so another team is used.
    team = f"m{uuid.uuid4().hex[:8]}"
    made += bound(f"team-{team}", of_team, f"serviceuser-{team}", "default", where=scene.namespace)
    for obj in made:
        await scene.kube.apply(obj, ref_of(obj))
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    token = cluster.client.create(f"/api/v1/namespaces/default/serviceaccounts/{name}/token", asked)["status"]["token"]
    config = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
    config["users"][0]["user"] = {"token": token}
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(config))
    async with AsyncExitStack() as stack:
        kube = await stack.enter_async_context(open_cluster(str(file)))
        accounts = ServiceAccounts(kube, create=True)
        teams: Any = ImpersonatedTeams(kube, accounts)
        if request.param == "token":
            teams = await stack.enter_async_context(open_token_teams(kube, accounts))
        scene.team = team
        yield Station(scene.desk, kube, teams, timeout=60)
    for obj in (*made, {**account, "metadata": {"name": f"serviceuser-{team}", "namespace": "default"}}):
        await scene.kube.delete(ref_of(obj))


async def test_the_documented_rights_are_enough(scene: Scene, modest: Station) -> None:
    secret: Object = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": scene.namespace},
        "stringData": {"a": "b"},
    }
    first = scene.request(scene.config_map(), secret, scene.deployment(), scene.job())
    again = scene.request(scene.config_map(), secret, scene.deployment(), scene.job(image="shop/web:2"))
    async with modest.started():
        for request in (first, again):
            await scene.desk.send(request)
            outcome = await scene.desk.outcome(request)
            assert outcome.state is ReportedState.SUCCESS, outcome
        broken = scene.request(scene.deployment(fail="crash-loop", log="panic: it is over"))
        await scene.desk.send(broken)
        outcome = await scene.desk.outcome(broken)
    assert outcome.detail.splitlines()[-1] == "  panic: it is over"


async def test_what_deployd_may_not_see_is_said_and_not_taken_for_a_failure(
    scene: Scene, modest: Station, cluster: Cluster
) -> None:
    group = f"g{uuid.uuid4().hex[:8]}.example.com"
    crd = definition(group, "Ship", "v1")
    await scene.kube.apply(crd, ref_of(crd))
    rules = {"rules": [{"apiGroups": [group], "resources": ["ships"], "verbs": ["create", "patch"]}]}
    for obj in bound("ships", rules, f"serviceuser-{scene.team}", "default", where=scene.namespace):
        await scene.kube.apply(obj, ref_of(obj))
    metadata = {"name": "a", "namespace": scene.namespace}
    ship: Object = {"apiVersion": f"{group}/v1", "kind": "Ship", "metadata": metadata, "spec": {}}
    first, second = scene.request(ship), scene.request({**ship, "spec": {"changed": True}})
    path = f"/apis/{group}/v1/namespaces/{scene.namespace}/ships/a/status"
    not_yet = {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}
    try:
        async with modest.started():
            await scene.desk.send(first)
            assert (await scene.desk.outcome(first)).state is ReportedState.SUCCESS
            cluster.client.request("PATCH", path, not_yet, "application/merge-patch+json")
            await scene.desk.send(second)
            outcome = await scene.desk.outcome(second)
        assert outcome.state is ReportedState.SUCCESS, outcome
        assert f"health not seen: Ship {scene.namespace}/a: " in outcome.detail
        assert "cannot list resource" in outcome.detail or "cannot watch resource" in outcome.detail
    finally:
        await scene.kube.delete(ref_of(crd))
