"""One table from kind to rule. What is not in it is judged by its conditions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fairway.domain.health import applications, others, workloads
from fairway.domain.health.rules import HealthRule, by_conditions, by_rule
from fairway.domain.health.states import Health, HealthState, healthy, progressing
from fairway.domain.manifests.objects import Kind, Object, group_of

RULES: dict[Kind, Callable[[Object], Health]] = {
    Kind("", "ConfigMap"): others.present,
    Kind("", "Namespace"): others.namespace,
    Kind("", "PersistentVolumeClaim"): others.claim,
    Kind("", "Pod"): workloads.pod,
    Kind("", "ReplicationController"): workloads.replica_set,
    Kind("", "Secret"): others.present,
    Kind("", "Service"): others.service,
    Kind("", "ServiceAccount"): others.present,
    Kind("apiextensions.k8s.io", "CustomResourceDefinition"): others.definition,
    Kind("apiregistration.k8s.io", "APIService"): others.api_service,
    Kind("apps", "DaemonSet"): workloads.daemon_set,
    Kind("apps", "Deployment"): workloads.deployment,
    Kind("apps", "ReplicaSet"): workloads.replica_set,
    Kind("apps", "StatefulSet"): workloads.stateful_set,
    Kind("autoscaling", "HorizontalPodAutoscaler"): others.present,
    Kind("batch", "CronJob"): others.present,
    Kind("batch", "Job"): workloads.job,
    Kind("nais.io", "Application"): applications.application,
    Kind("nais.io", "Naisjob"): applications.application,
    Kind("networking.k8s.io", "Ingress"): others.present,
    Kind("policy", "PodDisruptionBudget"): others.disruption_budget,
}


def assess(obj: Object | None, rules: Sequence[HealthRule] = ()) -> Health:
    """How an object is doing, by its own status; unknown when there is none.

    A rule of the release goes before the built-in one.
    """
    if obj is None:
        return Health(HealthState.UNKNOWN, "NotFound", "does not exist")
    if (obj.get("metadata") or {}).get("deletionTimestamp"):
        return progressing("Terminating", "is being deleted")
    if (ruled := by_rule(obj, rules)) is not None:
        return ruled
    rule = RULES.get(Kind(group_of(str(obj.get("apiVersion", ""))), str(obj.get("kind", ""))), by_conditions)
    return rule(obj)


def needs_look(kind: Kind, rules: Sequence[HealthRule] = ()) -> bool:
    """Whether an object of a kind can be anything else than healthy once it exists."""
    return RULES.get(kind) is not others.present or any(rule.names(kind) for rule in rules)


def completion(obj: Object) -> Health:
    """For hooks: a Job or a Pod is done when it has run to its end; anything else when it exists.

    Source: Helm's `watchUntilReady`.
    """
    kind = Kind(group_of(str(obj.get("apiVersion", ""))), str(obj.get("kind", "")))
    if kind == Kind("batch", "Job"):
        found = workloads.job(obj)
        return progressing("Suspended", "suspended, does not run") if found.reason == "Suspended" else found
    if kind == Kind("", "Pod"):
        found = workloads.pod(obj)
        ended = found.reason == "Succeeded" or found.state is HealthState.FAILED
        return found if ended else progressing("Running", "runs")
    return healthy("Exists", "exists")
