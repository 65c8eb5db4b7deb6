"""The rights that the chart grants to deployd, tried on a real control plane with its account's own token."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.contract.deploy.test_roles import SHAPES
from tests.support.chart_account import RBAC, deployd_account
from tests.support.clusters import Cluster

from fairway.adapters.kube import open_cluster
from fairway.adapters.kube.service_accounts import ServiceAccounts
from fairway.adapters.kube.teams import ImpersonatedTeams, open_token_teams
from fairway.domain.errors import FairwayError
from fairway.domain.kube_errors import Forbidden
from fairway.domain.manifests.objects import Object, ObjectRef, ref_of
from fairway.wiring.bootstrapping import agent_chart

pytestmark = pytest.mark.cluster

MANAGER = "fairway-deployd"


@pytest.fixture
def team(cluster: Cluster, namespace: str) -> Iterator[str]:
    """A team that may edit in the namespace; its account is yet to be made."""
    name = f"t{uuid.uuid4().hex[:8]}"
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "team", "namespace": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
        "subjects": [{"kind": "ServiceAccount", "name": f"serviceuser-{name}", "namespace": "default"}],
    }
    cluster.client.create(f"{RBAC}/namespaces/{namespace}/rolebindings", binding)
    yield name
    cluster.client.delete(f"/api/v1/namespaces/default/serviceaccounts/serviceuser-{name}")


def settings(namespace: str) -> Object:
    metadata = {"name": "settings", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "1"}}


@pytest.mark.parametrize("shape", list(SHAPES))
async def test_a_real_api_server_takes_everything_that_the_chart_renders_to(
    shape: str, cluster: Cluster, namespace: str, helm: Path, tmp_path: Path
) -> None:
    """As a dry run with strict validation; what would be elsewhere is put into this namespace."""
    (tmp_path / "values.yaml").write_text(yaml.safe_dump(SHAPES[shape]))
    command = [helm, "template", "fairway", agent_chart(), "--namespace", namespace, "-f", tmp_path / "values.yaml"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    async with open_cluster(str(cluster.kubeconfig), cluster.context) as kube:
        for obj in [one for one in yaml.safe_load_all(text) if one]:
            if "namespace" in obj["metadata"]:
                obj["metadata"]["namespace"] = namespace
            await kube.apply(obj, ref_of(obj), manager=MANAGER, dry_run=True)


@pytest.mark.parametrize("identity", ["impersonate", "token"])
async def test_it_can_be_a_team_and_then_may_what_the_team_may(
    identity: str, cluster: Cluster, namespace: str, team: str, helm: Path, tmp_path: Path
) -> None:
    here, elsewhere = settings(namespace), settings("kube-system")
    with deployd_account(cluster, helm, namespace, tmp_path, teams={"identity": identity}) as kubeconfig:
        async with AsyncExitStack() as stack:
            kube = await stack.enter_async_context(open_cluster(str(kubeconfig), None))
            accounts = ServiceAccounts(kube, create=True)
            teams: Any = ImpersonatedTeams(kube, accounts)
            if identity == "token":
                teams = await stack.enter_async_context(open_token_teams(kube, accounts))
            async with teams.acting_as(team) as acting:
                await acting.apply(here, ref_of(here), manager=MANAGER)
                with pytest.raises(Forbidden, match=f"serviceuser-{team}"):
                    await acting.apply(elsewhere, ref_of(elsewhere), manager=MANAGER)
    assert cluster.client.get(f"/api/v1/namespaces/{namespace}/configmaps/settings")["data"] == {"a": "1"}


async def test_in_its_own_name_it_changes_nothing_and_reads_no_secrets(
    cluster: Cluster, namespace: str, helm: Path, tmp_path: Path
) -> None:
    with deployd_account(cluster, helm, namespace, tmp_path) as kubeconfig:
        async with open_cluster(str(kubeconfig), None) as kube:
            for obj in (settings(namespace), settings("default")):
                with pytest.raises(Forbidden):
                    await kube.apply(obj, ref_of(obj), manager=MANAGER)
            with pytest.raises(Forbidden):
                await kube.get(ObjectRef("v1", "Secret", "default", "any"))
            for ref in (
                ObjectRef("v1", "Pod", namespace, "any"),
                ObjectRef("apps/v1", "Deployment", namespace, "any"),
                ObjectRef("batch/v1", "Job", namespace, "any"),
            ):
                assert await kube.get(ref) is None


async def test_named_teams_are_the_only_ones(
    cluster: Cluster, namespace: str, team: str, helm: Path, tmp_path: Path
) -> None:
    here = settings(namespace)
    with deployd_account(cluster, helm, namespace, tmp_path, teams={"names": [team]}) as kubeconfig:
        async with open_cluster(str(kubeconfig), None) as kube:
            teams = ImpersonatedTeams(kube, ServiceAccounts(kube, create=True))
            async with teams.acting_as(team) as acting:
                await acting.apply(here, ref_of(here), manager=MANAGER)
            with pytest.raises(FairwayError, match="serviceuser-somebody"):
                async with teams.acting_as("somebody") as acting:
                    await acting.apply(here, ref_of(here), manager=MANAGER)
