"""What discovery tells of a cluster's API, and what a watch brings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Literal

from fairway.domain.charts.rendering import Capabilities
from fairway.domain.manifests.objects import Kind, Object, group_of


@dataclass(frozen=True, slots=True)
class ApiResource:
    """What discovery says of a kind in one API version."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: frozenset[str]


@dataclass(frozen=True)
class ApiResources:
    """All kinds that the server knows; `by_kind` holds the preferred version, `by_ref` every served one."""

    kube_version: str
    resources: tuple[ApiResource, ...]
    by_ref: Mapping[tuple[str, str], ApiResource]
    """(apiVersion, kind) → resource."""
    by_kind: Mapping[Kind, ApiResource]

    def capabilities(self) -> Capabilities:
        """What charts see; the same object each time, since every release of a run asks."""
        return self._capabilities

    @cached_property
    def _capabilities(self) -> Capabilities:
        versions = {r.api_version for r in self.resources}
        versions |= {f"{r.api_version}/{r.kind}" for r in self.resources}
        return Capabilities(self.kube_version, tuple(sorted(versions)))


def indexed(kube_version: str, resources: Iterable[ApiResource]) -> ApiResources:
    """Resources in the server's order of preference: the first version of a kind is the preferred one."""
    by_ref: dict[tuple[str, str], ApiResource] = {}
    by_kind: dict[Kind, ApiResource] = {}
    for resource in resources:
        by_ref.setdefault((resource.api_version, resource.kind), resource)
        by_kind.setdefault(Kind(group_of(resource.api_version), resource.kind), resource)
    return ApiResources(kube_version, tuple(by_ref.values()), by_ref, by_kind)


class EventType(StrEnum):
    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class WatchEvent:
    type: EventType
    object: Object


Propagation = Literal["Background", "Foreground", "Orphan"]
