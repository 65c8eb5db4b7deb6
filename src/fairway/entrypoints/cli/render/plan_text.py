"""A plan for people: each release that would change, its objects, their fields with old and new values.

The rule not to break: everything that disappears is red and says so, and what can't be done says what to do about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fairway.domain.releases.plan import EnvironmentPlan, FieldChange, ObjectAction, ObjectChange, ReleasePlan
from fairway.domain.releases.state import Action, ReleaseState
from fairway.entrypoints.cli.render import plan_words as words
from fairway.entrypoints.cli.render.plan_values import Shown, fit, show
from fairway.entrypoints.cli.render.style import Line, fold, named, paint, plain

_SIGNS = {
    ObjectAction.CREATE: ("+", "green"),
    ObjectAction.UPDATE: ("~", "yellow"),
    ObjectAction.REPLACE: ("±", "bold red"),
    ObjectAction.DELETE: ("-", "bold red"),
    ObjectAction.KEEP: ("=", "dim"),
}
_TITLES = {Action.UNINSTALL: "bold red", Action.REFUSE: "bold red", Action.NOTHING: "yellow"}
_MARKS = {"+": "green", "-": "red", "@": "cyan", "…": "dim"}

_FIELD = 6
_BLOCK = 10
_WIDEST_PATH = 56


def plan_text(plans: Sequence[EnvironmentPlan], *, color: bool, width: int = 100, saved: str = "") -> str:
    """The whole plan as text without a final line break. `saved` is the file that it was saved to, if it was."""
    lines = [line for plan in plans for line in _environment(plan, width)]
    lines += [plain(line, "bold") for line in fold(words.totals(plans), width)]
    if saved:
        lines += map(plain, fold([f"saved {saved}", f"apply it exactly: fairway apply --plan {saved}"], width))
    return "\n".join(paint(line, color=color) for line in lines)


def _environment(plan: EnvironmentPlan, width: int) -> Iterator[Line]:
    yield ((plan.environment, "bold"), (words.environment_facts(plan), ""))
    yield ()
    for release in plan.releases:
        if not words.is_quiet(release):
            yield from _release(release, width)
            yield ()
    if quiet := words.unchanged_names(plan):
        yield plain(f"= {len(quiet)} unchanged: {named(quiet, 8)}", "dim")
        yield ()
    if plan.refusal:
        yield plain(words.refusal(plan), "bold red")
        yield ()


def _release(release: ReleasePlan, width: int) -> Iterator[Line]:
    yield ((release.release, "bold"), (" · ", "dim"), (words.title(release), _TITLES.get(release.action, "")))
    for reason in words.reasons(release):
        yield plain(f"  {reason}")
    if release.state is ReleaseState.FOREIGN and "adopt" not in release.reason:
        yield plain("  to take them over: policy: {adopt: true} in the release", "dim")
    shown = [change for change in release.objects if change.action is not ObjectAction.UNCHANGED]
    for change in shown:
        yield from _object(change, width)
    if release.hooks:
        yield plain(f"  hooks: {words.hooks_line(release)}")
    if because := words.because(release):
        yield plain(f"  because of: {because}", "dim")
    for warning in words.warnings(release):
        yield (("  warning: ", "yellow"), (warning, ""))


def _object(change: ObjectChange, width: int) -> Iterator[Line]:
    sign, style = _SIGNS[change.action]
    named_style = style if change.action in (ObjectAction.DELETE, ObjectAction.REPLACE, ObjectAction.KEEP) else ""
    remark = words.remark(change)
    yield ((f"  {sign} ", style), (str(change.ref), named_style), (f"   {remark}" if remark else "", "dim"))
    fields = words.shown_fields(change)
    paths, values = _columns(fields, width)
    for field in fields:
        yield from _field(field, paths, values, width)
    if restarts := words.restarts(change):
        yield plain(f"{'':{_FIELD}}{restarts}", "yellow")


def _columns(fields: Sequence[FieldChange], width: int) -> tuple[int, int]:
    """How wide paths and values are when all are aligned; nothing is aligned when one would not fit then."""
    paths = min(max((len(field.path) for field in fields), default=0), _WIDEST_PATH)
    values = max((len(show(field).inline) for field in fields if field.origin), default=0)
    widest = max((len(show(field).inline) for field in fields), default=0)
    return (paths, values) if _FIELD + paths + 3 + widest <= width else (0, 0)


def _field(field: FieldChange, paths: int, values: int, width: int) -> Iterator[Line]:
    """On one line when it fits, aligned with its neighbours when that fits too; else the values below the path."""
    shown = show(field)
    origin = f"← {words.place(field.origin)}" if field.origin else ""
    sign = (f"{shown.sign:>{_FIELD - 1}} ", _MARKS.get(shown.sign, ""))
    room = width - _FIELD - 3 - len(shown.inline)
    if shown.block or len(field.path) > room:
        yield (sign, (field.path, ""), (f"   {origin}", "dim"))
        yield from _below(shown, width)
        return
    column = paths if paths <= room else len(field.path)
    beside = _FIELD + max(column, len(field.path)) + 3 + max(values, len(shown.inline)) + 3 + len(origin) <= width
    line = (sign, (f"{field.path:<{column}}   ", ""), *_value(shown))
    if origin and beside:
        yield (*line, (" " * (max(0, values - len(shown.inline)) + 3) + origin, "dim"))
    else:
        yield line
        if origin:
            yield plain(" " * _BLOCK + origin, "dim")


def _below(shown: Shown, width: int) -> Iterator[Line]:
    for line in shown.block:
        text = line if line[:1] in "@…" else f"{line[:1]} {line[1:]}"
        yield ((" " * _BLOCK, ""), (text, _MARKS.get(line[:1], "")))
    if not shown.block:
        old, new = fit(shown.old, shown.new, width - _BLOCK - 2)
        for mark, value in (("-", old), ("+", new)):
            if value:
                yield ((" " * _BLOCK, ""), (f"{mark} {value}", _MARKS[mark]))


def _value(shown: Shown) -> Line:
    if shown.sign == " ":
        return ((shown.old, "red"), (" → ", "dim"), (shown.new, "green"))
    return ((shown.inline, _MARKS[shown.sign]),)
