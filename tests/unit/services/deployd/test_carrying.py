"""One request, from its arrival to its one outcome."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from tests.support.deployd import Desk, Station, allow_everything, eventually
from tests.unit.services.deployd.conftest import become_ready, complete, config_map, deployment, job, ref

from fairway.adapters.kube.memory import MemoryKube
from fairway.adapters.kube.memory.permitting import MemoryTeams
from fairway.adapters.memory.taken import MemoryOutcomes
from fairway.adapters.queue.memory import MemoryQueue
from fairway.domain.dispatch.messages import Message, Topic
from fairway.domain.dispatch.resources import declared, delivery_of
from fairway.domain.dispatch.statuses import ReportedState
from fairway.domain.dispatch.taken import Taken
from fairway.domain.errors import Transient
from fairway.domain.manifests.objects import Object, ref_of
from fairway.domain.manifests.ownership import owned

WATCHING = ReportedState.IN_PROGRESS


class SlowOutcomes(MemoryOutcomes):
    """A memory that takes its time: when it has written, it is later."""

    def __init__(self, times: list[datetime], then: datetime) -> None:
        super().__init__()
        self._times = times
        self._then = then

    async def save(self, taken: Taken) -> None:
        await super().save(taken)
        self._times.append(self._then)


class Mute(MemoryQueue):
    """Brings requests; reports don't get through until the time is over."""

    def __init__(self, times: list[datetime], then: datetime) -> None:
        super().__init__()
        self._times = times
        self._then = then

    async def publish(self, messages: Sequence[Message]) -> None:
        if messages[0].topic is Topic.STATUSES and self._times[-1] < self._then:
            self._times.append(self._then)
            raise Transient("the broker does not answer")
        await super().publish(messages)


async def test_what_is_healthy_at_once_is_successful_at_once(station: Station, desk: Desk, kube: MemoryKube) -> None:
    request = desk.request(config_map(), config_map("more"))
    async with station.started():
        await desk.send(request)
        outcome = await desk.outcome(request)
    assert outcome.description == "Deployment successful (2 resources)"
    assert outcome.detail == "applied: ConfigMap shop/settings\napplied: ConfigMap shop/more"
    assert desk.states(request) == ["pending", "in_progress", "success"]
    live = await kube.get(ref("ConfigMap", "settings"))
    assert live is not None
    assert delivery_of(live) == request.delivery_id
    assert [entry["manager"] for entry in live["metadata"]["managedFields"]] == ["fairway-deployd"]


async def test_a_workload_is_waited_for(station: Station, desk: Desk, kube: MemoryKube) -> None:
    request = desk.request(deployment())
    async with station.started():
        await desk.send(request)
        status = await desk.reported(request, WATCHING)
        assert status.description == "1 resource applied"
        await become_ready(kube)
        assert (await desk.outcome(request)).state is ReportedState.SUCCESS


async def test_what_does_not_become_ready_in_time_has_failed(station: Station, desk: Desk) -> None:
    station.timeout = 0.3
    request = desk.request(deployment(), config_map())
    async with station.started():
        await desk.send(request)
        outcome = await desk.outcome(request)
    assert outcome.state is ReportedState.FAILURE
    assert outcome.description.startswith("Deployment failed: not ready after 0.3 s: Deployment web:")
    assert outcome.description.endswith("(total of 1 error)")


async def test_every_object_that_fails_is_counted(station: Station, desk: Desk, kube: MemoryKube) -> None:
    request = desk.request(deployment("a"), deployment("b"), job("c"))
    failed: Object = {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]}
    stuck: Object = {
        "observedGeneration": 1,
        "conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}],
    }
    async with station.started():
        await desk.send(request)
        await desk.reported(request, WATCHING)
        kube.set_status(ref("Deployment", "a"), stuck)
        kube.set_status(ref("Job", "c"), failed)
        outcome = await desk.outcome(request)
    assert outcome.description.endswith("(total of 2 errors)")
    assert "failed: Deployment a: ProgressDeadlineExceeded" in outcome.detail
    assert "failed: Job c: BackoffLimitExceeded" in outcome.detail


async def test_a_bad_third_resource_leaves_nothing_half_done(station: Station, desk: Desk, kube: MemoryKube) -> None:
    bad: Object = {"apiVersion": "example.com/v1", "kind": "Ship", "metadata": {"name": "x", "namespace": "shop"}}
    request = desk.request(config_map("one"), config_map("two"), bad, config_map("three", "nowhere"))
    async with station.started():
        await desk.send(request)
        outcome = await desk.outcome(request)
    assert outcome.state is ReportedState.FAILURE
    assert outcome.description.startswith("Deployment failed: Ship x: the cluster has no Ship in example.com/v1")
    assert outcome.description.endswith("(total of 2 errors)")
    assert outcome.detail.endswith("nothing was applied")
    assert desk.states(request) == ["pending", "failure"]
    assert await kube.get(ref("ConfigMap", "one")) is None


async def test_what_a_team_may_not_do_is_refused_in_kubernetes_words(station: Station, desk: Desk) -> None:
    request = desk.request(config_map(), config_map("x", "other"))
    async with station.started():
        await desk.send(request)
        outcome = await desk.outcome(request)
    assert outcome.description.startswith(
        'Deployment failed: configmaps "x" is forbidden: User "system:serviceaccount:default:serviceuser-aura" cannot'
    )
    assert 'in API group "" in the namespace "other"' in outcome.detail


async def test_what_an_earlier_resource_brings_is_applied_unchecked_and_said_so(
    station: Station, desk: Desk, kube: MemoryKube
) -> None:
    binding: Object = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "all"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "all"},
        "subjects": [{"kind": "ServiceAccount", "namespace": "default", "name": "serviceuser-aura"}],
    }
    rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
    role: Object = {**binding, "kind": "ClusterRole", "rules": rules}
    for obj in (role, binding):
        await kube.apply(obj, ref_of(obj))
    crd: Object = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "ships.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Cluster",
            "names": {"kind": "Ship", "plural": "ships"},
            "versions": [{"name": "v1", "served": True, "storage": True}],
        },
    }
    namespace: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}}
    ship: Object = {"apiVersion": "example.com/v1", "kind": "Ship", "metadata": {"name": "titanic"}}
    request = desk.request(crd, namespace, ship, config_map("inside", "new"))
    async with station.started():
        await desk.send(request)
        outcome = await desk.outcome(request)
    assert outcome.state is ReportedState.SUCCESS, outcome
    assert outcome.detail.splitlines()[:2] == [
        "not checked beforehand: Ship default/titanic, which needs CustomResourceDefinition ships.example.com",
        "not checked beforehand: ConfigMap new/inside, which needs Namespace new",
    ]
    assert "applied: Ship titanic" in outcome.detail


async def test_what_fails_midway_is_told_apart(station: Station, desk: Desk, kube: MemoryKube) -> None:
    namespace: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}}
    rules = [{"apiGroups": [""], "resources": ["namespaces"], "verbs": ["create", "patch"]}]
    api = "rbac.authorization.k8s.io/v1"
    role: Object = {"apiVersion": api, "kind": "ClusterRole", "metadata": {"name": "ns"}, "rules": rules}
    binding: Object = {
        "apiVersion": api,
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "ns"},
        "roleRef": {"kind": "ClusterRole", "name": "ns"},
        "subjects": [{"kind": "ServiceAccount", "namespace": "default", "name": "serviceuser-aura"}],
    }
    crd: Object = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "ships.example.com"},
        "spec": {"group": "example.com", "names": {"kind": "Ship", "plural": "ships"}, "versions": []},
    }
    rules.append({"apiGroups": ["*"], "resources": ["customresourcedefinitions", "ships"], "verbs": ["*"]})
    for obj in (role, binding):
        await kube.apply(obj, ref_of(obj))
    ship: Object = {"apiVersion": "example.com/v1", "kind": "Ship", "metadata": {"name": "x", "namespace": "shop"}}
    request = desk.request(namespace, crd, ship, config_map())
    async with station.started():
        await desk.send(request)
        outcome = await desk.outcome(request)
    assert outcome.state is ReportedState.FAILURE
    assert outcome.description.startswith("Deployment failed: this cluster has no kind Ship")
    lines = outcome.detail.splitlines()
    assert lines[1:3] == ["applied: Namespace new", "applied: CustomResourceDefinition ships.example.com"]
    assert lines[3].startswith("failed: ")
    assert lines[-1] == "not tried: ConfigMap shop/settings"


@pytest.mark.parametrize(
    ("resource", "says"),
    [
        ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "x-"}}, "metadata.generateName"),
        ({"apiVersion": "v1", "kind": "ConfigMap"}, "has no metadata"),
        ({"apiVersion": "v1", "kind": "List", "items": [config_map(), config_map()]}, "is there twice"),
    ],
)
async def test_what_is_wrong_in_the_request_is_an_error(
    station: Station, desk: Desk, resource: Object, says: str
) -> None:
    request = desk.request(resource)
    async with station.started():
        await desk.send(request)
        outcome = await desk.outcome(request)
    assert outcome.state is ReportedState.ERROR
    assert outcome.description.startswith("Error in deployment request: ")
    assert says in outcome.description


async def test_a_team_that_is_no_name_is_an_error(station: Station, desk: Desk) -> None:
    request = desk.request(config_map(), team="default:root")
    async with station.started():
        await desk.send(request)
        outcome = await desk.outcome(request)
    assert (outcome.state, "can't have a service account" in outcome.description) == (ReportedState.ERROR, True)


async def test_an_expired_request_is_not_begun(station: Station, desk: Desk, kube: MemoryKube) -> None:
    request = desk.request(config_map(), seconds=-5)
    async with station.started():
        await desk.send(request)
        outcome = await desk.outcome(request)
    assert (outcome.state, outcome.description) == (ReportedState.FAILURE, "deadline exceeded")
    assert desk.states(request) == ["failure"]
    assert await kube.get(ref("ConfigMap", "settings")) is None


async def test_an_object_of_a_release_is_left_to_it(station: Station, desk: Desk, kube: MemoryKube) -> None:
    released = owned(config_map(a="from the release"), release="shop", namespace="shop")
    await kube.apply(released, ref_of(released))
    request = desk.request(config_map(a="from the team"))
    async with station.started():
        await desk.send(request)
        outcome = await desk.outcome(request)
    assert "ConfigMap shop/settings belongs to the release shop/shop" in outcome.description
    live = await kube.get(ref("ConfigMap", "settings"))
    assert live is not None
    assert live["data"] == {"a": "from the release"}


async def test_resources_without_a_namespace_go_to_that_of_the_team(
    station: Station, desk: Desk, kube: MemoryKube
) -> None:
    station.teams = MemoryTeams(kube, create=True, own_namespaces=True)
    station.options["team_namespaces"] = True
    homeless = config_map()
    del homeless["metadata"]["namespace"]
    for obj in allow_everything("shop", team="shop", account_in="shop"):
        await kube.apply(obj, ref_of(obj))
    request = desk.request(homeless, team="shop")
    async with station.started():
        await desk.send(request)
        assert (await desk.outcome(request)).state is ReportedState.SUCCESS
    assert await kube.get(ref("ConfigMap", "settings")) is not None


async def test_a_job_of_another_delivery_is_replaced(station: Station, desk: Desk, kube: MemoryKube) -> None:
    first, second = desk.request(job()), desk.request(job(image="shop/web:2"))
    async with station.started():
        await desk.send(first)
        await desk.reported(first, WATCHING)
        complete(kube)
        await desk.outcome(first)
        before = await kube.get(ref("Job", "migrate"))
        await desk.send(second)
        await desk.reported(second, WATCHING)
        after = await kube.get(ref("Job", "migrate"))
        complete(kube)
        assert (await desk.outcome(second)).state is ReportedState.SUCCESS
    assert before is not None
    assert after is not None
    assert before["metadata"]["uid"] != after["metadata"]["uid"]
    assert after["spec"]["template"]["spec"]["containers"][0]["image"] == "shop/web:2"


async def test_secrets_reach_no_status(station: Station, desk: Desk, kube: MemoryKube) -> None:
    secret: Object = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": "shop"},
        "stringData": {"key": "correct-Horse-42"},
    }
    kube.warnings["the value correct-Horse-42 is not nice"] += 1
    web = deployment("correct-Horse-42")
    request = desk.request(secret, web, job("correct-Horse-42-job"))
    station.timeout = 0.3
    async with station.started():
        await desk.send(request)
        outcome = await desk.outcome(request)
    assert "warning: the value •••••• is not nice" in outcome.detail
    assert "correct-Horse" not in f"{desk.of(request)}"


async def test_the_same_delivery_again_tells_the_same_outcome(station: Station, desk: Desk, kube: MemoryKube) -> None:
    request = desk.request(config_map())
    async with station.started():
        await desk.send(request)
        first = await desk.outcome(request)
        writes = kube.requests["apply"]
        await desk.send(request)
        await eventually(lambda: len(desk.of(request)) == 4)
    assert desk.of(request)[-1] == first
    assert kube.requests["apply"] == writes


async def test_the_deadline_counts_when_the_turn_comes(station: Station, desk: Desk, kube: MemoryKube) -> None:
    times = [datetime.now(UTC)]
    station.now = lambda: times[-1]
    request = desk.request(config_map())
    station.outcomes = SlowOutcomes(times, request.deadline + timedelta(seconds=1))
    async with station.started():
        await desk.send(request)
        outcome = await desk.outcome(request)
    assert outcome.description == "deadline exceeded"
    assert desk.states(request) == ["pending", "failure"]
    assert await kube.get(ref("ConfigMap", "settings")) is None


async def test_nothing_is_begun_before_hookd_can_know_that_it_was_taken(station: Station, kube: MemoryKube) -> None:
    times = [datetime.now(UTC)]
    station.now = lambda: times[-1]
    station.desk = desk = Desk(Mute(times, times[0] + timedelta(minutes=2)))
    request = desk.request(config_map())
    async with desk.listening(), station.started():
        await desk.send(request)
        outcome = await desk.outcome(request)
    assert outcome.description == "deadline exceeded"
    assert await kube.get(ref("ConfigMap", "settings")) is None


@pytest.mark.parametrize("was_applied", [True, False])
async def test_a_process_that_was_killed_before_it_could_remember_what_it_applied_is_not_contradicted(
    station: Station, desk: Desk, kube: MemoryKube, was_applied: bool
) -> None:
    request = desk.request(config_map(), config_map("more"), seconds=-5)
    await station.outcomes.save(Taken(request.delivery_id, request.at))
    if was_applied:
        [first] = declared([config_map()], request.delivery_id)
        await kube.apply(first, ref_of(first), manager="fairway-deployd")
    async with station.started():
        await desk.send(request)
        outcome = await desk.outcome(request)
    expected = "Deployment successful (2 resources)" if was_applied else "deadline exceeded"
    assert outcome.description == expected
    assert (await kube.get(ref("ConfigMap", "more")) is not None) is was_applied


async def test_what_another_tool_wrote_as_a_whole_goes_when_it_leaves_the_manifest(
    station: Station, desk: Desk, kube: MemoryKube
) -> None:
    written = config_map(stays="1", goes="2")
    await kube.create(written, ref_of(written))
    live = await kube.get(ref("ConfigMap", "settings"))
    assert live is not None
    assert {entry["operation"] for entry in live["metadata"]["managedFields"]} == {"Update"}
    request = desk.request(config_map(stays="1", new="3"))
    async with station.started():
        await desk.send(request)
        outcome = await desk.outcome(request)
    assert outcome.state is ReportedState.SUCCESS, outcome
    live = await kube.get(ref("ConfigMap", "settings"))
    assert live is not None
    assert live["data"] == {"stays": "1", "new": "3"}
