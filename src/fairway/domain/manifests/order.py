"""The order in which Helm installs and removes kinds.

Source: Helm v4, pkg/release/v1/util/kind_sorter.go. Unknown kinds come last, by name; equal kinds keep their order.
The removal order is not the exact reverse: validating webhooks leave before mutating ones, and Services before pods.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")

INSTALL_ORDER: tuple[str, ...] = (
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
)

UNINSTALL_ORDER: tuple[str, ...] = (
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "APIService",
    "Ingress",
    "IngressClass",
    "Service",
    "CronJob",
    "Job",
    "StatefulSet",
    "HorizontalPodAutoscaler",
    "Deployment",
    "ReplicaSet",
    "ReplicationController",
    "Pod",
    "DaemonSet",
    "RoleBindingList",
    "RoleBinding",
    "RoleList",
    "Role",
    "ClusterRoleBindingList",
    "ClusterRoleBinding",
    "ClusterRoleList",
    "ClusterRole",
    "CustomResourceDefinition",
    "PersistentVolumeClaim",
    "PersistentVolume",
    "StorageClass",
    "ConfigMap",
    "SecretList",
    "Secret",
    "ServiceAccount",
    "PodDisruptionBudget",
    "PodSecurityPolicy",
    "LimitRange",
    "ResourceQuota",
    "NetworkPolicy",
    "Namespace",
    "PriorityClass",
)

_INSTALL_RANK = {kind: rank for rank, kind in enumerate(INSTALL_ORDER)}
_UNINSTALL_RANK = {kind: rank for rank, kind in enumerate(UNINSTALL_ORDER)}


def install_key(kind: str) -> tuple[int, str]:
    """Sort key of a kind for installing; objects with equal keys may be applied at the same time."""
    return _key(_INSTALL_RANK, kind)


def uninstall_key(kind: str) -> tuple[int, str]:
    """Sort key of a kind for removing."""
    return _key(_UNINSTALL_RANK, kind)


def in_install_order(items: Iterable[T], kind_of: Callable[[T], str]) -> list[T]:
    """Stable: items of one kind keep their order."""
    return sorted(items, key=lambda item: install_key(kind_of(item)))


def in_uninstall_order(items: Iterable[T], kind_of: Callable[[T], str]) -> list[T]:
    """Stable: items of one kind keep their order."""
    return sorted(items, key=lambda item: uninstall_key(kind_of(item)))


def _key(ranks: Mapping[str, int], kind: str) -> tuple[int, str]:
    rank = ranks.get(kind)
    return (len(ranks), kind) if rank is None else (rank, "")
