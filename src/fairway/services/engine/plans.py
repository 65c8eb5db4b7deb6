"""The plan of a whole environment, for people and for saving: every release decided, nothing changed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from fairway.domain.errors import FairwayError, InvalidInput
from fairway.domain.manifests.origins import with_origins
from fairway.domain.releases import notes
from fairway.domain.releases.blast_radius import Deletion
from fairway.domain.releases.plan import EnvironmentPlan, ObjectAction, ObjectChange, ReleasePlan
from fairway.domain.releases.revision import Status
from fairway.domain.releases.state import ACTIONS, Action, Observation, ReleaseState, classify
from fairway.domain.repository.models import Environment, Release
from fairway.domain.suspensions.suspension import Suspension, in_words
from fairway.services.engine.base import read_base
from fairway.services.engine.needing import check_versions
from fairway.services.engine.opened import OpenEnvironment
from fairway.services.engine.planning import Planned, PlanOptions, plan_release
from fairway.services.engine.previewing import Previewing
from fairway.services.engine.snapshot import Snapshot

PLANS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class PlannedEnvironment:
    """The plan as people see it, and each release as it would be carried out."""

    plan: EnvironmentPlan
    planned: tuple[Planned, ...]


async def plan_environment(
    opened: OpenEnvironment,
    options: PlanOptions,
    *,
    only: Iterable[str] = (),
    commit: str = "",
    subject: str = "",
    dirty: bool = False,
) -> PlannedEnvironment:
    """Decide every release. Mistakes in the files raise `InvalidInput`; other failures are in the release's plan."""
    chosen = set(only)
    environment = opened.environment
    snapshot = await opened.look(even_suspended=options.even_suspended)
    unwanted = [] if chosen else unwanted_releases(environment, snapshot, options.source)
    snapshot.leaving = frozenset(unwanted)
    previewing = Previewing(opened.session, opened.secrets)
    room = asyncio.Semaphore(PLANS_AT_ONCE)

    async def one(release: Release) -> tuple[ReleasePlan, Planned | None, FairwayError | None]:
        if found := snapshot.suspension(release.name):
            plan = left_alone(environment, release.name, snapshot, found)
            return replace(plan, needs=tuple(n.release for n in release.needs)), None, None
        async with room:
            try:
                inputs = await opened.gather(release, snapshot.capabilities)
                planned = await plan_release(opened.session, snapshot, inputs, options)
                plan = await previewing.preview(planned, environment.name)
                return await _with_lines(opened, release, plan), planned, None
            except FairwayError as error:
                error.hide(opened.secrets.mask)
                return _unplannable(environment, release, error), None, error

    releases = [r for r in environment.releases if not chosen or r.name in chosen]
    results = await asyncio.gather(*(one(release) for release in releases))
    mistakes = [error for _, _, error in results if isinstance(error, InvalidInput)]
    if mistakes:
        raise InvalidInput([d for mistake in mistakes for d in mistake.diagnostics])
    check_versions(p.inputs for _, p, _ in results if p is not None and p.inputs is not None)
    kept = [
        left_alone(environment, name, snapshot, why)
        for name, why in (kept_releases(environment, snapshot, options.source) if not chosen else {}).items()
    ]
    total = len(unwanted) + len(environment.releases)
    deletion = Deletion("releases", len(unwanted), total, environment.policy.prune_max_releases)
    removals = await asyncio.gather(*(_removal(opened, snapshot, name) for name in unwanted))
    plan = EnvironmentPlan(
        environment=environment.name,
        cluster=environment.cluster.name,
        namespace=environment.namespace,
        address=opened.session.kube.address,
        releases=(*(plan for plan, _, _ in results), *kept, *removals),
        commit=commit,
        subject=subject,
        dirty=dirty,
        protected=environment.protected,
        refusal=str(deletion) if deletion.exceeds else "",
    )
    return PlannedEnvironment(plan, tuple(p for _, p, _ in results if p is not None))


async def _with_lines(opened: OpenEnvironment, release: Release, plan: ReleasePlan) -> ReleasePlan:
    """The plan with the line of the repository behind each changed field, where it is known."""
    if not any(change.fields for change in plan.objects):
        return plan
    written = await opened.gather.written(release)
    return replace(plan, objects=tuple(replace(o, fields=with_origins(o.fields, written)) for o in plan.objects))


def unwanted_releases(environment: Environment, snapshot: Snapshot, source: str) -> list[str]:
    """Releases that this very repository deployed to this environment and that are no longer declared.

    What is suspended is not among them, but in `kept_releases`.
    """
    return [n for n in _undeclared(environment, snapshot, source) if snapshot.suspension(n) is None]


def kept_releases(environment: Environment, snapshot: Snapshot, source: str) -> dict[str, Suspension]:
    """Releases that would be uninstalled, were they not suspended."""
    undeclared = _undeclared(environment, snapshot, source)
    return {name: found for name in undeclared if (found := snapshot.suspension(name))}


def _undeclared(environment: Environment, snapshot: Snapshot, source: str) -> list[str]:
    if not environment.policy.prune:
        return []
    declared = {r.name for r in environment.releases}
    found: list[str] = []
    for name in snapshot.release_names:
        latest = snapshot.latest(name)
        if name in declared or latest is None or latest.status is Status.UNINSTALLED:
            continue
        mine = latest.notes_to_self.get(notes.ENVIRONMENT) == environment.name
        if mine and latest.notes_to_self.get(notes.SOURCE) == source:
            found.append(name)
    return found


def left_alone(environment: Environment, release: str, snapshot: Snapshot, why: Suspension) -> ReleasePlan:
    """The plan of a suspended release."""
    state = classify(Observation(declared_digest=None, suspended=True))
    latest = snapshot.latest(release)
    return ReleasePlan(
        environment=environment.name,
        release=release,
        namespace=environment.namespace,
        state=state,
        action=ACTIONS[state],
        from_revision=latest.version if latest else 0,
        reason=in_words(why),
    )


def _unplannable(environment: Environment, release: Release, error: FairwayError) -> ReleasePlan:
    return ReleasePlan(
        environment=environment.name,
        release=release.name,
        namespace=environment.namespace,
        state=ReleaseState.FOREIGN if error.exit_code == 3 else ReleaseState.FAILED,
        action=Action.REFUSE,
        reason=f"{error}" + (f" · {error.fix}" if error.fix else ""),
        needs=tuple(n.release for n in release.needs),
    )


async def _removal(opened: OpenEnvironment, snapshot: Snapshot, name: str) -> ReleasePlan:
    base = await read_base(opened.session, snapshot, name)
    refs: Sequence[ObjectChange] = [
        ObjectChange(d.ref, ObjectAction.DELETE)
        for content in base.contents[:1]
        for d in content.documents
        if d.ref.key not in snapshot.heirs[name]
    ]
    latest = snapshot.latest(name)
    return ReleasePlan(
        environment=opened.environment.name,
        release=name,
        namespace=opened.environment.namespace,
        state=ReleaseState.UNWANTED,
        action=Action.UNINSTALL,
        objects=tuple(refs),
        from_revision=latest.version if latest else 0,
        chart_before=base.deployed.chart_label if base.deployed else "",
        reason="no longer declared",
    )
