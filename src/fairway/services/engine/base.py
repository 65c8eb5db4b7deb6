"""What may be in the cluster of a release before a change: the stored contents that a new one is compared with."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from fairway.domain.releases.revision import Revision, Status
from fairway.services.engine.content import Content, content_of
from fairway.services.engine.session import Session
from fairway.services.engine.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Base:
    """What may be in the cluster of a release: the deployed content first, then the unfinished ones since."""

    deployed: Revision | None
    contents: tuple[Content, ...]
    unfinished: tuple[Revision, ...] = ()

    @property
    def first_deployed(self) -> object:
        known = [r.first_deployed for r in (self.deployed, *self.unfinished) if r and r.first_deployed]
        return min(known) if known else None


async def read_base(session: Session, snapshot: Snapshot, name: str) -> Base:
    """Read the deployed revision (else the newest superseded one) and every failed or pending one after it."""
    history = snapshot.history(name)
    if history and history[-1].status is Status.UNINSTALLED:
        return Base(None, ())
    anchor = next(
        (s for wanted in (Status.DEPLOYED, Status.SUPERSEDED) for s in reversed(history) if s.status is wanted), None
    )
    since = [s for s in history if s.version > (anchor.version if anchor else 0) and s.status is not Status.UNINSTALLED]
    asked = ([anchor] if anchor else []) + since[::-1]
    read = await asyncio.gather(*(session.store.read(s.namespace, s.name, s.version) for s in asked))
    revisions = [r for r in read if r is not None]
    contents = [await content_of(r, session.renderer, snapshot.resources) for r in revisions]
    deployed = revisions[0] if anchor and revisions and revisions[0].version == anchor.version else None
    return Base(deployed, tuple(contents), tuple(r for r in revisions if r is not deployed))


async def read_predecessors(session: Session, snapshot: Snapshot, name: str, base: Base) -> tuple[Revision, ...]:
    """Every stored revision that is called deployed: a writer that died between two writes leaves more than one."""
    known = {base.deployed.version: base.deployed} if base.deployed else {}
    called = [s for s in snapshot.history(name) if s.status is Status.DEPLOYED]
    missing = [s for s in called if s.version not in known]
    read = await asyncio.gather(*(session.store.read(s.namespace, s.name, s.version) for s in missing))
    known.update({r.version: r for r in read if r is not None})
    return tuple(known[s.version] for s in called if s.version in known)
