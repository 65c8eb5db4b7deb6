"""How deployments look to people: a line each, grouped by the run that brought them, and one of them in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from shlex import quote

from fairway.domain.deployments.record import Cause, Door, Story
from fairway.domain.deployments.status import FAILED, State
from fairway.entrypoints.cli.render.style import Line, Span, chart_words, clean, commit, count, seconds, shorten
from fairway.entrypoints.cli.times import ago

_SIGNS: dict[State, Span] = {
    State.QUEUED: ("·", "dim"),
    State.IN_PROGRESS: ("⠿", "cyan"),
    State.SUCCESS: ("✓", "green"),
    State.FAILURE: ("✗", "red"),
    State.ERROR: ("✗", "red"),
    State.INACTIVE: ("–", "dim"),
    State.ROLLED_BACK: ("✗", "yellow"),
}
ASKED_FROM_OUTSIDE = frozenset({Door.GITHUB, Door.API})
"""What came in here is tried again where it was asked for, not by a command of ours."""
SAID_ALREADY = ("Deployment failed: ", "Error in deployment request: ")
"""How reasons begin that are told to others too, who have no word before them."""
_OBJECT_SIGNS = {"create": ("+", "green"), "delete": ("-", "red"), "replace": ("±", "yellow")}
_PAST = {"create": "created", "update": "changed", "replace": "replaced", "delete": "deleted"}


def log_lines(stories: Sequence[Story], short: Mapping[str, str], now: datetime, width: int | None) -> list[Line]:
    """Each run opens with who and why; below it a line per deployment, in columns. `width` None cuts nothing."""
    cells = {story.id: _cells(story) for story in stories}
    widths = [max((len(row[i]) for row in cells.values()), default=0) for i in range(3)]
    lines: list[Line] = []
    for _, group in groupby(stories, key=lambda story: story.run.id):
        together = list(group)
        if lines:
            lines.append(())
        lines.append(_fit(run_line(together[0], now), width))
        lines += [_fit(_row(story, cells[story.id], widths, short[story.id]), width) for story in together]
    return lines


def run_line(story: Story, now: datetime) -> Line:
    """`2 h ago · anna · apply · 3f2c1ab "orders 1.4.2"`."""
    run = story.run
    parts = [run.cause.user or run.door.value, run.action if run.door.value == "cli" else f"{run.door} {run.action}"]
    if run.cause.commit:
        parts.append(_commit(run.cause))
    if run.cause.reason:
        parts.append(clean(run.cause.reason))
    return ((ago(run.at, now), "bold"), (" · " + " · ".join(parts), ""))


def story_lines(story: Story, siblings: int, now: datetime) -> list[Line]:
    """Everything that is known of one deployment; `siblings` is how many its run has, itself included.

    Times are shown in the time zone of `now`.
    """
    change, cause = story.deployment.change, story.run.cause
    lines: list[Line] = [
        (_SIGNS[story.state], (f" {change.release}", "bold"), (f" in {change.environment}: {_words(story)}", "")),
        ((f"  deployment {story.id}", "dim"),),
        (),
    ]
    who = (cause.user or "somebody") + (f" on {cause.host}" if cause.host else "")
    facts = {
        "asked by": f"{who}, {ago(story.run.at, now)} ({_clock(story.run.at, now)}), through {story.run.door}",
        "command": cause.command,
        "because": cause.reason,
        "commit": _commit(cause) + (f" on {cause.branch}" if cause.branch else "") if cause.commit else "",
        "repository": cause.repository,
        "delivery": cause.delivery_id,
        "target": ", ".join(
            part
            for part in (
                f"cluster {change.cluster}" if change.cluster else "",
                f"namespace {change.namespace}" if change.namespace else "",
            )
            if part
        ),
        "action": " ".join(part for part in (change.action.value, change.chart, _versions(story)) if part),
        "revision": _revisions(story),
        "inputs": change.inputs_digest,
        "answers": change.parent_id,
        **dict(sorted(change.labels.items())),
        "run": f"{story.run.id}, with {count(siblings - 1, 'more deployment')}" if siblings > 1 else "",
    }
    width = max(len(name) for name, value in facts.items() if value)
    lines += [((f"  {name:<{width}}  ", "dim"), (clean(value), "")) for name, value in facts.items() if value]
    return [*lines, (), *_status_lines(story, now), *_plan_lines(story), (), *_next_lines(story, siblings)]


def run_lines(stories: Sequence[Story], short: Mapping[str, str], now: datetime, width: int | None) -> list[Line]:
    """A whole run: as in the log, then how it ended and what to do."""
    failed = [story for story in stories if story.state in FAILED]
    open_ = [story for story in stories if not story.is_finished]
    summary = f"{len(failed)} of {count(len(stories), 'change')} failed" if failed else count(len(stories), "change")
    if open_:
        summary += f", {len(open_)} not finished"
    lines = [*log_lines(stories, short, now, width), (), ((summary, "bold"), (f" · run {stories[0].run.id}", "dim"))]
    ours = [story for story in failed if story.run.door not in ASKED_FROM_OUTSIDE]
    for environment, group in groupby(ours, key=lambda story: story.deployment.change.environment):
        names = ",".join(story.deployment.change.release for story in group)
        lines.append((("  try again  ", "dim"), (f"fairway apply {environment} -r {names}", "")))
    if failed:
        lines.append((("  the reason ", "dim"), (f"fairway show {short[failed[0].id]}", "")))
    return lines


def _row(story: Story, cells: tuple[str, str, str], widths: Sequence[int], short: str) -> Line:
    padded = [f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)]
    reason = _reason(story)
    return (
        ("  ", ""),
        _SIGNS[story.state],
        (f" {padded[0]}  {padded[1]}  {padded[2]}  ", ""),
        (short, "cyan"),
        (f"  {_outcome(story)}", "red" if story.state in FAILED else "dim"),
        (f": {reason}" if reason else "", ""),
    )


def _cells(story: Story) -> tuple[str, str, str]:
    change = story.deployment.change
    return f"{change.environment} {change.release}", change.action.value, _versions(story)


def _outcome(story: Story) -> str:
    took = f" in {seconds(story.duration.total_seconds())}" if story.duration is not None else ""
    revision = f"revision {story.revision_after}" if story.revision_after is not None else ""
    match story.state:
        case State.SUCCESS:
            return f"{revision or 'done'}{took}"
        case State.FAILURE | State.ERROR:
            return f"{'failed' if story.state is State.FAILURE else 'error'}{took.replace(' in ', ' after ')}"
        case State.ROLLED_BACK:
            return "rolled back" + (f" to {revision}" if revision else "")
        case State.INACTIVE:
            return "replaced by a newer one"
        case State.IN_PROGRESS:
            return "in progress"
        case State.QUEUED:
            return "queued"


def _words(story: Story) -> str:
    return f"{story.deployment.change.action}, {_outcome(story)}"


def _reason(story: Story) -> str:
    """The first line of why it failed."""
    if story.state not in FAILED or story.outcome is None:
        return ""
    first = clean(story.outcome.description).partition("\n")[0].strip()
    for prefix in SAID_ALREADY:
        first = first.removeprefix(prefix)
    return first


def _versions(story: Story) -> str:
    before, after = story.deployment.change.chart_version_before, story.deployment.change.chart_version
    if chart_words(after or before) != (after or before):
        return ""
    return f"{before} → {after}" if before and after and before != after else after or before


def _revisions(story: Story) -> str:
    before, after = story.deployment.change.revision_before, story.revision_after
    if before is None or after is None or before == after:
        return str(after if after is not None else before or "")
    return f"{before} → {after}"


def _commit(cause: Cause) -> str:
    return commit(cause.commit, cause.subject, dirty=cause.dirty).removeprefix("commit ")


def _clock(at: datetime, now: datetime) -> str:
    return at.astimezone(now.tzinfo).strftime("%Y-%m-%d %H:%M:%S %Z").strip()


def _status_lines(story: Story, now: datetime) -> list[Line]:
    lines: list[Line] = []
    for entry in story.statuses:
        time = entry.at.astimezone(now.tzinfo).strftime("%H:%M:%S.") + f"{entry.at.microsecond // 100000}"
        revision = f"revision {entry.revision}" if entry.revision is not None else ""
        lines.append(
            (
                (f"  {time}  ", "dim"),
                _SIGNS[entry.state],
                (f" {entry.state.value.replace('_', ' '):<12} {revision}", ""),
            )
        )
        lines += [((f"                {line}", ""),) for line in clean(entry.description).splitlines()]
    return lines


def _plan_lines(story: Story) -> list[Line]:
    plan = story.deployment.change.plan
    if not plan.objects:
        return []
    counts = ", ".join(f"{number} {_PAST.get(action, action)}" for action, number in plan.counts.items())
    lines: list[Line] = [(), (("  planned: ", "dim"), (f"{counts}", ""))]
    lines += [
        (("    ", ""), _OBJECT_SIGNS.get(action, ("~", "yellow")), (f" {name}", "")) for action, name in plan.objects
    ]
    if plan.omitted:
        lines.append(((f"    … and {sum(plan.omitted.values())} more", "dim"),))
    return lines


def _next_lines(story: Story, siblings: int) -> list[Line]:
    environment, release = story.deployment.change.environment, story.deployment.change.release
    commands = {"its deployments": f"fairway log {environment} {quote(release)}"}
    if siblings > 1:
        commands["the whole run"] = f"fairway show {story.run.id}"
    if story.state in FAILED and story.run.door not in ASKED_FROM_OUTSIDE:
        commands["try again"] = f"fairway apply {environment} -r {release}"
    elif story.state is State.SUCCESS and story.deployment.change.revision_before:
        commands["undo it"] = f"fairway rollback {environment} {release}"
    width = max(len(name) for name in commands)
    return [((f"  {name:<{width}}  ", "dim"), (command, "")) for name, command in commands.items()]


def _fit(line: Line, width: int | None) -> Line:
    """The line cut at the terminal's edge, so that columns stay columns."""
    if width is None or sum(len(text) for text, _ in line) <= width:
        return line
    fitted: list[Span] = []
    left = width
    for text, style in line:
        fitted.append((shorten(text, left), style))
        left -= len(text)
        if left <= 0:
            break
    return tuple(fitted)
