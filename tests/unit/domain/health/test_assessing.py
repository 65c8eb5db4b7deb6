"""The table of docs/spec/health.md, case by case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.errors import UserError
from fairway.domain.health import HealthRule, HealthState, assess, completion
from fairway.domain.health.assessing import RULES
from fairway.domain.manifests.objects import Object

H, P, F = HealthState.HEALTHY, HealthState.PROGRESSING, HealthState.FAILED


def obj(
    kind: str,
    spec: Any = None,
    status: Any = None,
    *,
    generation: int | None = 2,
    api_version: str = "",
    **metadata: Any,
) -> Object:
    groups = {
        "Deployment": "apps/v1",
        "StatefulSet": "apps/v1",
        "DaemonSet": "apps/v1",
        "ReplicaSet": "apps/v1",
        "Job": "batch/v1",
        "CronJob": "batch/v1",
        "PodDisruptionBudget": "policy/v1",
        "HorizontalPodAutoscaler": "autoscaling/v2",
        "CustomResourceDefinition": "apiextensions.k8s.io/v1",
        "APIService": "apiregistration.k8s.io/v1",
        "Ingress": "networking.k8s.io/v1",
        "Ship": "example.com/v1",
    }
    given_metadata: Object = {"name": "x", **metadata}
    if generation is not None:
        given_metadata["generation"] = generation
    made: Object = {"apiVersion": groups.get(kind, "v1"), "kind": kind, "metadata": given_metadata}
    if spec is not None:
        made["spec"] = spec
    if status is not None:
        made["status"] = status
    return made


def on(kind: str, status: str = "True", reason: str = "", message: str = "", **more: Any) -> Object:
    return {"type": kind, "status": status, "reason": reason, "message": message, **more}


AVAILABLE = [on("Available")]


def rolled(wanted: int = 3, **changes: Any) -> Object:
    return {
        "observedGeneration": 2,
        "replicas": wanted,
        "updatedReplicas": wanted,
        "readyReplicas": wanted,
        "availableReplicas": wanted,
        "conditions": AVAILABLE,
        **changes,
    }


def ordered(wanted: int = 3, **changes: Any) -> Object:
    return {
        "observedGeneration": 2,
        "replicas": wanted,
        "readyReplicas": wanted,
        "updatedReplicas": wanted,
        "currentRevision": "r1",
        "updateRevision": "r1",
        **changes,
    }


def everywhere(wanted: int = 2, **changes: Any) -> Object:
    return {
        "observedGeneration": 2,
        "desiredNumberScheduled": wanted,
        "updatedNumberScheduled": wanted,
        "numberReady": wanted,
        "numberAvailable": wanted,
        **changes,
    }


THREE = {"replicas": 3}
PARTITION = {**THREE, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}}
ON_DELETE = {**THREE, "updateStrategy": {"type": "OnDelete"}}

CASES: list[tuple[str, Object, HealthState, str]] = [
    ("a deployment without status", obj("Deployment", THREE), P, "NotObserved"),
    ("one whose status is older", obj("Deployment", THREE, rolled(observedGeneration=1)), P, "NotObserved"),
    ("one that has rolled out", obj("Deployment", THREE, rolled()), H, "Available"),
    ("one with too few updated pods", obj("Deployment", THREE, rolled(updatedReplicas=1)), P, "LessUpdated"),
    ("one with too few ready pods", obj("Deployment", THREE, rolled(readyReplicas=2)), P, "LessReady"),
    ("one with too few available pods", obj("Deployment", THREE, rolled(availableReplicas=2)), P, "LessReady"),
    ("one with old pods left", obj("Deployment", THREE, rolled(replicas=4)), P, "ExtraPods"),
    ("one that is not available yet", obj("Deployment", THREE, rolled(conditions=[])), P, "NotAvailable"),
    ("one that wants one pod by default", obj("Deployment", {}, rolled(1)), H, "Available"),
    ("one that wants no pods, unseen", obj("Deployment", {"replicas": 0}), H, "ScaledToZero"),
    ("one that wants no pods and has some", obj("Deployment", {"replicas": 0}, rolled(2)), P, "ExtraPods"),
    ("one that is paused", obj("Deployment", {**THREE, "paused": True}), H, "Paused"),
    (
        "one past its deadline",
        obj("Deployment", THREE, rolled(conditions=[on("Progressing", "False", "ProgressDeadlineExceeded")])),
        F,
        "ProgressDeadlineExceeded",
    ),
    (
        "one whose old status is past its deadline",
        obj("Deployment", THREE, rolled(observedGeneration=1, conditions=[on("Progressing", "False", "Progress")])),
        P,
        "NotObserved",
    ),
    (
        "one that may not create pods",
        obj("Deployment", THREE, rolled(conditions=[on("ReplicaFailure", message="exceeded quota")])),
        P,
        "ReplicaFailure",
    ),
    ("a stateful set that is ready", obj("StatefulSet", THREE, ordered()), H, "Ready"),
    ("one without status", obj("StatefulSet", THREE), P, "NotObserved"),
    ("one that wants no pods", obj("StatefulSet", {"replicas": 0}), H, "ScaledToZero"),
    ("one with too few pods", obj("StatefulSet", THREE, ordered(readyReplicas=1)), P, "LessReady"),
    ("one that scales down", obj("StatefulSet", THREE, ordered(replicas=4, readyReplicas=4)), P, "ExtraPods"),
    (
        "one that rolls",
        obj("StatefulSet", THREE, ordered(updateRevision="r2", updatedReplicas=1)),
        P,
        "RollingUpdate",
    ),
    (
        "one that rolls to its partition",
        obj("StatefulSet", PARTITION, ordered(updateRevision="r2", updatedReplicas=0)),
        P,
        "PartitionRollout",
    ),
    (
        "one that reached its partition",
        obj("StatefulSet", PARTITION, ordered(updateRevision="r2", updatedReplicas=1)),
        H,
        "PartitionedRollout",
    ),
    (
        "one that changes on delete",
        obj("StatefulSet", ON_DELETE, ordered(updateRevision="r2", updatedReplicas=0, readyReplicas=0)),
        H,
        "OnDelete",
    ),
    ("one on delete that is new", obj("StatefulSet", ON_DELETE, ordered(readyReplicas=1)), P, "LessReady"),
    ("a daemon set on all nodes", obj("DaemonSet", {}, everywhere()), H, "Ready"),
    ("one without nodes", obj("DaemonSet", {}, everywhere(0)), H, "Ready"),
    ("one without status", obj("DaemonSet", {}), P, "NotObserved"),
    ("one that rolls", obj("DaemonSet", {}, everywhere(updatedNumberScheduled=1)), P, "LessUpdated"),
    ("one on delete", obj("DaemonSet", ON_DELETE, everywhere(updatedNumberScheduled=0)), H, "Ready"),
    ("one that is not ready", obj("DaemonSet", {}, everywhere(numberReady=1)), P, "LessReady"),
    ("a replica set", obj("ReplicaSet", THREE, rolled()), H, "Ready"),
    ("one with too few", obj("ReplicaSet", THREE, rolled(readyReplicas=0)), P, "LessReady"),
    ("one with too many", obj("ReplicaSet", THREE, rolled(5)), P, "ExtraPods"),
    ("one that may not", obj("ReplicaSet", THREE, rolled(conditions=[on("ReplicaFailure")])), P, "ReplicaFailure"),
    ("one that wants none", obj("ReplicaSet", {"replicas": 0}), H, "ScaledToZero"),
    ("a pod that is ready", obj("Pod", {}, {"phase": "Running", "conditions": [on("Ready")]}), H, "Ready"),
    ("one that is not", obj("Pod", {}, {"phase": "Running", "conditions": [on("Ready", "False")]}), P, "NotReady"),
    ("one that has not started", obj("Pod", {}, {"phase": "Pending"}), P, "NotReady"),
    ("one that ran to its end", obj("Pod", {}, {"phase": "Succeeded"}), H, "Succeeded"),
    ("one that was evicted", obj("Pod", {}, {"phase": "Failed", "reason": "Evicted"}), F, "Evicted"),
    ("a job that runs", obj("Job", {"completions": 2}, {"succeeded": 1}), P, "Running"),
    ("one that completed", obj("Job", {}, {"conditions": [on("Complete")]}), H, "Complete"),
    (
        "one that failed",
        obj("Job", {}, {"conditions": [on("Failed", "True", "BackoffLimitExceeded")]}),
        F,
        "BackoffLimitExceeded",
    ),
    ("one that is about to fail", obj("Job", {}, {"conditions": [on("FailureTarget", "True", "X")]}), F, "X"),
    ("one that is suspended", obj("Job", {"suspend": True}), H, "Suspended"),
    ("a cron job", obj("CronJob", {}), H, "Exists"),
    ("a claim that is bound", obj("PersistentVolumeClaim", {}, {"phase": "Bound"}), H, "Bound"),
    ("one that is not", obj("PersistentVolumeClaim", {}, {"phase": "Pending"}), P, "NotBound"),
    ("one without status", obj("PersistentVolumeClaim", {}), P, "NotBound"),
    ("one that lost its volume", obj("PersistentVolumeClaim", {}, {"phase": "Lost"}), F, "Lost"),
    ("a service", obj("Service", {"type": "ClusterIP"}, {"loadBalancer": {}}), H, "Exists"),
    ("a load balancer", obj("Service", {"type": "LoadBalancer"}, {"loadBalancer": {}}), P, "NoAddress"),
    (
        "one with an address",
        obj("Service", {"type": "LoadBalancer"}, {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}),
        H,
        "LoadBalancer",
    ),
    ("one with outside addresses", obj("Service", {"type": "LoadBalancer", "externalIPs": ["1.2.3.4"]}), H, "Exists"),
    ("an ingress without address", obj("Ingress", {}, {"loadBalancer": {}}), H, "Exists"),
    (
        "an autoscaler without metrics",
        obj("HorizontalPodAutoscaler", {}, {"conditions": [on("ScalingActive", "False")]}),
        H,
        "Exists",
    ),
    ("a budget nobody has seen", obj("PodDisruptionBudget", {}), P, "NotObserved"),
    (
        "a budget that is not met",
        obj("PodDisruptionBudget", {}, {"observedGeneration": 2, "currentHealthy": 0, "desiredHealthy": 1}),
        H,
        "Computed",
    ),
    ("a definition", obj("CustomResourceDefinition", {}, {"conditions": [on("Established")]}), H, "Established"),
    ("one that is not served yet", obj("CustomResourceDefinition", {}), P, "NotEstablished"),
    (
        "one whose names are taken",
        obj("CustomResourceDefinition", {}, {"conditions": [on("NamesAccepted", "False", "", "taken")]}),
        F,
        "NamesNotAccepted",
    ),
    ("an API that answers", obj("APIService", {}, {"conditions": [on("Available")]}), H, "Available"),
    ("one that does not", obj("APIService", {}, {"conditions": [on("Available", "False")]}), P, "NotAvailable"),
    ("a namespace", obj("Namespace", {}, {"phase": "Active"}), H, "Active"),
    ("one that is being deleted", obj("Namespace", {}, {"phase": "Terminating"}), F, "Terminating"),
    ("a secret", obj("Secret", generation=None), H, "Exists"),
    ("a custom resource without status", obj("Ship", {}), H, "Exists"),
    ("one with an empty status", obj("Ship", {}, {}), H, "Exists"),
    ("one its controller has not seen", obj("Ship", {}, {"observedGeneration": 1}), P, "NotObserved"),
    ("one that is ready", obj("Ship", {}, {"conditions": [on("Ready")]}), H, "Ready"),
    ("one that is not", obj("Ship", {}, {"conditions": [on("Ready", "False", "Sinking", "leak")]}), P, "Sinking"),
    ("one that does not know", obj("Ship", {}, {"conditions": [on("Ready", "Unknown")]}), P, "NotReady"),
    (
        "one whose condition is old",
        obj("Ship", {}, {"conditions": [on("Ready", observedGeneration=1)]}),
        P,
        "NotObserved",
    ),
    ("one that is available", obj("Ship", {}, {"conditions": [on("Available")]}), H, "Available"),
    ("one that is not available", obj("Ship", {}, {"conditions": [on("Available", "False")]}), P, "NotAvailable"),
    (
        "one whose controller gave up",
        obj("Ship", {}, {"conditions": [on("Ready", "False"), on("Stalled", "True", "Wrong")]}),
        F,
        "Wrong",
    ),
    (
        "one that is being reconciled",
        obj("Ship", {}, {"conditions": [on("Ready"), on("Reconciling")]}),
        P,
        "Reconciling",
    ),
    ("anything that is being deleted", obj("Secret", deletionTimestamp="2026-01-01T00:00:00Z"), P, "Terminating"),
]


@pytest.mark.parametrize(("given_object", "state", "reason"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_each_kind_has_its_rule(given_object: Object, state: HealthState, reason: str) -> None:
    found = assess(given_object)
    assert (found.state, found.reason) == (state, reason)
    assert found.message


def test_what_does_not_exist_is_unknown() -> None:
    assert assess(None).state is HealthState.UNKNOWN


def test_messages_count_pods() -> None:
    assert assess(obj("Deployment", THREE, rolled(readyReplicas=2))).message == "2 of 3 pods ready"
    assert assess(obj("Deployment", THREE, rolled(replicas=5))).message == "2 old pods still to end"
    assert assess(obj("Job", {"completions": 3}, {"succeeded": 1, "failed": 2})).message == (
        "1 of 3 runs completed, 2 failed"
    )


@pytest.mark.parametrize(
    ("status", "state"),
    [({"phase": "Sailing"}, H), ({"phase": "Docked"}, P), ({}, P), ({"phase": "Docked", "conditions": AVAILABLE}, P)],
)
def test_a_rule_of_the_release_decides_for_its_kind(status: Object, state: HealthState) -> None:
    rules = [HealthRule("Ship*", "status.phase", ("Sailing",))]
    assert assess(obj("Ship", {}, status), rules).state is state
    assert assess(obj("Secret"), rules).state is H


@pytest.mark.parametrize(
    ("path", "equals"),
    [
        ('status.conditions[?(@.type=="Synced")].status', "True"),
        ("status.ready", "true"),
        ("status.count", "3"),
        ("status.list[1].name", "b"),
    ],
)
def test_rules_compare_the_text_of_any_value(path: str, equals: str) -> None:
    status = {"conditions": [on("Synced")], "ready": True, "count": 3, "list": [{"name": "a"}, {"name": "b"}]}
    assert assess(obj("Ship", {}, status), [HealthRule("Ship", path, (equals,))]).state is H


@pytest.mark.parametrize(("phase", "state"), [("Moored", H), ("Sailing", H), ("Sunk", F), ("Launched", P), (None, P)])
def test_a_rule_knows_several_good_ends_and_bad_ones(phase: str | None, state: HealthState) -> None:
    rule = HealthRule("Ship", "status.phase", ("Sailing", "Moored"), ("Sunk",))
    found = assess(obj("Ship", {}, {"phase": phase} if phase else {}), [rule])
    assert found.state is state
    if state is P:
        assert found.message == f"status.phase is {phase or 'not set'}, waiting for Sailing or Moored"


def test_a_rule_is_about_kinds_of_its_group_and_the_first_that_fits_decides() -> None:
    ship = {"apiVersion": "sea.example/v1", "kind": "Ship", "metadata": {}, "status": {"phase": "Sailing"}}
    rules = [
        HealthRule("Ship", "status.phase", ("Docked",), group="harbour.example"),
        HealthRule("*", "status.phase", ("Sailing",), group="*.example"),
        HealthRule("Ship", "status.phase", ("Docked",)),
    ]
    assert assess(ship, rules).state is H
    core = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}, "data": {"state": "cold"}}
    assert assess(core, [HealthRule("ConfigMap", "data.state", ("warm",), group="")]).state is P


def test_a_rule_does_not_judge_a_status_of_an_older_generation() -> None:
    ship = {"kind": "Ship", "metadata": {"generation": 3}, "status": {"observedGeneration": 2, "phase": "Sailing"}}
    assert assess(ship, [HealthRule("Ship", "status.phase", ("Sailing",))]).reason == "NotObserved"
    ship["status"] = {"observedGeneration": 3, "phase": "Sailing"}
    assert assess(ship, [HealthRule("Ship", "status.phase", ("Sailing",))]).state is H


def test_a_rule_with_an_unreadable_path_is_refused() -> None:
    with pytest.raises(UserError):
        assess(obj("Ship", {}, {}), [HealthRule("Ship", "status..[", ("x",))])


@pytest.mark.parametrize(
    ("given_object", "state"),
    [
        (obj("Job", {}, {}), P),
        (obj("Job", {"suspend": True}), P),
        (obj("Job", {}, {"conditions": [on("Complete")]}), H),
        (obj("Job", {}, {"conditions": [on("Failed")]}), F),
        (obj("Pod", {}, {"phase": "Running", "conditions": [on("Ready")]}), P),
        (obj("Pod", {}, {"phase": "Succeeded"}), H),
        (obj("Pod", {}, {"phase": "Failed"}), F),
        (obj("Deployment", THREE), H),
        (obj("Secret"), H),
    ],
)
def test_a_hook_is_complete_when_it_has_run_to_its_end(given_object: Object, state: HealthState) -> None:
    assert completion(given_object).state is state


COUNTS = st.integers(min_value=0, max_value=5)


@given(wanted=COUNTS, updated=COUNTS, ready=COUNTS, available=COUNTS, total=COUNTS)
def test_a_deployment_is_only_healthy_when_all_its_pods_are_new_and_ready(
    wanted: int, updated: int, ready: int, available: int, total: int
) -> None:
    status = rolled(wanted, updatedReplicas=updated, readyReplicas=ready, availableReplicas=available, replicas=total)
    found = assess(obj("Deployment", {"replicas": wanted}, status))
    if found.state is H and wanted:
        assert min(updated, ready, available) >= wanted
        assert total <= wanted
    assert found.state is not F


@given(st.sampled_from(sorted(RULES)), st.none() | st.just({}), st.none() | st.just({}))
def test_no_rule_stumbles_over_missing_fields(kind: Any, spec: Object | None, status: Object | None) -> None:
    bare: Object = {"apiVersion": f"{kind.group}/v1" if kind.group else "v1", "kind": kind.name, "metadata": {}}
    if spec is not None:
        bare["spec"] = spec
    if status is not None:
        bare["status"] = status
    assert assess(bare).state in HealthState


def test_the_specification_names_every_kind_of_the_table() -> None:
    spec = (Path(__file__).parents[4] / "docs/spec/health.md").read_text(encoding="utf-8")
    assert [kind.name for kind in RULES if f"`{kind.name}`" not in spec] == []
