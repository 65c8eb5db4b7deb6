"""What is watched: releases as they were last deployed, and how to tell from metadata that one is not so any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from fairway.domain.manifests.objects import Kind, Object, ObjectKey, ObjectRef
from fairway.domain.releases.notes import InventoryItem, decode_inventory
from fairway.domain.releases.revision import RevisionSummary, Status
from fairway.domain.repository.models import DriftMode, Environment, Release
from fairway.services.engine.applying import is_drifted

ReleaseKey: TypeAlias = tuple[str, str]
"""Environment and release."""
Place: TypeAlias = tuple[Kind, str]
"""A kind in a namespace (empty: cluster-scoped): what one watch brings."""
Inventory: TypeAlias = Mapping[ObjectKey, InventoryItem]


@dataclass(frozen=True, slots=True)
class Watched:
    """A declared release whose newest revision is deployed, with the objects that it then consisted of."""

    environment: Environment
    release: Release
    inventory: Inventory

    @property
    def key(self) -> ReleaseKey:
        return self.environment.name, self.release.name

    def places(self) -> Iterator[tuple[Place, ObjectRef]]:
        for key, item in self.inventory.items():
            yield (key.kind, key.namespace), item.ref

    def is_drifted(self, item: InventoryItem, live: Object | None) -> bool:
        return is_drifted(self.release.policy, item, live)


class Standing(StrEnum):
    """What the newest stored revision of a release says about watching it."""

    DEPLOYED = "deployed"
    UNDER_WAY = "under way"
    """Somebody changes it just now."""
    OTHER = "other"
    """Failed or gone: an apply has more to do there than to put back an object."""


def standing(history: Iterable[RevisionSummary]) -> tuple[Standing, Inventory]:
    """Of one release's revisions, in any order. The inventory is empty unless it is deployed and has a readable one."""
    newest = max(history, key=lambda s: s.version, default=None)
    if newest is None:
        return Standing.OTHER, {}
    if newest.status.is_pending:
        return Standing.UNDER_WAY, {}
    if newest.status is not Status.DEPLOYED:
        return Standing.OTHER, {}
    return Standing.DEPLOYED, decode_inventory(newest.notes_to_self) or {}


def watched(environment: Environment, summaries: Iterable[RevisionSummary]) -> Iterator[Watched]:
    """Those of an environment that can be watched; `drift: ignore` is left out."""
    histories: dict[str, list[RevisionSummary]] = {}
    for summary in summaries:
        histories.setdefault(summary.name, []).append(summary)
    for release in environment.releases:
        if release.policy.drift is not DriftMode.IGNORE:
            _, inventory = standing(histories.get(release.name, ()))
            if inventory:
                yield Watched(environment, release, inventory)
