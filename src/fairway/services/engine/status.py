"""How an environment is doing: for each release what is stored, and whether what is there is healthy and as applied."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from fairway.domain.errors import Terminal
from fairway.domain.health import HealthRule, assess
from fairway.domain.manifests.objects import Object, ObjectKey, ObjectRef
from fairway.domain.releases import notes
from fairway.domain.releases.notes import InventoryItem, decode_inventory
from fairway.domain.releases.revision import RevisionSummary, Status
from fairway.domain.repository.models import Environment, Policy
from fairway.domain.suspensions.suspension import Suspension
from fairway.services.engine.applying import is_drifted
from fairway.services.engine.opened import OpenEnvironment
from fairway.services.engine.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class ObjectStatus:
    ref: ObjectRef
    health: str
    """healthy, progressing, failed, unknown or missing."""
    message: str = ""
    drifted: bool = False


@dataclass(frozen=True, slots=True)
class ReleaseStatus:
    """`health` is the worst of its objects; `stored` is Helm's word for the newest revision."""

    name: str
    declared: bool
    stored: str = ""
    revision: int = 0
    updated: datetime | None = None
    health: str = ""
    message: str = ""
    drifted: int = 0
    chart: str = ""
    deployment: str = ""
    by_fairway: bool = False
    suspended: Suspension | None = None
    """What keeps it still."""
    objects: tuple[ObjectStatus, ...] = field(default=())


Place = tuple[str, str, str]
"""API version, kind, namespace."""

WORST = ("missing", "failed", "progressing", "unknown", "healthy")


async def environment_status(opened: OpenEnvironment, *, only: Iterable[str] = ()) -> list[ReleaseStatus]:
    """All declared releases, then those of this environment that are stored and not declared. Asks in bulk."""
    snapshot = await opened.look()
    declared = [r.name for r in opened.environment.releases]
    others = [n for n in snapshot.release_names if n not in declared and _of(snapshot.latest(n), opened.environment)]
    wanted = [n for n in [*declared, *others] if not only or n in set(only)]
    seen = await _look(opened, snapshot, wanted)
    rows = [_status(opened.environment, snapshot, name, name in declared, seen) for name in wanted]
    return [replace(row, suspended=snapshot.suspension(row.name)) for row in rows]


def _of(latest: RevisionSummary | None, environment: Environment) -> bool:
    return latest is not None and latest.notes_to_self.get(notes.ENVIRONMENT) == environment.name


@dataclass(frozen=True, slots=True)
class Seen:
    """What the cluster showed; a kind that may not be listed hides nothing else."""

    live: dict[ObjectKey, Object] = field(default_factory=dict)
    refused: dict[Place, str] = field(default_factory=dict)
    """Why the objects of a kind could not be read."""
    charts: dict[str, str] = field(default_factory=dict)


async def _look(opened: OpenEnvironment, snapshot: Snapshot, names: Sequence[str]) -> Seen:
    """Whole objects of all kinds that the releases consist of: one list for each kind and namespace."""
    places: dict[Place, ObjectRef] = {}
    for name in names:
        for item in _inventory(snapshot, name).values():
            places.setdefault((item.ref.api_version, item.ref.kind, item.ref.namespace), item.ref)
    seen = Seen()

    async def read(ref: ObjectRef) -> None:
        resource = snapshot.resource_of(ref)
        if resource is None:
            return
        try:
            listed = await opened.session.kube.list_objects(resource, ref.namespace if resource.namespaced else None)
        except Terminal as error:
            seen.refused[ref.api_version, ref.kind, ref.namespace] = error.message
            return
        for obj in listed:
            obj_ref = ObjectRef(ref.api_version, ref.kind, ref.namespace, str(obj["metadata"]["name"]))
            seen.live[obj_ref.key] = {"apiVersion": ref.api_version, "kind": ref.kind, **obj}

    async def label(name: str) -> None:
        # Another tool's revision does not say in its notes which chart it is.
        latest = snapshot.latest(name)
        if latest is None or latest.status is Status.UNINSTALLED:
            return
        seen.charts[name] = latest.notes_to_self.get(notes.CHART, "")
        if not seen.charts[name]:
            revision = await opened.session.store.read(latest.namespace, name, latest.version)
            seen.charts[name] = revision.chart_label if revision is not None else ""

    await asyncio.gather(*(read(ref) for ref in places.values()), *(label(name) for name in names))
    return seen


def _inventory(snapshot: Snapshot, name: str) -> dict[ObjectKey, InventoryItem]:
    """What the release consists of; a revision that failed or is not finished has none, the one before has."""
    for summary in reversed(snapshot.history(name)):
        if summary.status is not Status.UNINSTALLED and (items := decode_inventory(summary.notes_to_self)):
            return items
    return {}


def _status(environment: Environment, snapshot: Snapshot, name: str, declared: bool, seen: Seen) -> ReleaseStatus:
    latest = snapshot.latest(name)
    if latest is None or latest.status is Status.UNINSTALLED:
        return ReleaseStatus(name, declared, stored="not installed")
    release = environment.release(name)
    policy = release.policy if release else Policy()
    rules = release.health if release else ()
    objects = [_object(policy, rules, item, seen) for item in _inventory(snapshot, name).values()]
    worst = min(objects, key=lambda o: WORST.index(o.health), default=None)
    return ReleaseStatus(
        name=name,
        declared=declared,
        stored=latest.status.value,
        revision=latest.version,
        updated=latest.modified or latest.created,
        health=worst.health if worst else "unknown",
        message=f"{worst.ref}: {worst.message}" if worst and worst.health != "healthy" and worst.message else "",
        drifted=sum(1 for o in objects if o.drifted),
        chart=seen.charts.get(name, ""),
        deployment=latest.notes_to_self.get(notes.DEPLOYMENT, ""),
        by_fairway=notes.INPUTS in latest.notes_to_self,
        objects=tuple(objects),
    )


def _object(policy: Policy, rules: Sequence[HealthRule], item: InventoryItem, seen: Seen) -> ObjectStatus:
    place = (item.ref.api_version, item.ref.kind, item.ref.namespace)
    if place in seen.refused:
        return ObjectStatus(item.ref, "unknown", seen.refused[place])
    live = seen.live.get(item.ref.key)
    if live is None and item.goes_by_itself:
        return ObjectStatus(item.ref, "healthy", "it ended, and is gone as it should be")
    if live is None:
        return ObjectStatus(item.ref, "missing", "it was deleted", drifted=True)
    health = assess(live, rules)
    drifted = is_drifted(policy, item, live)
    return ObjectStatus(item.ref, health.state.value, health.message, drifted)
