"""Holds: versions that a release must not be brought to again, as `fairway.holds.yaml` lists them.

The rule not to break: a hold blocks exactly one version of one release in one environment. Something newer is not
held, and what lifts a hold stays in the file, so that it can be seen who did it. Contract: docs/spec/holds.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from fairway.domain.errors import Position
from fairway.domain.repository.findings import Findings
from fairway.domain.repository.sites import Document, Site
from fairway.domain.repository.validating import validated
from fairway.domain.repository.written.base import Written, complaint
from fairway.domain.upgrades.tags import parse_tag

HOLDS_FILE = "fairway.holds.yaml"


@dataclass(frozen=True, slots=True)
class Hold:
    """One entry. `lifted`: the version may come again, whatever else says that it is held."""

    environment: str
    release: str
    version: str
    """A tag or a chart's version; `TAG@DIGEST` holds one image of a tag that was pushed several times."""
    name: str = ""
    """The image, or the chart's reference, as people write it; empty: whatever of the release has this version."""
    reason: str = ""
    by: str = ""
    at: datetime | None = None
    lifted: bool = False
    position: Position | None = None
    """None when no file lists it: Git's log says so."""

    def concerns(self, environment: str, release: str, name: str) -> bool:
        return (self.environment, self.release) == (environment, release) and self.name in ("", name)

    @property
    def told(self) -> str:
        """Why, in one line: `leaks memory (ann)`. Of what others wrote only what can be printed."""
        who = f" ({self.by})" if self.by and self.by not in self.reason else ""
        text = f"{self.reason or 'no reason given'}{who}"
        return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _time(value: Any) -> Any:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None:
        raise complaint("bad-time", f"{value!r} is no time", 'write e.g. "2026-05-01T12:00:00Z"')
    return found if found.tzinfo else found.replace(tzinfo=UTC)


Time = Annotated[datetime, BeforeValidator(_time), WithJsonSchema({"type": "string", "format": "date-time"})]


class HoldEntry(Written):
    """An entry of `holds`."""

    environment: str = Field(description="Name of the environment", examples=["prod"])
    release: str = Field(description="Name of the release", examples=["web"])
    version: str = Field(description="The tag, or the chart's version, that must not come again", examples=["v1.9.1"])
    name: str | None = Field(None, description="The image or chart; default: whatever has this version")
    reason: str | None = Field(None, description="Why, for people")
    by: str | None = Field(None, description="Who")
    at: Time | None = Field(None, description="Since when")
    lifted: bool = Field(False, description="The version may come again")


class HoldsFile(Written):
    """fairway.holds.yaml."""

    holds: list[HoldEntry] | None = Field(None, description="Versions that must not come again")


def read_holds(document: Document, findings: Findings) -> tuple[Hold, ...]:
    """The holds of a file, in its order; mistakes go to `findings`, each with its place."""
    findings.add(*document.problems)
    site = Site(document.positions)
    raw = document.value if document.value is not None else {}
    if isinstance(raw, dict):
        raw = {key: value for key, value in raw.items() if not key.startswith("x-")}
    file = validated(HoldsFile, raw, site, findings, "") or HoldsFile(holds=None)
    return tuple(_hold(entry, site.at("holds", n)) for n, entry in enumerate(file.holds or ()))


def _hold(entry: HoldEntry, position: Position) -> Hold:
    return Hold(
        environment=entry.environment,
        release=entry.release,
        version=entry.version,
        name=entry.name or "",
        reason=entry.reason or "",
        by=entry.by or "",
        at=entry.at,
        lifted=entry.lifted,
        position=position,
    )


def same_version(one: str, other: str) -> bool:
    """Whether two tags are the same version of the same kind of image: `1.9`, `v1.9` and `1.9.0@sha256:…` are.

    Where both have a digest, that decides for one and the same tag.
    """
    (one, _, digest), (other, _, other_digest) = one.partition("@"), other.partition("@")
    if one == other:
        return not digest or not other_digest or digest == other_digest
    first, second = parse_tag(one), parse_tag(other)
    if first is None or second is None:
        return False
    return (first.precedence, first.variant) == (second.precedence, second.variant)


def version_to_hold(taken_back: str, instead: str) -> str:
    """What of a version is held: its tag, or its digest where the tag is the same."""
    tag = taken_back.partition("@")[0]
    return taken_back if tag == instead.partition("@")[0] else tag


class HeldVersions(Mapping[str, str]):
    """Version → why it is held, for one watch. A tag that is the same version written otherwise is held too."""

    def __init__(self, held: Iterable[tuple[str, str]] = ()) -> None:
        self._held = dict(held)

    def __getitem__(self, tag: str) -> str:
        for version, why in self._held.items():
            if same_version(version, tag):
                return why
        raise KeyError(tag)

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)


def in_force(written: Iterable[Hold], derived: Iterable[Hold] = ()) -> tuple[Hold, ...]:
    """The holds that count: of several entries of a file about one version the last one; what Git's log says, unless it
    was lifted since."""
    last = last_words(written)
    from_git = (hold for hold in derived if not any(_speaks_about(entry, hold) for entry in last))
    return (*(hold for hold in last if not hold.lifted), *from_git)


def _speaks_about(entry: Hold, derived: Hold) -> bool:
    """Whether what is written says it all; an entry that lifted an earlier revert does not lift a later one."""
    same = (entry.environment, entry.release) == (derived.environment, derived.release)
    if not same or not same_version(entry.version, derived.version):
        return False
    return not (entry.lifted and entry.at is not None and derived.at is not None and derived.at > entry.at)


def last_words(holds: Iterable[Hold]) -> tuple[Hold, ...]:
    """The last entry about each version of each image, in the order of the file."""
    found: dict[tuple[str, ...], Hold] = {}
    for hold in holds:
        key = (hold.environment, hold.release, hold.name, hold.version)
        found.pop(key, None)
        found[key] = hold
    return tuple(found.values())
