"""Which releases a commit touches: those that are declared differently, and those whose files it changed.

The rule not to break: what is not known to be harmless touches everything. Too much costs a look, too little would cost
correctness until the next resync.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from fnmatch import fnmatchcase
from typing import Any

from fairway.domain.errors import Position
from fairway.domain.repository.models import ChartKind, ChartValue, Environment, Release, Repository

HARMLESS = ("*.md", "LICENSE", "CODEOWNERS", ".gitignore", ".gitattributes", ".github/*", ".gitlab-ci.yml")
"""Paths that no release can depend on unless it names them; `fairway.*.yaml` besides, which declare no release."""
OWN_FILES = ("fairway.yaml", "fairway.holds.yaml", "fairway.lock.yaml")


@dataclass(frozen=True, slots=True)
class Touched:
    """`releases` None: perhaps all of them. `certain` are surely touched; `gone` were declared and are not any more."""

    releases: frozenset[str] | None
    gone: frozenset[str] = frozenset()
    certain: frozenset[str] = frozenset()

    @property
    def nothing(self) -> bool:
        return self.releases is not None and not self.releases and not self.gone


def touched(
    before: Environment,
    after: Environment,
    repositories: tuple[Repository, Repository],
    changed: Collection[str] | None,
    companions: Mapping[str, Collection[str]],
) -> Touched:
    """Of one environment between two commits. `changed` are absolute paths below either repository's folder; None:
    not known. `companions` gives for a chart's folder other folders that it is made of (`file://` dependencies)."""
    declared, known = ({r.name: r for r in one.releases} for one in (after, before))
    gone = frozenset(known.keys() - declared.keys())
    old, new = repositories
    moved = _Moved(old.root, new.root)
    found = {name for name, one in declared.items() if name not in known or not moved.same(known[name], one)}
    paths = {moved.path(path) for path in changed or ()}
    by_files, strays = _by_files(after, new, paths, companions)
    found = _with_readers(after, found | by_files)
    known_harm = changed is not None and not strays
    if known_harm and _same_surroundings(before, after, moved) and moved.same(old.helm_repos, new.helm_repos):
        return Touched(frozenset(found), gone, frozenset(found))
    return Touched(None, gone, frozenset(found))


def _by_files(
    environment: Environment, repository: Repository, paths: Collection[str], companions: Mapping[str, Collection[str]]
) -> tuple[set[str], list[str]]:
    """The releases whose files are among the paths, and the paths that nobody can account for."""
    users: dict[str, set[str]] = {}
    folders: dict[str, set[str]] = {}
    for release in environment.releases:
        for path in files_of(environment, release):
            users.setdefault(path, set()).add(release.name)
        if release.chart is not None and release.chart.kind is ChartKind.DIRECTORY:
            for folder in (release.chart.location, *companions.get(release.chart.location, ())):
                folders.setdefault(folder, set()).add(release.name)
    found: set[str] = set()
    strays: list[str] = []
    declaring = set(repository.files)
    elsewhere = _used_elsewhere(environment, repository)
    for path in paths:
        names = {*users.get(path, ()), *(name for folder in _above(path) for name in folders.get(folder, ()))}
        found |= names
        known = names or path in declaring or elsewhere(path) or _harmless(path, repository)
        if not known:
            strays.append(path)
    return found, strays


def _used_elsewhere(environment: Environment, repository: Repository) -> Callable[[str], bool]:
    """Whether a path belongs to a release of another environment."""
    files: set[str] = set()
    folders: set[str] = set()
    for other in repository.environments:
        if other.name == environment.name:
            continue
        for release in other.releases:
            files.update(files_of(other, release))
            if release.chart is not None and release.chart.kind is ChartKind.DIRECTORY:
                folders.add(release.chart.location)
    return lambda path: path in files or any(folder in folders for folder in _above(path))


def _with_readers(environment: Environment, found: set[str]) -> set[str]:
    """And those who read what a touched release puts out, and who read what those put out."""
    while found:
        more = {
            release.name
            for release in environment.releases
            if release.name not in found and any(_reads(value, found) for value in release.values)
        }
        if any(_reads(value, found) for value in environment.default_values):
            more |= {r.name for r in environment.releases if r.name not in found and not r.skip_default_values}
        if not more:
            break
        found = found | more
    return found


def _reads(value: ChartValue, names: Collection[str]) -> bool:
    source = value.value_from
    return source is not None and source.kind == "output" and source.settings.get("release") in names


def files_of(environment: Environment, release: Release) -> Iterator[str]:
    """Every single file that a release names, its environment's defaults among them."""
    if release.values_file:
        yield release.values_file
    yield from release.resource_files
    values = list(release.values)
    if not release.skip_default_values:
        if environment.default_values_file:
            yield environment.default_values_file
        values += environment.default_values
    for value in values:
        if value.value_from is not None and value.value_from.kind == "file":
            yield str(value.value_from.settings["path"])


def _harmless(path: str, repository: Repository) -> bool:
    """A file that nothing names, that declares nothing, and that cannot be half of a chart."""
    name = posixpath.basename(path)
    # A path outside of the repository's folder belongs to something else in the same Git repository.
    relative = posixpath.relpath(path, repository.root)
    return name in OWN_FILES or any(fnmatchcase(relative, one) or fnmatchcase(name, one) for one in HARMLESS)


def _above(path: str) -> Iterator[str]:
    while path not in ("/", ""):
        path = posixpath.dirname(path)
        yield path


def _same_surroundings(before: Environment, after: Environment, moved: _Moved) -> bool:
    """Whether everything but its releases is the same. Positions do not count."""
    names = [f.name for f in fields(Environment) if f.name not in ("releases", "position")]
    return all(moved.same(getattr(before, name), getattr(after, name)) for name in names)


@dataclass(frozen=True, slots=True)
class _Moved:
    """Two checkouts in different folders compare as if they were in one."""

    old: str
    new: str

    def path(self, path: str) -> str:
        """A path below the old folder as it is below the new one."""
        if self.old != self.new and (path == self.old or path.startswith(self.old + "/")):
            return self.new + path[len(self.old) :]
        return path

    def same(self, one: Any, other: Any) -> bool:
        """Equal, wherever it stands."""
        if one is other:
            return True
        kind = type(one)
        if kind is not type(other):
            return False
        if kind is str:
            return bool(one == other) or (self.old != self.new and self.path(one) == other)
        if kind is tuple:
            return len(one) == len(other) and all(self.same(a, b) for a, b in zip(one, other, strict=True))
        if is_dataclass(kind):
            return all(self.same(getattr(one, name), getattr(other, name)) for name in _names(kind))
        if kind is dict and self.old != self.new:
            return one.keys() == other.keys() and all(self.same(one[key], other[key]) for key in one)
        return bool(one == other)


_FIELDS: dict[type, tuple[str, ...]] = {}


def _names(kind: type) -> tuple[str, ...]:
    names = _FIELDS.get(kind)
    if names is None:
        names = _FIELDS[kind] = tuple(f.name for f in fields(kind) if f.type not in ("Position", Position))
    return names
