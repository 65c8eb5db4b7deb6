"""The words of commits and pull requests: what changed, from what to what, and why.

The rule not to break: the subject is one line, the trailers are complete; only the list between them is cut when it is
long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fairway.domain.upgrades.upgrade import Upgrade
from fairway.domain.writing.templates import MOST_NAMED, fill, shown
from fairway.domain.writing.trailers import entry

LONGEST_SUBJECT = 200
MOST_ENTRIES = 300
LONGEST_WHY = 300
LONGEST_TABLE = 28_000
"""Characters; Bitbucket takes 32,768, GitHub 65,536."""


@dataclass(frozen=True, slots=True)
class Written:
    """One change that is told about. `upgrade` None: a hold or a revert, which only has its summary."""

    summary: str
    upgrade: Upgrade | None = None
    trailers: tuple[tuple[str, str], ...] = ()
    why: str = ""


def subject_of(written: Sequence[Written], template: str | None = None) -> str:
    """`Upgrade web to 1.9.1 in prod`, `Upgrade 90 releases in prod`, or what the template makes of it."""
    upgrades = [one.upgrade for one in written if one.upgrade is not None]
    others = [one for one in written if one.upgrade is None]
    if upgrades and template:
        text = fill(template, upgrades)
    elif upgrades:
        text = _default(upgrades)
    else:
        text = others[0].summary[:1].upper() + others[0].summary[1:]
        others = others[1:]
    if others:
        text += f", and {len(others)} more change{'' if len(others) == 1 else 's'}"
    text = " ".join(text.split())
    return f"{text[: LONGEST_SUBJECT - 1]}…" if len(text) > LONGEST_SUBJECT else text


def message_of(written: Sequence[Written], template: str | None = None) -> str:
    """The whole message of a commit."""
    lines = [line for one in written[:MOST_ENTRIES] for line in _entry(one)]
    if len(written) > MOST_ENTRIES:
        lines.append(f"- … and {len(written) - MOST_ENTRIES} more, see the lines below")
    trailers = [f"{name}: {' '.join(text.split())}" for one in written for name, text in one.trailers]
    parts = [subject_of(written, template), "\n".join(lines), "\n".join(trailers)]
    return "\n\n".join(part for part in parts if part) + "\n"


def request_body(written: Sequence[Written], before: str | None = None) -> str:
    """The text of a pull request, in Markdown."""
    upgrades = [one.upgrade for one in written if one.upgrade is not None]
    others = [f"- {_cell(one.summary)}" for one in written if one.upgrade is None]
    parts = [fill(before, upgrades)] if before else []
    if upgrades:
        parts.append(_table(upgrades))
    if others:
        parts.append("\n".join(others))
    parts.append(
        "_Fairway keeps this request up to date while nobody else pushes to its branch, and closes it when nothing is "
        "left to do._"
    )
    return "\n\n".join(parts) + "\n"


def _default(upgrades: Sequence[Upgrade]) -> str:
    environments = list(dict.fromkeys(one.environment for one in upgrades))
    targets = {(one.release, one.kind, shown(one.new)) for one in upgrades}
    where = f" in {', '.join(environments)}" if len(environments) <= MOST_NAMED else ""
    if len(targets) == 1:
        ((release, kind, new),) = targets
        what = f"{release} to {'chart ' if kind == 'chart' else ''}{new}"
        return f"Upgrade {what}{where or f' in {len(environments)} environments'}"
    releases = {(one.environment, one.release) for one in upgrades}
    if len(releases) == 1:
        return f"Upgrade {upgrades[0].release}{where}"
    return f"Upgrade {len(releases)} releases{where if len(environments) == 1 else ''}"


def _entry(one: Written) -> list[str]:
    if one.upgrade is not None:
        return entry(one.upgrade)
    why = " ".join(one.why.split())
    return [f"- {' '.join(one.summary.split())}{f': {why[:LONGEST_WHY]}' if why else ''}"]


def _table(upgrades: Sequence[Upgrade]) -> str:
    rows = ["| Environment | Release | Image or chart | Change | Why |", "| --- | --- | --- | --- | --- |"]
    length = sum(map(len, rows))
    for number, one in enumerate(upgrades):
        row = _row(one)
        length += len(row) + 1
        if length > LONGEST_TABLE:
            return "\n".join(rows) + f"\n\n… and {len(upgrades) - number} more; the commit lists them all."
        rows.append(row)
    return "\n".join(rows)


def _row(one: Upgrade) -> str:
    change = f"{_code(shown(one.old))} → {_code(shown(one.new))}"
    if one.compare:
        change += f" ([changes]({_target(one.compare)}))"
    name = f"[{_cell(one.name)}]({_target(one.source)})" if one.source else _cell(one.name)
    return f"| {_cell(one.environment)} | {_cell(one.release)} | {name} | {change} | {_cell(one.why)} |"


def _code(text: str) -> str:
    return f"`{_cell(text).replace('`', '')}`"


def _cell(text: str) -> str:
    """Text that cannot end a cell, a link or a line, name somebody, or become HTML."""
    text = " ".join(text.split()).replace("\\", "\\\\").replace("<", "&lt;")
    for sign in "|[]*_":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("@", "@\u200b")


def _target(url: str) -> str:
    """An address inside of `(…)`; what is no web address leads nowhere."""
    if not url.startswith(("https://", "http://")):
        return ""
    return url.replace(" ", "%20").replace("(", "%28").replace(")", "%29").replace("|", "%7C").replace("<", "%3C")
