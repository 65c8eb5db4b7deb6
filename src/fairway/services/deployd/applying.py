"""Applying one object as the team: server-side, by our own field manager; Jobs are deleted and made anew.

The rule not to break: a Job that carries this delivery is never touched again, whether it runs, ran or failed: after a
crash the same request comes again, and must not run it twice.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

from fairway.domain.dispatch.resources import delivery_of, refuse_foreign
from fairway.domain.kube_errors import ApiRefusal, Forbidden, UnknownKind
from fairway.domain.manifests.objects import Object, ObjectRef
from fairway.services.deployd.trying import MANAGER, Item, placed
from fairway.services.engine.applying import (
    GONE_TIMEOUT,
    JOB,
    NEW_KIND_PAUSE,
    NEW_KIND_RETRIES,
    take_over,
    unknown_kind,
)
from fairway.services.engine.content import locate
from fairway.services.engine.ports import Kube
from fairway.services.engine.session import Waiter


async def apply_item(
    own: Kube, team: Kube, waiter: Waiter, item: Item, delivery_id: str, *, tried: bool, takes_over: bool = False
) -> tuple[ObjectRef, Object]:
    """The object as stored, and its reference, which may have become known only now.

    `tried`: a dry run went before; else it is looked at here whether the object belongs to a release. `takes_over`:
    the fields of tools that wrote it as a whole become ours first, as far as the team may read it.
    """
    if takes_over:
        with suppress(Forbidden):
            await take_over(team, item.ref, MANAGER)
    if item.ref.key.kind == JOB and (done := await _make_room(own, team, waiter, item, delivery_id)) is not None:
        return item.ref, done
    for _ in range(NEW_KIND_RETRIES):
        try:
            if not tried:
                dry = await team.apply(placed(item), item.ref, dry_run=True, manager=MANAGER)
                refuse_foreign(dry, item.ref)
            return item.ref, await team.apply(placed(item), item.ref, manager=MANAGER)
        except ApiRefusal as error:
            if not isinstance(error, UnknownKind) or tried:
                raise
            # The CRD of this very request is not served yet.
            await asyncio.sleep(NEW_KIND_PAUSE)
            resources = await own.discover(fresh=True)
            item = replace(item, ref=locate(item.object, resources, item.ref.namespace))
    raise unknown_kind(item.ref)


async def _make_room(own: Kube, team: Kube, waiter: Waiter, item: Item, delivery_id: str) -> Object | None:
    """The Job of this delivery when it is there; whatever else has its name is gone when this returns None."""
    live = await own.get(item.ref)
    if live is None:
        return None
    if not live["metadata"].get("deletionTimestamp"):
        if delivery_of(live) == delivery_id:
            return live
        refuse_foreign(live, item.ref)
        await team.delete(item.ref, uid=live["metadata"]["uid"])
    await waiter.until_gone([item.ref], timeout=GONE_TIMEOUT)
    return None
