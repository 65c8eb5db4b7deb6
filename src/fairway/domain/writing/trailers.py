"""What a commit by Fairway says of itself, and how it is read again: a line in the body and a trailer per upgrade.

The rule not to break: what was written is read back as it was, whatever is in a name; the trailer alone is enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from fairway.domain.repository.models import CHART_VERSION
from fairway.domain.upgrades.reverted import UPGRADE
from fairway.domain.upgrades.upgrade import Upgrade

_TRAILER = re.compile(r"^([A-Za-z][A-Za-z0-9-]*): (.+)$")
_ENTRY = re.compile(r"^- (?P<environment>[^/ ]+)/(?P<release>\S+): (?P<name>\S+) (?P<old>\S+) → (?P<new>\S+)$")


def entry(upgrade: Upgrade) -> list[str]:
    """The lines of the body about one upgrade. Whatever an image says of itself stays within its line."""
    lines = [f"- {upgrade.environment}/{upgrade.release}: {upgrade.name} {upgrade.old} → {upgrade.new}"]
    lines.append(f"  {upgrade.key}: {upgrade.why}" if upgrade.why else f"  {upgrade.key}")
    if upgrade.source:
        lines.append(f"  source: {upgrade.source}{f' at {upgrade.commit}' if upgrade.commit else ''}")
    if upgrade.compare:
        lines.append(f"  changes: {upgrade.compare}")
    return [line[:2] + " ".join(line[2:].split()) for line in lines]


def trailers_of(message: str) -> list[tuple[str, str]]:
    """The trailers of a message: the lines `Name: text` of its last paragraph."""
    last = message.strip("\n").rpartition("\n\n")[2]
    found = [_TRAILER.match(line) for line in last.splitlines()]
    return [(one[1], one[2]) for one in found if one is not None] if found and all(found) else []


def upgrades_of(message: str) -> list[Upgrade]:
    """The upgrades that a commit by Fairway made; what only its body says is empty when the body was cut."""
    told = _told(message.splitlines())
    upgrades = []
    for name, text in trailers_of(message):
        words = text.split()
        if name != UPGRADE or len(words) < 4:
            continue
        environment, _, release = words[0].partition("/")
        key = " ".join(words[1:-2])
        kind = "chart" if key == CHART_VERSION else "image"
        plain = Upgrade(environment, release, kind, "", key, words[-2], words[-1])
        upgrades.append(told.get((environment, release, key, words[-2], words[-1]), plain))
    return upgrades


def _told(lines: Iterable[str]) -> dict[tuple[str, ...], Upgrade]:
    found: dict[tuple[str, ...], Upgrade] = {}
    lines = list(lines)
    for number, line in enumerate(lines):
        head = _ENTRY.match(line)
        if head is None:
            continue
        more = []
        for below in lines[number + 1 :]:
            if not below.startswith("  "):
                break
            more.append(below[2:])
        if not more:
            continue
        key, _, why = more[0].partition(": ")
        rest = dict(part.partition(": ")[::2] for part in more[1:])
        source, _, commit = rest.get("source", "").partition(" at ")
        one = Upgrade(
            head["environment"],
            head["release"],
            "chart" if key == CHART_VERSION else "image",
            head["name"],
            key,
            head["old"],
            head["new"],
            why,
            source,
            commit,
            rest.get("changes", ""),
        )
        found[(one.environment, one.release, one.key, one.old, one.new)] = one
    return found
