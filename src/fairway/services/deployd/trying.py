"""Everything is tried as the team, by server-side dry runs, before the first object is applied.

What an earlier resource of the same request has to bring first (its namespace, its CRD) can't be tried; it is told
apart. Jobs are replaced, so a field of theirs that can't be changed in place does not count. The rule not to break:
nothing here changes the cluster.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from secrets import token_hex

from fairway.domain.dispatch.resources import comes_first, delivery_of, name_of, refuse_duplicates, refuse_foreign
from fairway.domain.errors import FairwayError, Transient, UserError
from fairway.domain.kube_errors import ApiRefusal, Forbidden, InvalidObject
from fairway.domain.manifests.managed_fields import without_paths, yields
from fairway.domain.manifests.objects import Object, ObjectRef, group_of
from fairway.domain.manifests.takeover import needs_takeover
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
    """`error` is why the object can't be applied; `waits_for`, why that could not be found out.

    The object of `item` is what to apply: without the replicas that an autoscaler sets.
    """

    item: Item
    error: FairwayError | None = None
    waits_for: str = ""
    takes_over: bool = False
    """Fields of it are still owned by a tool that wrote it as a whole."""


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
    takes_over = False
    try:
        if item.ref.key.kind == JOB:
            await _try_job(own, team, item, delivery_id)
        else:
            item = await _left_to_autoscalers(own, item)
            dry = await _dry_run(team, item)
            refuse_foreign(dry, item.ref)
            takes_over = needs_takeover(dry, MANAGER)
    except Transient:
        raise
    except ApiRefusal as error:
        first = comes_first(item.ref, item.earlier) if error.status == 404 else ""
        return Tried(item, waits_for=first) if first else Tried(item, _with_way_out(error, item))
    except FairwayError as error:
        return Tried(item, error)
    return Tried(item, takes_over=takes_over)


async def _left_to_autoscalers(own: Kube, item: Item) -> Item:
    """Without the replicas when an autoscaler has set them, or each deployment would scale the workload back."""
    spec = item.object.get("spec")
    if not isinstance(spec, dict) or spec.get("replicas") is None:
        return item
    try:
        live = await own.get(item.ref)
    except Forbidden:
        return item
    paths = yields(live, MANAGER) if live is not None else ()
    return replace(item, object=without_paths(item.object, paths)) if paths else item


async def _try_job(own: Kube, team: Kube, item: Item, delivery_id: str) -> None:
    live = await own.get(item.ref)
    if live is None:
        await _dry_run(team, item)
        return
    if delivery_of(live) == delivery_id:
        return
    # First whether the team may: who may not is not told whose it is.
    await team.delete(item.ref, uid=live["metadata"]["uid"], dry_run=True)
    refuse_foreign(live, item.ref)
    try:
        await _dry_run(team, item)
    except InvalidObject as error:
        if not immutable_fields(error):
            await _try_anew(team, item, error)


async def _try_anew(team: Kube, item: Item, beside: InvalidObject) -> None:
    """What is wrong with a Job itself, and not with it in the place of the one that is there.

    It is tried under a name that nobody has: beside the old one it also lacks labels that Kubernetes gave that one.
    """
    name = f"{item.ref.name[:50].rstrip('-.')}-{token_hex(4)}"
    other = {**item.object, "metadata": {**item.object["metadata"], "name": name}}
    try:
        await _dry_run(team, replace(item, object=other, ref=replace(item.ref, name=name)))
    except InvalidObject as error:
        message = error.message.replace(name, item.ref.name)
        raise InvalidObject(message, status=error.status, reason=error.reason, causes=error.causes) from error
    except Forbidden:
        raise beside from None


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
