"""The user's values of every release in an environment: the layers above the chart, weakest first.

environment `defaultValuesFile` → environment `defaultValues` → release `valuesFile` → release `values` → lock file; the
first two are left out by `skipDefaultValues`. One rule: what is the same for all releases is merged once, when the
environment is prepared; a release costs only its own layers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fairway.domain.repository.models import ListMerge
from fairway.domain.values.assignments import Assignment
from fairway.domain.values.merging import ListRules, Values, assign, list_rules, merge
from fairway.domain.values.paths import Path
from fairway.domain.yaml import Positions


class LayerKind(StrEnum):
    """Where a value comes from, in the words that people read; weakest first."""

    SUBCHART = "sub-chart default"
    CHART = "chart default"
    ENVIRONMENT_FILE = "environment default file"
    ENVIRONMENT = "environment default"
    RELEASE_FILE = "release values file"
    RELEASE = "release value"
    LOCK = "lock file"
    RESOURCE = "resource file"
    """Never merged: an object that holds values of its own."""
    DEPENDENCY = "chart dependency"
    """Never merged: the version of a dependency in Chart.yaml."""


@dataclass(frozen=True, slots=True)
class ValuesDocument:
    """A file of values as read. `secret`: it was encrypted, so every value in it is secret."""

    file: str
    values: Values
    positions: Positions
    secret: bool = False


@dataclass(frozen=True, slots=True)
class ReleaseLayers:
    """What one release adds."""

    name: str
    file: ValuesDocument | None = None
    assignments: Sequence[Assignment] = ()
    skip_defaults: bool = False
    list_merge: tuple[ListMerge, ...] = ()
    locked: Sequence[Assignment] = ()


@dataclass(frozen=True, slots=True)
class UserValues:
    """What is passed to the renderer: everything but the chart's own defaults. Frozen: parts are shared."""

    values: Mapping[str, Any]
    secret_paths: frozenset[Path] = frozenset()
    """Paths that are secret by where they come from; secrets by their key's name are not listed."""


class EnvironmentLayers:
    """The two layers of an environment, merged once."""

    def __init__(self, file: ValuesDocument | None, assignments: Iterable[Assignment]) -> None:
        self.file = file
        self.assignments = tuple(assignments)
        base = file.values if file else {}
        closed = next((i for i, item in enumerate(self.assignments) if item.open), len(self.assignments))
        self._base = apply(base, self.assignments[:closed], None)
        self._open = self.assignments[closed:]
        self._secrets = _secret_paths(file, self.assignments)

    def merge(self, release: ReleaseLayers, chart_defaults: Mapping[str, Any] | None = None) -> UserValues:
        """The user's values of one release.

        `chart_defaults` are the chart's coalesced defaults: with `listMerge` rules, lists of the chart are merged into
        as well, and the result holds them whole (Helm replaces lists). Without rules they are not looked at.
        """
        rules = list_rules(release.list_merge)
        values: Values
        if release.skip_defaults:
            values = {}
        elif rules is None:
            values = apply(self._base, [item.for_release(release.name) for item in self._open], None)
        else:
            values = apply(self.file.values if self.file else {}, self.for_release(release.name), rules)
        if release.file:
            values = merge(values, release.file.values, rules)
        values = apply(values, release.assignments, rules)
        values = apply(values, release.locked, rules)
        if rules and chart_defaults:
            values = _with_chart_lists(values, chart_defaults, rules)
        secrets = _secret_paths(release.file, release.assignments)
        return UserValues(values, secrets if release.skip_defaults else secrets | self._secrets)

    def for_release(self, name: str) -> list[Assignment]:
        """The environment's assignments with the release's name filled in."""
        return [item.for_release(name) for item in self.assignments]


def apply(values: Values, assignments: Iterable[Assignment], rules: ListRules | None) -> Values:
    """Assignments in their order over some values."""
    for item in assignments:
        values = assign(values, item.path, item.value, rules)
    return values


def _with_chart_lists(values: Values, defaults: Mapping[str, Any], rules: ListRules) -> Values:
    """Where a rule names a list that both have, the chart's items come in as the weakest."""
    out = dict(values)
    for key, below in rules.below.items():
        old, new = defaults.get(key), out.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            out[key] = _with_chart_lists(new, old, below)
        elif isinstance(old, list) and isinstance(new, list) and below.rule:
            out[key] = merge({key: old}, {key: new}, rules)[key]
    return out


def _secret_paths(file: ValuesDocument | None, assignments: Iterable[Assignment]) -> frozenset[Path]:
    paths = {_above_lists(item.path) for item in assignments if item.secret}
    if file and file.secret:
        paths |= set(_leaves(file.values, ()))
    return frozenset(paths)


def _above_lists(path: Path) -> Path:
    """List rules move items, so an item that is secret makes its list secret."""
    return next((path[:i] for i, part in enumerate(path) if isinstance(part, int)), path)


def _leaves(value: Any, path: Path) -> Iterable[Path]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    else:
        yield path
