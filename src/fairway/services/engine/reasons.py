"""Why a release would be changed: its inputs now against those of the stored revision, value by value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from fairway.domain.errors import Position
from fairway.domain.releases import notes
from fairway.domain.releases.state import MEANING, ReleaseState
from fairway.domain.values.secrets import SecretRegister
from fairway.services.engine.opened import OpenEnvironment
from fairway.services.engine.planning import PlanOptions, plan_release


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One value that differs; `where` is the line that sets it now. Secrets are masked."""

    key: str
    old: Any
    new: Any
    where: Position | None = None


@dataclass(frozen=True, slots=True)
class Reasons:
    release: str
    state: ReleaseState
    verdict: str
    revision: int = 0
    updated: datetime | None = None
    deployment: str = ""
    values: tuple[ValueChange, ...] = field(default=())
    changed: tuple[str, ...] = ()
    """Inputs other than values that differ: chart, patches, a resource file, the cluster's version, …"""
    unchanged: tuple[str, ...] = ()
    drifted: tuple[str, ...] = ()


VERDICTS = {
    ReleaseState.CURRENT: "an apply would leave it alone: nothing changed",
    ReleaseState.ABSENT: "an apply would install it: there is nothing of it in the cluster",
    ReleaseState.OUTDATED: "applying now would change it because",
    ReleaseState.DRIFTED: "applying now would correct it because it was changed in the cluster",
    ReleaseState.FAILED: "applying now would try again: the newest revision failed",
    ReleaseState.PENDING: "applying now would recover it: the newest revision was never finished",
}


async def reasons_for(opened: OpenEnvironment, name: str, options: PlanOptions) -> Reasons:
    """Compare; nothing is changed."""
    release = opened.environment.release(name)
    assert release is not None
    snapshot = await opened.look()
    inputs = await opened.gather(release, snapshot.capabilities)
    planned = await plan_release(opened.session, snapshot, inputs, options)
    latest = planned.latest
    if latest is None:
        return Reasons(name, planned.state, VERDICTS[ReleaseState.ABSENT])
    stored = await opened.session.store.read(latest.namespace, latest.name, latest.version)
    before, now = notes.decode_parts(latest.notes_to_self), dict(inputs.parts)
    differing = [part for part in sorted(before.keys() | now.keys()) if before.get(part) != now.get(part)]
    values: tuple[ValueChange, ...] = ()
    if "values" in differing:
        lines = {".".join(one.names): one.position for one in await opened.gather.written(release)}
        differences = _differences(stored.config if stored else {}, inputs.values, opened.secrets)
        values = tuple(replace(one, where=lines.get(one.key)) for one in differences)
    verdict = VERDICTS.get(planned.state, MEANING[planned.state])
    if not before:
        verdict = "another tool wrote this revision, so its inputs are not known; applying now would compare objects"
        differing = []
    return Reasons(
        release=name,
        state=planned.state,
        verdict=verdict,
        revision=latest.version,
        updated=latest.modified or latest.created,
        deployment=latest.notes_to_self.get(notes.DEPLOYMENT, ""),
        values=values,
        changed=tuple(part for part in differing if part != "values"),
        unchanged=tuple(part for part in sorted(now) if part not in differing and part != "engine"),
        drifted=tuple(str(ref) for ref in planned.drifted),
    )


def _differences(old: Mapping[str, Any], new: Mapping[str, Any], secrets: SecretRegister) -> Iterator[ValueChange]:
    return _compare(old, new, secrets.mask_values(old), secrets.mask_values(new))


def _compare(
    old: Mapping[str, Any], new: Mapping[str, Any], shown_old: Any, shown_new: Any, prefix: str = ""
) -> Iterator[ValueChange]:
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        path = f"{prefix}{key}"
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _compare(before, after, shown_old[key], shown_new[key], f"{path}.")
        elif before != after:
            yield ValueChange(path, shown_old.get(key), shown_new.get(key))
