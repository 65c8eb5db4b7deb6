"""A plan as a comment on a pull request: a table that is always whole, and folded details as far as they fit.

The hidden first line lets a later run find its own comment and replace it. The rule not to break: text is cut between
releases, never inside a fence, and what was left out is named.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from fairway.domain.releases.plan import EnvironmentPlan, FieldChange, ObjectAction, ObjectChange, ReleasePlan
from fairway.domain.releases.state import Action
from fairway.entrypoints.cli.render import plan_words as words
from fairway.entrypoints.cli.render.plan_values import show
from fairway.entrypoints.cli.render.style import count, named
from fairway.services.branches.restarting import RESTARTS
from fairway.services.forges.commenting import marker

MARKER = marker("")
LIMIT = 60_000
"""Characters; GitHub refuses comments over 65,536."""

_SIGNS = {
    ObjectAction.CREATE: "+",
    ObjectAction.UPDATE: "!",
    ObjectAction.REPLACE: "!",
    ObjectAction.DELETE: "-",
    ObjectAction.KEEP: " ",
}
_FENCE = re.compile(r"`{3,}")
_ROOM_FOR_CLOSING = 400


def plan_markdown(
    plans: Sequence[EnvironmentPlan],
    *,
    limit: int = LIMIT,
    first_line: str = MARKER,
    about: Sequence[str] = (),
    html: bool = True,
) -> str:
    """The comment, at most `limit` characters long (as long as its table fits).

    `about` are lines of plain words below the title. Without `html` nothing is folded: for forges that show HTML as it
    is written.
    """
    head = [first_line, f"### Fairway plan: {', '.join(words.totals(plans))}", ""]
    head += [line for text in _some(about, limit // 8) for line in (text, "")]
    head += [*_table(plans, limit), ""]
    text = "\n".join(head) + "".join(f"\n{line}\n" for line in _some(_restarts(plans), limit // 8))
    left_out: list[str] = []
    text += "".join(
        f"\n⛔ {_escaped(plan.environment)}: {_escaped(words.refusal(plan))}\n" for plan in plans if plan.refusal
    )
    for plan in plans:
        sections = [(r, _section(r, html)) for r in plan.releases if not words.is_quiet(r)]
        opening, closing = _fold(_summary(plan), "####", html)
        inside = ""
        for release, section in sections:
            if len(text) + len(opening) + len(inside) + len(section) + len(closing) + _ROOM_FOR_CLOSING > limit:
                left_out.append(f"{plan.environment}/{release.release}")
            else:
                inside += section
        if inside:
            text += f"\n{opening}{inside}{closing}"
    if left_out:
        text += f"\nDetails of {count(len(left_out), 'release')} did not fit: {_escaped(named(left_out, 8))}. "
        text += "`fairway plan` shows them.\n"
    return text


def _fold(summary: str, heading: str, html: bool) -> tuple[str, str]:
    """What stands before and after something folded; `summary` is HTML."""
    if html:
        return f"<details><summary>{summary}</summary>\n\n", "\n</details>\n"
    return f"{heading} {re.sub('</?b>', '', summary)}\n\n", ""


def _restarts(plans: Sequence[EnvironmentPlan]) -> list[str]:
    """`Restarts in prod: Deployment web (3 pods), DaemonSet agent`: what people look for first."""
    lines = []
    for plan in plans:
        told = [
            f"{change.ref} ({count(change.restarts, 'pod')})" if change.restarts else str(change.ref)
            for release in plan.releases
            for change in release.objects
            if change.restarts or RESTARTS in change.reason
        ]
        if told:
            lines.append(f"Restarts in {plan.environment}: {named(told, 12)}")
    return lines


def _some(lines: Sequence[str], room: int) -> Iterator[str]:
    """As many lines as there is room for (characters), escaped, and how many there are beyond."""
    for n, line in enumerate(lines):
        room -= len(line)
        if room < 0:
            yield f"… and {count(len(lines) - n, 'more line')}"
            return
        yield _escaped(line)


def _table(plans: Sequence[EnvironmentPlan], limit: int) -> Iterator[str]:
    rows = [_row(plan, release) for plan in plans for release in plan.releases if not words.is_quiet(release)]
    if not rows:
        return
    yield "| environment | release | action | objects |"
    yield "| --- | --- | --- | --- |"
    room = limit // 2
    for n, row in enumerate(rows):
        room -= len(row) + 1
        if room < 0:
            yield f"| … | {len(rows) - n} more | | |"
            return
        yield row


def _row(plan: EnvironmentPlan, release: ReleasePlan) -> str:
    said = words.title(release) if release.action is not Action.REFUSE else f"⛔ refused: {release.reason}"
    mark = "🗑️ " if release.action is Action.UNINSTALL else ""
    objects = ", ".join(_counts(release))
    return f"| {_escaped(plan.environment)} | {_escaped(release.release)} | {mark}{_escaped(said)} | {objects} |"


def _counts(release: ReleasePlan) -> Iterator[str]:
    for action, word in (
        (ObjectAction.CREATE, "new"),
        (ObjectAction.UPDATE, "changed"),
        (ObjectAction.REPLACE, "replaced"),
        (ObjectAction.DELETE, "**deleted**"),
    ):
        if number := sum(o.action is action for o in release.objects):
            yield f"{number} {word}"
    if restarts := sum(o.restarts for o in release.objects):
        yield f"{count(restarts, 'pod')} restarted"


def _summary(plan: EnvironmentPlan) -> str:
    return f"<b>{_html(plan.environment)}</b>{_html(words.environment_facts(plan))}"


def _section(release: ReleasePlan, html: bool) -> str:
    body = [line for change in release.objects for line in _object(change)]
    after = [f"- {_escaped(reason)}" for reason in words.reasons(release)]
    if release.hooks:
        after.append(f"- hooks: {_escaped(words.hooks_line(release))}")
    if because := words.because(release):
        after.append(f"- because of: {_escaped(because)}")
    after += [f"- ⚠️ {_escaped(text)}" for text in words.warnings(release)]
    if not body and not after:
        return ""
    opening, closing = _fold(f"{_html(release.release)}: {_html(words.title(release))}", "#####", html)
    lines = [*opening.rstrip("\n").split("\n"), ""]
    if body:
        fence = _fence(body)
        lines += [f"{fence}diff", *body, fence, ""]
    if after:
        lines += [*after, ""]
    return "\n".join([*lines, *([closing.strip()] if closing else []), ""])


def _object(change: ObjectChange) -> Iterator[str]:
    if change.action is ObjectAction.UNCHANGED:
        return
    remark = words.remark(change)
    yield f"{_SIGNS[change.action]} {change.ref}" + (f"   {remark}" if remark else "")
    for field in words.shown_fields(change):
        yield from _field(field)
    if restarts := words.restarts(change):
        yield f"      {restarts}"


def _field(field: FieldChange) -> Iterator[str]:
    shown = show(field)
    origin = f"   ← {words.place(field.origin)}" if field.origin else ""
    if shown.block:
        yield f"      {field.path}{origin}"
        yield from (line if line[:1] in "@…" else f"{line[:1]}         {line[1:]}" for line in shown.block)
        return
    if shown.sign == " ":
        yield f"-     {field.path}: {shown.old}"
        yield f"+     {field.path}: {shown.new}{origin}"
    else:
        yield f"{shown.sign}     {field.path}: {shown.inline}{origin}"


def _fence(body: Sequence[str]) -> str:
    longest = max((len(run) for line in body for run in _FENCE.findall(line)), default=2)
    return "`" * max(3, longest + 1)


def _html(text: str) -> str:
    """Plain words in an HTML block, where Markdown is not read; an `@` names nobody."""
    return html.escape(text, quote=False).replace("@", "@\u200b").replace("\n", " ")


def _escaped(text: str) -> str:
    """Plain words in Markdown, table cells included."""
    return re.sub(r"([\\`*_\[\]|~])", r"\\\1", _html(text))
