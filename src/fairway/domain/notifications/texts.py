"""A message in words: one title, then a section for each thing that happened, the worst first.

Every form of a message (Slack, Teams, e-mail, …) is made from this; each escapes for itself. The rule not to break:
nothing is left out silently; what had no room is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from fairway.domain.errors import Severity
from fairway.domain.notifications.event import EventKind, Happening
from fairway.domain.notifications.grouping import settled
from fairway.domain.notifications.routing import heaviest, weight
from fairway.domain.upgrades.upgrade import Upgrade

MOST_SECTIONS = 20
MOST_UPGRADES = 100
LONGEST_TEXT = 100_000
"""Characters in the lines of all sections."""
LONGEST_LINE = 2000

_UNSEEN = dict.fromkeys([*range(0x20), 0x7F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)], " ") | {0x09: "\t"}
"""Control characters, and those that turn the direction of what follows: output may hold them, nobody means them."""

SIGNS = {
    EventKind.UPGRADE_WRITTEN: "⬆️",
    EventKind.DEPLOYMENT_STARTED: "⏳",
    EventKind.DEPLOYMENT_SUCCEEDED: "✅",
    EventKind.DEPLOYMENT_FAILED: "❌",
    EventKind.DEPLOYMENT_ROLLED_BACK: "↩️",
    EventKind.HOLD_ADDED: "✋",
    EventKind.SUSPENDED: "⏸️",
    EventKind.RESUMED: "▶️",
    EventKind.SOURCE_RECOVERED: "✅",
}
_BY_SEVERITY = {Severity.ERROR: "❌", Severity.WARNING: "⚠️", Severity.INFO: "ℹ️"}


@dataclass(frozen=True, slots=True)
class Section:
    """One thing that happened. Lines that begin with blanks are quoted output."""

    title: str
    severity: Severity
    sign: str
    lines: tuple[str, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    title: str
    severity: Severity
    sections: tuple[Section, ...]


def text_of(events: Sequence[Happening]) -> Text:
    """What a message with these events says."""
    sections = sorted(_sections(settled(events)), key=lambda one: -weight(one.severity))
    title, more = sections[0].title, len(sections) - 1
    if len(sections) > MOST_SECTIONS:
        left = sections[MOST_SECTIONS:]
        names = tuple(one.title for one in left[:MOST_UPGRADES])
        rest = (f"and {len(left) - len(names)} more",) if len(left) > len(names) else ()
        last = Section(f"{len(left)} more events", heaviest(s.severity for s in left), "ℹ️", (*names, *rest))
        sections = [*sections[:MOST_SECTIONS], last]
    return Text(f"{title}, and {more} more" if more else title, sections[0].severity, tuple(_fitting(sections)))


def as_plain_text(text: Text) -> str:
    """For terminals, logs and the text part of an e-mail."""
    parts = []
    for one in text.sections:
        lines = [f"{one.sign} {one.title}", *(f"  {line}" for line in one.lines)]
        parts.append("\n".join([*lines, f"  {one.url}"] if one.url else lines))
    return "\n\n".join(parts)


def one_line(text: str, longest: int) -> str:
    """Blanks and line breaks as single blanks, cut with an ellipsis."""
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"


def _fitting(sections: Sequence[Section]) -> Iterator[Section]:
    """Lines as far as there is room; what is cut is counted."""
    left = LONGEST_TEXT
    for section in sections:
        lines: list[str] = []
        for number, line in enumerate(section.lines):
            shown = _readable(line)[:LONGEST_LINE]
            left -= len(shown) + 1
            if left < 0:
                lines.append(f"and {len(section.lines) - number} more lines")
                break
            lines.append(shown)
        yield replace(section, lines=tuple(lines))


def _readable(text: str) -> str:
    """Without half characters, and without what can't be seen."""
    return text.encode(errors="replace").decode().translate(_UNSEEN)


def _sections(events: Sequence[Happening]) -> list[Section]:
    written = [event for event in events if event.kind is EventKind.UPGRADE_WRITTEN and event.upgrades]
    sections = [_section(event) for event in events if event not in written]
    if written:
        sections.append(_upgrades(written))
    return sections


def _section(event: Happening) -> Section:
    lines = (*event.lines, *_upgrade_lines(event.upgrades))
    sign = SIGNS.get(event.kind) or _BY_SEVERITY[event.severity]
    return Section(_readable(event.title), event.severity, sign, lines, event.url)


def _upgrades(written: Sequence[Happening]) -> Section:
    """All upgrades of a message in one section, however many events brought them."""
    first = _section(replace(written[0], upgrades=()))
    upgrades = [upgrade for event in written for upgrade in event.upgrades]
    title, urls = first.title, list(dict.fromkeys(event.url for event in written if event.url))
    lines: list[str] = list(first.lines)
    if len(written) > 1:
        count = len(upgrades)
        title = f"{count} upgrade{'' if count == 1 else 's'} in {len(written)} commits"
        lines = [event.title for event in written[:MOST_SECTIONS]]
        if len(written) > MOST_SECTIONS:
            lines.append(f"and {len(written) - MOST_SECTIONS} more")
    severity = heaviest(event.severity for event in written)
    return Section(title, severity, first.sign, (*lines, *_upgrade_lines(upgrades)), urls[-1] if urls else "")


def _upgrade_lines(upgrades: Sequence[Upgrade]) -> list[str]:
    """One line for all releases of an environment that get the same version of the same thing."""
    ordered = sorted(upgrades, key=lambda u: (u.environment, u.name, u.old, u.new))
    lines = []
    for (environment, name, old, new), group in groupby(ordered, lambda u: (u.environment, u.name, u.old, u.new)):
        same = list(group)
        releases = one_line(", ".join(dict.fromkeys(u.release for u in same)), 300)
        why = f" ({same[0].why})" if same[0].why else ""
        lines.append(f"{environment} {releases}: {name} {old} → {new}{why}")
    if len(lines) > MOST_UPGRADES:
        return [*lines[:MOST_UPGRADES], f"and {len(lines) - MOST_UPGRADES} more"]
    return lines
