"""How upgrades look on stdout: a table, the explanation of each choice, and the stable form for programs.

The rule not to break: what is printed about an upgrade names the file and line that says the version now.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from fairway.domain.upgrades.pinning import shown
from fairway.entrypoints.cli.output import table
from fairway.entrypoints.cli.render import style

if TYPE_CHECKING:
    from fairway.domain.errors import FairwayError
    from fairway.services.upgrades.checking import Look, Report
    from fairway.services.upgrades.patching import Patched
    from fairway.services.upgrades.watching import Watch


MOST_UNWANTED = 10


def upgrades_table(looks: Sequence[Look], width: int | None = None) -> str:
    """One line for each upgrade; `width` None cuts nothing."""
    rows = (
        (
            look.watch.environment,
            look.watch.release.name,
            look.watch.name,
            look.watch.current,
            _short(look.new or ""),
            look.watch.where,
        )
        for look in looks
    )
    return table(("ENVIRONMENT", "RELEASE", "IMAGE OR CHART", "NOW", "NEW", "WHERE"), rows, width)


def closing_line(report: Report, again: str) -> str:
    """What was found, and what to do next."""
    count = len(report.upgrades)
    if count:
        return f"{style.count(count, 'upgrade')} · edit the files: {again}"
    looked = style.count(len(report.looks), "trigger")
    if report.problems:
        return f"no upgrades: {looked} looked at, {style.count(len(report.problems), 'problem')}"
    return f"nothing to do: {looked} looked at" if report.looks else "nothing to do: no release here has such a trigger"


def unwanted(report: Report) -> list[str]:
    """Why what was pushed is not taken, for each release that follows it; cut when they are many."""
    looks = [look for look in report.looks if look.new is None]
    lines = []
    for look in looks[:MOST_UNWANTED]:
        verdicts = [verdict for verdict in look.choice.verdicts if verdict.reason != "current"] or look.choice.verdicts
        lines += [f"{look.watch.environment}/{look.watch.release.name}  {one.tag}  {one.reason}" for one in verdicts]
    return [*lines, *([f"and {len(looks) - MOST_UNWANTED} more"] if len(looks) > MOST_UNWANTED else [])]


def explained(looks: Iterable[Look], width: int | None = None) -> str:
    """Every version seen by each trigger, and why it was or was not chosen; folded at `width`, so that all is said."""
    looks = list(looks)
    several = len({look.watch.environment for look in looks}) > 1
    return "\n\n".join("\n".join(_explained(look, width, several=several)) for look in looks)


def _explained(look: Look, width: int | None, *, several: bool) -> Iterator[str]:
    watch = look.watch
    release = f"{watch.environment}/{watch.release.name}" if several else watch.release.name
    rest = f"   {watch.key} {watch.current} ({watch.name}, {_follows(watch)}) ← {watch.where}"
    first, *more = _folded(f"{release}{rest}", width, 4)
    yield click.style(first[: len(release)], bold=True) + first[len(release) :]
    yield from more
    tags = max((len(verdict.tag) for verdict in look.choice.verdicts), default=0)
    for verdict in look.choice.verdicts:
        text = f"  {'→' if verdict.chosen else ' '} {verdict.tag:<{tags}}   {verdict.reason}"
        for line in _folded(text, width, tags + 7):
            yield click.style(line, fg="green") if verdict.chosen else line
    if not look.choice.verdicts:
        yield "    no versions there"


def _folded(text: str, width: int | None, indent: int) -> list[str]:
    if width is None or len(text) <= width:
        return [text]
    hanging = " " * min(indent, width // 2)
    return textwrap.wrap(text, width, subsequent_indent=hanging, break_on_hyphens=False)


def patched_lines(patched: Patched) -> list[str]:
    """One line for each edit that was made."""
    rows = [
        (
            _edited_at(look, patched),
            f"{look.watch.environment}/{look.watch.release.name}",
            look.watch.key,
            _change(look),
        )
        for look in patched.edited
    ]
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(3)]
    return ["  ".join((*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[3])) for row in rows]


def _edited_at(look: Look, patched: Patched) -> str:
    """Where the version stood, or the file where it stands now."""
    file = patched.file_of.get(id(look), look.watch.where.file)
    return str(look.watch.where) if file == look.watch.where.file else file


def _change(look: Look) -> str:
    return f"{look.watch.current} → {_short(look.new or '')}"


def _short(version: str) -> str:
    """With as many digits of a digest as people look at; the file and `-o json` have them all."""
    tag, at, digest = version.partition("@")
    return f"{tag}{at}{shown(digest)}" if at else tag


def _follows(watch: Watch) -> str:
    """The trigger's track and what else it says."""
    rules = watch.rules
    named = (("filter", rules.filter), ("extract", rules.extract), ("range", rules.range), ("", watch.platform))
    said = [f"{name} {text}".strip() for name, text in named if text]
    flags = (("pre-releases", rules.pre_releases), ("digest pinned", watch.follows_digest))
    return ", ".join((f"track {watch.track}", *said, *(name for name, on in flags if on)))


def report_data(report: Report, patched: Patched | None = None, *, explain: bool = False) -> dict[str, Any]:
    """The contract of `--output json`: docs/spec/schemas/upgrades.schema.json."""
    data: dict[str, Any] = {
        "apiVersion": "fairway.dev/v1",
        "kind": "Upgrades",
        "upgrades": [_look(look) for look in report.upgrades],
    }
    if explain:
        data["triggers"] = [{**_look(look), "verdicts": _verdicts(look)} for look in report.looks]
    if patched is not None:
        edited = {id(look) for look in patched.edited}
        for row, look in zip(data["upgrades"], report.upgrades, strict=True):
            row["edited"] = id(look) in edited
        data["notEdited"] = [
            {"environment": item.look.watch.environment, "release": item.look.watch.release.name, **_error(item.error)}
            for item in patched.not_edited
        ]
    data["problems"] = [
        {"environment": item.environment, "release": item.release, **_error(item.error)} for item in report.problems
    ]
    return data


def _look(look: Look) -> dict[str, Any]:
    """One trigger."""
    watch = look.watch
    return {
        "environment": watch.environment,
        "release": watch.release.name,
        "kind": watch.kind,
        "name": watch.name,
        "key": watch.key,
        "track": watch.track,
        "current": watch.current,
        "new": look.new,
        "where": watch.where,
    }


def _verdicts(look: Look) -> list[dict[str, Any]]:
    return [{"tag": one.tag, "chosen": one.chosen, "reason": one.reason} for one in look.choice.verdicts]


def _error(error: FairwayError) -> dict[str, Any]:
    return {"message": error.message, "where": error.where, "fix": error.fix}
