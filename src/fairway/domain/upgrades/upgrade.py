"""An upgrade as it is told to others: in commit messages, pull requests, notifications and the ledger.

The rule not to break: plain data, complete in itself; whoever reads it needs no repository and no registry.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fairway.domain.upgrades.tags import parse_tag


class Level(StrEnum):
    """How far an upgrade goes; in this order. `OTHER` is what has no numbers to compare (Newest)."""

    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Upgrade:
    """One value of one release that goes from `old` to `new`."""

    environment: str
    release: str
    kind: str
    """`image` or `chart`."""
    name: str
    """The image without its tag, as people write it, or the chart's reference."""
    key: str
    """The value that holds the version (`image.tag`), or `chart.version`."""
    old: str
    new: str
    why: str = ""
    """The verdict of choosing: `newest in 4.0.x`."""
    source: str = ""
    """URL of the sources (`org.opencontainers.image.source`); empty when the image does not say."""
    commit: str = ""
    """The sources' revision (`org.opencontainers.image.revision`)."""
    compare: str = ""
    """URL of the page that compares the sources of both versions."""

    @property
    def level(self) -> Level:
        return level_of(self.old, self.new)


def level_of(old: str, new: str) -> Level:
    """The first part that differs; digests behind `@` do not count."""
    before, after = parse_tag(old.partition("@")[0]), parse_tag(new.partition("@")[0])
    if before is None or after is None:
        return Level.OTHER
    if before.core[0] != after.core[0]:
        return Level.MAJOR
    return Level.MINOR if before.core[1] != after.core[1] else Level.PATCH
