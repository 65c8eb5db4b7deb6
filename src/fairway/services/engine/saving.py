"""Saved plans: what `plan --out` keeps of a planned environment, and the check before it is applied exactly."""

from __future__ import annotations

from collections.abc import Sequence

from fairway.domain.charts.rendering import Capabilities
from fairway.domain.errors import FairwayError, Refused
from fairway.domain.releases.plan_file import SavedContent, SavedPlan, SavedRelease, moved
from fairway.domain.releases.state import Action
from fairway.domain.repository.models import Environment, Release
from fairway.services.engine.content import Content
from fairway.services.engine.opened import OpenEnvironment
from fairway.services.engine.plans import PlannedEnvironment, unwanted_releases


def saved_releases(planned: PlannedEnvironment) -> list[SavedRelease]:
    """Every release of a plan with the content that would be applied. Raises `Refused` when one can't be planned."""
    by_name = {p.name: p for p in planned.planned}
    plan = planned.plan
    releases: list[SavedRelease] = []
    for release in plan.releases:
        if release.action is Action.REFUSE:
            raise Refused(
                f"{release.release} can't be applied, so the plan is not saved: {release.reason}",
                fix="mend it, or leave it out with -r",
            )
        decided = by_name.get(release.release)
        change = decided.change if decided else None
        digest = decided.inputs.chart.digest if decided and decided.inputs and decided.inputs.chart else ""
        releases.append(
            SavedRelease(
                environment=plan.environment,
                release=release.release,
                cluster=plan.cluster,
                address=plan.address,
                namespace=plan.namespace,
                action=release.action,
                from_revision=release.from_revision,
                inputs_digest=release.inputs_digest,
                content_digest=release.content_digest,
                content=_saved(change.content, digest) if change else None,
            )
        )
    return releases


def _saved(content: Content, chart_digest: str) -> SavedContent:
    return SavedContent(
        manifest=content.manifest,
        hooks=content.hooks,
        crds=content.crds,
        notes=content.notes,
        config=content.config,
        chart=content.chart,
        chart_digest=chart_digest,
        labels=content.labels,
    )


async def check_saved(opened: OpenEnvironment, saved: Sequence[SavedRelease], *, whole: bool, source: str) -> None:
    """Raises `Refused`, before anything is touched, when the cluster or the inputs moved since the plan was made."""
    snapshot = await opened.look()
    environment = opened.environment
    reasons: list[str] = []
    for item in saved:
        if item.action is Action.UNINSTALL:
            continue
        release = environment.release(item.release)
        if release is None:
            reasons.append(f"{item.release}: it is not declared any more")
            continue
        latest = snapshot.latest(item.release)
        why = moved(
            item,
            address=opened.session.kube.address,
            revision=latest.version if latest else 0,
            inputs_digest=await _digest(opened, release, snapshot.capabilities),
        )
        reasons += [f"{item.release}: {reason}" for reason in why]
    if whole:
        planned = {s.release for s in saved if s.action is Action.UNINSTALL}
        if planned != set(unwanted_releases(environment, snapshot, source)):
            reasons.append("other releases would be uninstalled now than when the plan was made")
    if reasons:
        raise Refused(
            f"environment {environment.name}: the plan does not fit any more, nothing was applied: "
            + "; ".join(reasons),
            fix="plan again, look at it, and apply that: fairway plan --out",
        )


async def _digest(opened: OpenEnvironment, release: Release, capabilities: Capabilities) -> str:
    try:
        return (await opened.gather(release, capabilities)).digest
    except FairwayError:
        return ""


def covers(plan: SavedPlan, environment: Environment) -> bool:
    """Whether a saved plan is about all of an environment's releases."""
    names = {r.release for r in plan.releases if r.environment == environment.name}
    return {r.name for r in environment.releases} <= names
