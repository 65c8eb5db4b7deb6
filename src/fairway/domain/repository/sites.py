"""A place in what people wrote, for checks that walk down: a site is positions and a path into them.

The rule not to break: a check never builds a path from the document's root; it is given a site and goes down from it.
Inherited fields keep the place of the template that they came from (`Overlay`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from fairway.domain.errors import Diagnostic, Position
from fairway.domain.yaml import Path, Positions, Scalar, plain_scalar


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file after reading. `path` is absolute; `shown` is how messages name it."""

    path: str
    shown: str
    value: Any
    positions: Positions
    problems: tuple[Diagnostic, ...] = ()


class Places(Protocol):
    def __getitem__(self, path: Path) -> Position: ...
    def key(self, path: Path) -> Position: ...
    def scalar(self, path: Path) -> Scalar | None: ...
    def __contains__(self, path: Path) -> bool: ...


@dataclass(frozen=True, slots=True)
class Site:
    """Positions below one value."""

    places: Places
    path: Path = ()

    def into(self, *path: str | int) -> Site:
        return Site(self.places, self.path + path)

    def at(self, *path: str | int) -> Position:
        return self.places[self.path + path]

    def key(self, *path: str | int) -> Position:
        return self.places.key(self.path + path)

    def scalar(self, *path: str | int) -> Scalar | None:
        return self.places.scalar(self.path + path)

    def given(self, *keys: str) -> list[str]:
        """Which of the keys are written here with something behind them.

        For checks of "exactly one of": a key whose value is faulty was reported and is gone from the model, but given.
        """
        return [key for key in keys if (*self.path, key) in self.places and not _is_null(self.scalar(key))]


def _is_null(scalar: Scalar | None) -> bool:
    return scalar is not None and scalar.plain and plain_scalar(scalar.text) is None


class Overlay:
    """Positions of a value that was put together: each path answers from the site that its part came from."""

    def __init__(self, own: Site, origins: Mapping[Path, Site]) -> None:
        self._own = own
        self._origins = origins

    def __getitem__(self, path: Path) -> Position:
        site, rest = self._origin(path)
        return site.at(*rest)

    def key(self, path: Path) -> Position:
        site, rest = self._origin(path)
        return site.key(*rest)

    def scalar(self, path: Path) -> Scalar | None:
        site, rest = self._origin(path)
        return site.scalar(*rest)

    def __contains__(self, path: Path) -> bool:
        site, rest = self._origin(path)
        return (*site.path, *rest) in site.places

    def _origin(self, path: Path) -> tuple[Site, Path]:
        for length in range(len(path), 0, -1):
            site = self._origins.get(path[:length])
            if site is not None:
                return site, path[length:]
        return self._own, path
