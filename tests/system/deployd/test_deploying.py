"""Requests on a real control plane: who may do what, what is refused, and what becomes of a rollout."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.clusters import Cluster
from tests.support.deployd import Desk, Station, allow_everything, eventually
from tests.system.deployd.conftest import Scene

from fairway.domain.dispatch.resources import delivery_of
from fairway.domain.dispatch.statuses import ReportedState
from fairway.domain.manifests.objects import Object, ObjectRef

pytestmark = pytest.mark.cluster
SUCCESS, FAILURE, ERROR = ReportedState.SUCCESS, ReportedState.FAILURE, ReportedState.ERROR
INACTIVE, WATCHING = ReportedState.INACTIVE, ReportedState.IN_PROGRESS


@pytest.fixture(params=["impersonation", "token"])
async def either(request: pytest.FixtureRequest, scene: Scene) -> Scene:
    if request.param == "token":
        await scene.use_tokens()
    return scene


async def test_a_team_with_rights_deploys_and_its_account_is_made(either: Scene) -> None:
    scene = either
    account = ObjectRef("v1", "ServiceAccount", "default", f"serviceuser-{scene.team}")
    assert await scene.kube.get(account) is None
    request = scene.request(scene.config_map(), scene.deployment())
    async with scene.station.started():
        await scene.desk.send(request)
        outcome = await scene.desk.outcome(request)
    assert outcome.description == "Deployment successful (2 resources)", outcome
    assert scene.desk.states(request) == ["pending", "in_progress", "success"]
    assert await scene.kube.get(account) is not None
    live = await scene.live("Deployment", "web")
    assert live is not None
    assert delivery_of(live) == request.delivery_id
    assert "fairway-deployd" in {entry["manager"] for entry in live["metadata"]["managedFields"]}


async def test_a_team_without_rights_gets_kubernetes_own_words(either: Scene) -> None:
    scene = either
    homeless = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "kube-system"}}
    request = scene.request(scene.config_map(), homeless)
    async with scene.station.started():
        await scene.desk.send(request)
        outcome = await scene.desk.outcome(request)
    assert outcome.state is FAILURE
    assert outcome.description.startswith(
        'Deployment failed: configmaps "x" is forbidden: User "system:serviceaccount:default:serviceuser-'
    )
    assert 'cannot patch resource "configmaps" in API group "" in the namespace "kube-system"' in outcome.detail
    assert await scene.live("ConfigMap", "settings") is None


async def test_a_team_can_not_give_itself_rights(scene: Scene) -> None:
    role: Object = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": f"mine-{scene.team}"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "namespace": "default", "name": f"serviceuser-{scene.team}"}],
    }
    request = scene.request(role)
    async with scene.station.started():
        await scene.desk.send(request)
        outcome = await scene.desk.outcome(request)
    assert "is forbidden: User" in outcome.detail
    assert 'cannot patch resource "clusterrolebindings"' in outcome.detail


async def test_a_bad_third_resource_leaves_nothing_half_done(scene: Scene) -> None:
    bad = scene.deployment("bad")
    bad["spec"]["replicaz"] = 3
    worse = scene.deployment("worse")
    worse["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    request = scene.request(scene.config_map("one"), scene.config_map("two"), bad, worse, scene.config_map("three"))
    async with scene.station.started():
        await scene.desk.send(request)
        outcome = await scene.desk.outcome(request)
    assert outcome.state is FAILURE
    assert ".spec.replicaz: field not declared in schema" in outcome.detail
    assert 'Deployment.apps "worse" is invalid' in outcome.detail
    assert outcome.description.endswith("(total of 2 errors)")
    assert outcome.detail.endswith("nothing was applied")
    for name in ("one", "two", "three"):
        assert await scene.live("ConfigMap", name) is None


async def test_a_crash_loop_fails_fast_with_exit_code_and_log(scene: Scene) -> None:
    secret: Object = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db", "namespace": scene.namespace},
        "stringData": {"word": "Xk29-secret-pw"},
    }
    log = "starting\nlogging in as shop with Xk29-secret-pw\npanic: no database"
    request = scene.request(secret, scene.deployment(fail="crash-loop", exit_code="3", log=log))
    async with scene.station.started():
        await scene.desk.send(request)
        outcome = await scene.desk.outcome(request)
    assert outcome.state is FAILURE
    assert "CrashLoopBackOff, exit code 3" in outcome.description
    assert outcome.detail.splitlines()[-2:] == ["  logging in as shop with ••••••", "  panic: no database"]
    assert "secret-pw" not in f"{scene.desk.of(request)}"


async def test_an_image_that_can_not_be_pulled_is_named(scene: Scene) -> None:
    request = scene.request(scene.deployment(image="shop/nowhere:1", fail="image-pull"))
    async with scene.station.started():
        await scene.desk.send(request)
        outcome = await scene.desk.outcome(request)
    assert outcome.state is FAILURE
    assert "ImagePull" in outcome.detail
    assert "shop/nowhere:1" in outcome.detail


async def test_a_job_is_replaced_by_each_delivery_and_run_once_by_one(scene: Scene) -> None:
    first, second = scene.request(scene.job()), scene.request(scene.job(image="shop/web:2"))
    async with scene.station.started():
        await scene.desk.send(first)
        assert (await scene.desk.outcome(first)).state is SUCCESS
        before = await scene.live("Job", "migrate")
        await scene.desk.send(second)
        outcome = await scene.desk.outcome(second)
        after = await scene.live("Job", "migrate")
        await scene.desk.send(second)
        await eventually(lambda: scene.desk.states(second).count("success") == 2)
    assert outcome.state is SUCCESS, outcome
    assert before is not None
    assert after is not None
    assert before["metadata"]["uid"] != after["metadata"]["uid"]
    last = await scene.live("Job", "migrate")
    assert last is not None
    assert last["metadata"]["uid"] == after["metadata"]["uid"]


async def test_a_job_that_fails_tells_its_last_words(scene: Scene) -> None:
    request = scene.request(scene.job(fail="job-fail", exit_code="7", log="cannot connect"))
    async with scene.station.started():
        await scene.desk.send(request)
        outcome = await scene.desk.outcome(request)
    assert outcome.state is FAILURE
    assert "exit code 7" in outcome.detail
    assert outcome.detail.splitlines()[-1] == "  cannot connect"


async def test_a_team_that_may_not_delete_jobs_is_told_before_anything_is_done(scene: Scene) -> None:
    role, _ = allow_everything(scene.namespace, scene.team)
    first = scene.request(scene.job())
    async with scene.station.started():
        await scene.desk.send(first)
        await scene.desk.outcome(first)
        role["rules"][0]["verbs"] = ["get", "create", "patch"]
        await scene.kube.apply(role, ObjectRef(role["apiVersion"], "Role", scene.namespace, role["metadata"]["name"]))
        second = scene.request(scene.config_map(), scene.job(image="shop/web:2"))
        await scene.desk.send(second)
        outcome = await scene.desk.outcome(second)
    assert 'cannot delete resource "jobs"' in outcome.detail
    assert await scene.live("ConfigMap", "settings") is None


async def test_warnings_of_kubernetes_are_told(scene: Scene) -> None:
    web = scene.deployment()
    web["spec"]["template"]["metadata"]["annotations"]["container.apparmor.security.beta.kubernetes.io/app"] = (
        "unconfined"
    )
    request = scene.request(web)
    async with scene.station.started():
        await scene.desk.send(request)
        outcome = await scene.desk.outcome(request)
    assert outcome.state is SUCCESS
    assert "warning: " in outcome.detail
    assert "apparmor" in outcome.detail


async def test_an_expired_request_is_not_begun(scene: Scene) -> None:
    request = scene.request(scene.config_map(), seconds=-1)
    async with scene.station.started():
        await scene.desk.send(request)
        outcome = await scene.desk.outcome(request)
    assert (outcome.state, outcome.description) == (FAILURE, "deadline exceeded")
    assert await scene.live("ConfigMap", "settings") is None


async def test_a_newer_deployment_takes_the_place_of_one_that_waits(scene: Scene) -> None:
    old, new = scene.request(scene.deployment(fail="never-ready")), scene.request(scene.deployment(image="shop/web:2"))
    async with scene.station.started():
        await scene.desk.send(old)
        await scene.desk.reported(old, WATCHING)
        await scene.desk.send(new)
        assert (await scene.desk.outcome(new)).state is SUCCESS
        assert (await scene.desk.outcome(old)).state is INACTIVE


async def test_two_deployds_take_each_its_own(scene: Scene) -> None:
    other = Station(Desk(scene.desk.queue, "prod-fss"), scene.kube, scene.station.teams)
    ours, theirs = scene.request(scene.config_map("dev")), scene.request(scene.config_map("prod"), cluster="prod-fss")
    async with scene.station.started(), other.started():
        await scene.desk.send(ours, theirs)
        assert (await scene.desk.outcome(ours)).cluster == "dev-fss"
        assert (await scene.desk.outcome(theirs)).cluster == "prod-fss"
    expected = [("applied", 1), ("ended", "success"), ("ignored", 1)]
    assert sorted(scene.station.metrics.seen) == sorted(other.metrics.seen) == expected


async def test_what_an_older_deployd_wrote_goes_when_it_leaves_the_manifest(scene: Scene, cluster: Cluster) -> None:
    old = scene.deployment()
    container = old["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [{"name": "GOES", "value": "1"}]
    container["ports"] = [{"containerPort": 8080}]
    path = f"/apis/apps/v1/namespaces/{scene.namespace}/deployments?fieldManager=deployd"
    await asyncio.to_thread(cluster.client.create, path, old)
    new = scene.deployment()
    new["spec"]["template"]["spec"]["containers"][0]["ports"] = [{"containerPort": 9090}]
    request = scene.request(new)
    async with scene.station.started():
        await scene.desk.send(request)
        outcome = await scene.desk.outcome(request)
    assert outcome.state is SUCCESS, outcome
    live = await scene.live("Deployment", "web")
    assert live is not None
    container = live["spec"]["template"]["spec"]["containers"][0]
    assert "env" not in container
    assert [port["containerPort"] for port in container["ports"]] == [9090]


async def test_what_an_autoscaler_has_set_is_left_to_it(scene: Scene, cluster: Cluster) -> None:
    first, second = scene.request(scene.deployment()), scene.request(scene.deployment(image="shop/web:2"))
    path = f"/apis/apps/v1/namespaces/{scene.namespace}/deployments/web/scale?fieldManager=kube-controller-manager"
    async with scene.station.started():
        await scene.desk.send(first)
        await scene.desk.outcome(first)
        scale = {"spec": {"replicas": 3}}
        await asyncio.to_thread(cluster.client.request, "PATCH", path, scale, "application/merge-patch+json")
        await scene.desk.send(second)
        outcome = await scene.desk.outcome(second)
    assert outcome.state is SUCCESS, outcome
    live = await scene.live("Deployment", "web")
    assert live is not None
    assert live["spec"]["replicas"] == 3
    assert live["spec"]["template"]["spec"]["containers"][0]["image"] == "shop/web:2"
