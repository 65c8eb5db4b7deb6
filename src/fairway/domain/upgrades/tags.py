"""What a tag says: `X`, `X.Y` or `X.Y.Z`, each with or without `v`, and what follows behind `-` or `+`.

The rule not to break: missing parts count as zero, so that `1.2`, `v1.2` and `1.2.0` are the same version; the text
itself is kept, because that is what is written and pulled. Source of the order: semver 2.0, section 11.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

PARTS = 3
MOST_DIGITS = 18

_TAG = re.compile(
    r"(?P<v>[vV]?)(?P<numbers>\d{1,18}(?:\.\d{1,18}){0,2})"
    r"(?:-(?P<pre>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
    r"(?:[+_](?P<build>[0-9A-Za-z._-]+))?",
    re.ASCII,
)
_STAGE = re.compile(
    r"(?:a|alpha|b|beta|rc|cr|c|pre|preview|prerelease|ea|m|milestone|dev|devel|snapshot|nightly|canary|next|edge"
    r"|unstable|test|draft|wip|pr)(?=$|[.\d-])|\d+(?:$|[.-])",
    re.IGNORECASE | re.ASCII,
)

Precedence = tuple[tuple[int, int, int], int, tuple[tuple[int, int, str], ...]]


@dataclass(frozen=True, slots=True)
class TagVersion:
    """A tag that is a version. Compare with `precedence`; two texts can be the same version."""

    text: str
    numbers: tuple[int, ...]
    """One to three, as written."""
    pre_release: str = ""
    build: str = ""
    """Behind `+`, or behind `_`, which stands for `+` in registries."""
    v: str = ""
    core: tuple[int, int, int] = field(init=False, repr=False, compare=False)
    """(major, minor, patch), missing parts zero."""
    precedence: Precedence = field(init=False, repr=False, compare=False)
    """Orders versions as semver does; build parts do not count."""

    def __post_init__(self) -> None:
        # Once for each tag: a registry's tags are compared with each other a hundred thousand times.
        core = (*self.numbers, 0, 0)[:PARTS]
        identifiers = self.pre_release.split(".") if self.pre_release else []
        object.__setattr__(self, "core", core)
        precedence = core, not identifiers, tuple(_identifier(part) for part in identifiers)
        object.__setattr__(self, "precedence", precedence)

    @property
    def variant(self) -> str:
        """The suffix when it names a kind of image (`alpine`, `debian-12`) instead of a stage before a release."""
        return "" if _STAGE.match(self.pre_release) else self.pre_release


def _identifier(part: str) -> tuple[int, int, str]:
    return (0, int(part), "") if part.isdigit() and len(part) <= MOST_DIGITS else (1, 0, part)


@lru_cache(maxsize=65536)
def parse_tag(text: str) -> TagVersion | None:
    """The version that a tag is, or None when it is none (`latest`, `3f2c1ab`, `1.2.3.4`)."""
    match = _TAG.fullmatch(text)
    if match is None:
        return None
    numbers = tuple(int(part) for part in match["numbers"].split("."))
    return TagVersion(text, numbers, match["pre"] or "", match["build"] or "", match["v"])
