"""Everything is tried as the team, by server-side dry runs, before the first object is applied.

What an earlier resource of the same request has to bring first (its namespace, its CRD) can't be tried; it is told
apart. Jobs are replaced, so a field of theirs that can't be changed in place does not count. The rule not to break:
nothing here changes the cluster.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from fairway.domain.dispatch.resources import comes_first, delivery_of, name_of, refuse_duplicates, refuse_foreign
from fairway.domain.errors import FairwayError, Transient, UserError
from fairway.domain.kube_errors import ApiRefusal, InvalidObject
from fairway.domain.manifests.objects import Object, ObjectRef, group_of
from fairway.services.engine.applying import JOB, immutable_fields
from fairway.services.engine.content import locate
from fairway.services.engine.ports import Kube

AT_ONCE = 8
MANAGER = "fairway-deployd"


@dataclass(frozen=True, slots=True)
class Item:
    """One object of a request, and where it goes. `earlier` are those given before it."""

    object: Object
    ref: ObjectRef
    earlier: tuple[Object, ...] = ()


@dataclass(frozen=True, slots=True)
class Tried:
    """`error` is why the object can't be applied; `waits_for`, why that could not be found out."""

    item: Item
    error: FairwayError | None = None
    waits_for: str = ""


async def items_of(objects: Sequence[Object], own: Kube, namespace: str) -> tuple[Item, ...]:
    """Where each object goes; discovery is asked again for kinds that are new. Raises UserError for duplicates."""
    resources = await own.discover()
    if any((one["apiVersion"], one["kind"]) not in resources.by_ref for one in objects):
        resources = await own.discover(fresh=True)
    refs = [locate(one, resources, namespace) for one in objects]
    refuse_duplicates(refs)
    return tuple(Item(one, ref, tuple(objects[:n])) for n, (one, ref) in enumerate(zip(objects, refs, strict=True)))


def placed(item: Item) -> Object:
    """The object with the namespace that it goes to."""
    if not item.ref.namespace:
        return item.object
    return {**item.object, "metadata": {**item.object["metadata"], "namespace": item.ref.namespace}}


async def try_all(own: Kube, team: Kube, items: Sequence[Item], delivery_id: str) -> list[Tried]:
    """In the order given. Raises Transient when the API server is away."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(item: Item) -> Tried:
        async with room:
            return await _try(own, team, item, delivery_id)

    return list(await asyncio.gather(*(one(item) for item in items)))


async def _try(own: Kube, team: Kube, item: Item, delivery_id: str) -> Tried:
    try:
        if item.ref.key.kind == JOB:
            await _try_job(own, team, item, delivery_id)
        else:
            refuse_foreign(await _dry_run(team, item), item.ref)
    except Transient:
        raise
    except ApiRefusal as error:
        first = comes_first(item.ref, item.earlier) if error.status == 404 else ""
        return Tried(item, waits_for=first) if first else Tried(item, _with_way_out(error, item))
    except FairwayError as error:
        return Tried(item, error)
    return Tried(item)


async def _try_job(own: Kube, team: Kube, item: Item, delivery_id: str) -> None:
    live = await own.get(item.ref)
    if live is None:
        await _dry_run(team, item)
        return
    if delivery_of(live) == delivery_id:
        return
    refuse_foreign(live, item.ref)
    await team.delete(item.ref, uid=live["metadata"]["uid"], dry_run=True)
    try:
        await _dry_run(team, item)
    except InvalidObject as error:
        if not immutable_fields(error):
            raise


async def _dry_run(team: Kube, item: Item) -> Object:
    return await team.apply(placed(item), item.ref, dry_run=True, manager=MANAGER)


def _with_way_out(error: ApiRefusal, item: Item) -> FairwayError:
    """A kind that the cluster has in another version only, and the like, is what the team can set right."""
    if error.status == 404 and not error.fix:
        group = group_of(item.ref.api_version) or "core"
        return UserError(error.message, fix=f"see which kinds of {group} this cluster has: kubectl api-resources")
    return error


def words_of(error: FairwayError, ref: ObjectRef) -> str:
    """Kubernetes' own sentence, without what our client says before it; with the object's name if it has none."""
    text = error.message
    for verb in ("apply", "delete", "read", "create"):
        text = text.removeprefix(f"{verb} {ref}: ")
    return text if ref.name in text else f"{name_of(ref)}: {text}"
