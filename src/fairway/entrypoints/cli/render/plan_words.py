"""The words of a plan, shared by its text and Markdown forms: what a release, an object or a hook comes to.

The rule not to break: the two forms say the same; only how it is laid out differs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from fairway.domain.errors import Position
from fairway.domain.releases.plan import (
    ABSENT,
    MASKED,
    EnvironmentPlan,
    FieldChange,
    ObjectAction,
    ObjectChange,
    ReleasePlan,
)
from fairway.domain.releases.revision import Hook
from fairway.domain.releases.state import Action, ReleaseState
from fairway.entrypoints.cli.render.style import clean, commit, count, named, version_step

TITLES = {
    Action.INSTALL: "install",
    Action.UPGRADE: "upgrade",
    Action.CORRECT: "correct drift",
    Action.RETRY: "try again",
    Action.RECOVER: "recover",
    Action.UNINSTALL: "uninstall",
    Action.REFUSE: "refused",
    Action.ROLLBACK: "roll back",
    Action.TEST: "test",
    Action.NOTHING: "nothing",
}
_EVENT_SUFFIX = {
    Action.INSTALL: "-install",
    Action.UPGRADE: "-upgrade",
    Action.RETRY: "-upgrade",
    Action.RECOVER: "-upgrade",
    Action.UNINSTALL: "-delete",
    Action.ROLLBACK: "-rollback",
    Action.TEST: "test",
}
_LEFT_ALONE = {
    ReleaseState.SUSPENDED: "suspended: left alone until it is resumed",
    ReleaseState.STALLED: "stalled: these inputs failed before; change them, or apply this release by name",
}


def is_quiet(release: ReleasePlan) -> bool:
    """True for a release of which nothing needs to be said but that it is unchanged."""
    return release.action is Action.NOTHING and release.state not in _LEFT_ALONE


def unchanged_names(plan: EnvironmentPlan) -> list[str]:
    return [release.release for release in plan.releases if is_quiet(release)]


def title(release: ReleasePlan) -> str:
    """`upgrade 1.9.0 → 1.9.1 · revision 4 → 5`."""
    if release.state in _LEFT_ALONE:
        return _LEFT_ALONE[release.state]
    words = TITLES[release.action]
    step = version_step(release.chart_before, release.chart_after)
    if step and release.action is not Action.CORRECT:
        words += f" {step}"
    if release.from_revision and release.action in (Action.CORRECT, Action.UNINSTALL):
        words += f" · revision {release.from_revision}"
    elif release.from_revision and release.action is not Action.REFUSE:
        words += f" · revision {release.from_revision} → {release.from_revision + 1}"
    return words


def reasons(release: ReleasePlan) -> list[str]:
    """The reason, one line for each object when several are refused."""
    return [clean(part) for part in release.reason.split("; ") if part]


def warnings(release: ReleasePlan) -> list[str]:
    """Warnings that are not already said at an object."""
    said = {change.reason for change in release.objects}
    return [clean(text) for text in release.warnings if text not in said]


def remark(change: ObjectChange) -> str:
    """What stands behind an object's name: counted masked keys, or why."""
    parts = []
    if change.masked_keys:
        verb = "key changes" if change.masked_keys == 1 else "keys change"
        names = named([_key(field) for field in change.fields if is_masked(field)], 6)
        parts.append(f"{change.masked_keys} {verb} (masked)" + (f": {names}" if names else ""))
    if change.reason:
        parts.append(clean(change.reason))
    elif change.action is ObjectAction.KEEP:
        parts.append("kept: helm.sh/resource-policy")
    elif change.action is ObjectAction.REPLACE:
        parts.append("deleted and created again")
    return "; ".join(parts)


def is_masked(field: FieldChange) -> bool:
    return field.old is MASKED or field.new is MASKED


def shown_fields(change: ObjectChange) -> list[FieldChange]:
    """The fields with values to show: neither masked ones nor those that are only named in the reason."""
    return [f for f in change.fields if not is_masked(f) and not (f.old is None and f.new is None)]


def because(release: ReleasePlan) -> str:
    """`values (releases/web.yaml:12), chart`: the inputs that differ from the last apply."""
    told = [f"{item.name} ({place(item.where)})" if item.where else item.name for item in release.inputs]
    return named(told, 6)


def hooks_line(release: ReleasePlan) -> str:
    """`Job web-migrate (pre-upgrade), Job web-smoke (post-upgrade)`."""
    return ", ".join(_hook(hook, _EVENT_SUFFIX.get(release.action, "")) for hook in release.hooks)


def place(position: Position | None) -> str:
    """`releases/web.yaml:12`: the column says nothing here."""
    return str(replace(position, column=0)) if position else ""


def restarts(change: ObjectChange) -> str:
    return f"pods restart: {change.restarts}" if change.restarts else ""


def environment_facts(plan: EnvironmentPlan) -> str:
    """` · cluster eu-1, namespace shop · commit 3f2c1ab "orders 1.4.2" · protected`, to follow the name."""
    facts = f" · cluster {plan.cluster}, namespace {plan.namespace}"
    if plan.commit:
        facts += f" · {commit(plan.commit, plan.subject, dirty=plan.dirty)}"
    return facts + (" · protected" if plan.protected else "")


def refusal(plan: EnvironmentPlan) -> str:
    """`an apply would refuse this: 6 of 8 releases would be deleted; the limit is 50%`, and the way out."""
    again = f"fairway apply {plan.environment} --allow-deletions"
    return f"an apply would refuse this: {plan.refusal}; if that is right: {again}"


def totals(plans: Sequence[EnvironmentPlan]) -> list[str]:
    """`2 releases, 5 objects change`, `1 object is deleted`, `1 release refused`, `5 unchanged`; never empty."""
    releases = [release for plan in plans for release in plan.releases]
    changing = [r for r in releases if r.action not in (Action.NOTHING, Action.REFUSE)]
    objects: Counter[ObjectAction] = Counter(o.action for r in changing for o in r.changes)
    refused = sum(r.action is Action.REFUSE for r in releases)
    alone = sum(r.state in _LEFT_ALONE for r in releases)
    quiet = sum(is_quiet(r) for r in releases)
    parts = []
    if changing:
        number = objects.total()
        verb = "changes" if number == 1 or (len(changing) == 1 and not number) else "change"
        told = f", {count(number, 'object')}" if number else ""
        parts.append(f"{count(len(changing), 'release')}{told} {verb}")
    if gone := objects[ObjectAction.DELETE]:
        parts.append(f"{count(gone, 'object')} deleted")
    if refused:
        parts.append(f"{refused} refused")
    if alone:
        parts.append(f"{alone} left alone")
    if quiet:
        parts.append(f"{quiet} unchanged")
    return parts or ["nothing to do"]


def _key(field: FieldChange) -> str:
    name = field.path.partition("[")[2].strip('"]') or field.path.rpartition(".")[2]
    if field.old is ABSENT:
        return f"{name} (new)"
    return f"{name} (removed)" if field.new is ABSENT else name


def _hook(hook: Hook, suffix: str) -> str:
    events = [event.value for event in hook.events if suffix and event.value.endswith(suffix)]
    return f"{hook.kind} {hook.name} ({', '.join(events or [event.value for event in hook.events])})"
