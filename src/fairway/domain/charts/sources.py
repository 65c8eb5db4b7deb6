"""What is said between the use case that fetches charts and the places that charts come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fairway.domain.errors import Transient


class Unreachable(Transient):
    """The place a chart comes from cannot be reached; what the cache holds may still serve."""


class Throttled(Unreachable):
    """The place has enough of our questions and wants to be left alone for `after` seconds."""

    def __init__(self, message: str, *, after: float, fix: str | None = None) -> None:
        super().__init__(message, fix=fix)
        self.after = after


@dataclass(frozen=True, slots=True)
class Identity:
    """What the cache remembers a reference by. `immutable`: it can only ever mean one content (exact version)."""

    key: str
    immutable: bool


@dataclass(frozen=True, slots=True)
class Resolved:
    """The one chart that a reference means now. `key` is immutable; `location` is the fetcher's own."""

    key: str
    version: str
    location: Any
    digest: str | None = None
    """`sha256:<hex>` of the archive, where the place publishes it."""


@dataclass(frozen=True, slots=True)
class Cached:
    """A chart in the cache: its archive, and what is known about its content."""

    path: str
    digest: str
    """Of the archive's bytes."""
    notes: Mapping[str, Any]
