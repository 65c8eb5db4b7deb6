"""Writes upgrades into the files that hold them.

The rule not to break: a file is replaced whole or not at all, after all its edits were checked; what cannot be edited
safely, or would change a release that nobody asked to upgrade, is left alone and comes back with the reason.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fairway.domain.errors import FairwayError, Position, UserError
from fairway.domain.repository.models import CHART_VERSION, ChartKind, Release, Repository
from fairway.domain.upgrades.chart_lock import relocked
from fairway.domain.upgrades.locate import locate, locate_chart_version, locate_lock
from fairway.domain.upgrades.places import Place, change_all
from fairway.domain.upgrades.written import CannotEdit
from fairway.domain.values.layers import LayerKind
from fairway.domain.values.tracing import Origin
from fairway.services.upgrades.checking import Look
from fairway.services.upgrades.dependencies import refuse_vendored
from fairway.services.upgrades.files import replace_file

HEADER = "# These versions win over what the release files beside this one say.\n"


@dataclass(frozen=True, slots=True, eq=False)
class ValueEdit:
    """A value of one release that is to become `new`."""

    environment: str
    release: Release
    key: str
    """A dotted path, or `chart.version`."""
    new: str
    where: Position
    """Where the value stands now."""
    origins: tuple[Origin, ...] = ()
    """The layers that speak about it, strongest first."""
    lock: bool = False
    """Write it into the lock file, whatever holds it now."""


@dataclass(frozen=True, slots=True)
class EditsDone:
    """Every edit was made or refused."""

    files: tuple[str, ...]
    """The files that changed, as positions name them, in the order of the edits."""
    refused: Mapping[ValueEdit, FairwayError]
    paths: Mapping[ValueEdit, tuple[Path, ...]]
    """Absolute: the file that has the value of an edit, and what else belongs to it (Chart.lock)."""
    shown: Mapping[ValueEdit, str]
    """The first of `paths` as positions name it."""


@dataclass(frozen=True, slots=True)
class NotEdited:
    """An upgrade that somebody has to make by hand."""

    look: Look
    error: FairwayError


@dataclass(frozen=True, slots=True)
class Patched:
    """`edited` has an upgrade of several environments that share a release once for each of them."""

    edited: tuple[Look, ...]
    not_edited: tuple[NotEdited, ...]
    files: tuple[str, ...]
    """The files that changed, as positions name them, in the order of the upgrades."""
    file_of: Mapping[int, str] = field(default_factory=dict)
    """By the id of each edited look, the file that says its version now."""


async def patch(
    repository: Repository, upgrades: Iterable[Look], shown_from: Path | None = None, *, lock: bool = False
) -> Patched:
    """Edit the files of these upgrades. Raises as `edit_values`."""
    edits = {edit_of(look, lock=lock): look for look in upgrades if look.new is not None}
    done = await edit_values(repository, tuple(edits), shown_from)
    return Patched(
        tuple(look for edit, look in edits.items() if edit not in done.refused),
        tuple(NotEdited(look, done.refused[edit]) for edit, look in edits.items() if edit in done.refused),
        done.files,
        {id(look): done.shown[edit] for edit, look in edits.items() if edit not in done.refused},
    )


def edit_of(look: Look, *, lock: bool = False) -> ValueEdit:
    watch = look.watch
    return ValueEdit(
        watch.environment, watch.release, watch.key, look.new or watch.current, watch.where, watch.origins, lock
    )


async def edit_values(repository: Repository, edits: Sequence[ValueEdit], shown_from: Path | None = None) -> EditsDone:
    """Edit the files that hold these values. Raises Terminal when a file cannot be written; files before it are done.

    `shown_from` is what positions are relative to (default: the working directory).
    """
    return await asyncio.to_thread(_Patching(repository, shown_from or Path.cwd()).run, tuple(edits))


@dataclass(slots=True)
class _Patching:
    """One run of `edit_values`. Places are found in the files as they were before the first edit."""

    repository: Repository
    shown_from: Path
    contents: dict[str, bytes] = field(default_factory=dict)
    errors: dict[ValueEdit, FairwayError] = field(default_factory=dict)
    users: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    """Releases by the files that hold values of theirs alone."""

    def run(self, edits: tuple[ValueEdit, ...]) -> EditsDone:
        by_file: dict[str, dict[Place, list[ValueEdit]]] = {}
        shown: dict[ValueEdit, str] = {}
        for edit in edits:
            try:
                place = self._place(edit)
                shown[edit] = place.file
                by_file.setdefault(place.file, {}).setdefault(place, []).append(edit)
            except FairwayError as error:
                self.errors[edit] = error
        files = tuple(name for file, places in by_file.items() for name in self._edit(file, places))
        paths = {edit: tuple(map(self._absolute, (file, *self._beside(file)))) for edit, file in shown.items()}
        return EditsDone(files, self.errors, paths, shown)

    def _absolute(self, file: str) -> Path:
        return Path(os.path.abspath(self.shown_from / file))

    def _beside(self, file: str) -> tuple[str, ...]:
        """The Chart.lock of a Chart.yaml."""
        lock = os.path.join(os.path.dirname(file), "Chart.lock")
        is_chart = os.path.basename(file) == "Chart.yaml"
        return (lock,) if is_chart and (self.shown_from / lock).exists() else ()

    def _place(self, edit: ValueEdit) -> Place:
        if edit.origins and edit.origins[0].layer in (LayerKind.RESOURCE, LayerKind.DEPENDENCY):
            if edit.lock:
                message = f"{edit.key} is a {edit.origins[0].layer}'s, and cannot be locked"
                raise CannotEdit(message, where=edit.where, fix="edit the file itself: without --lock")
            if edit.origins[0].layer is LayerKind.DEPENDENCY:
                refuse_vendored(self._absolute(edit.where.file).parent, edit.origins[0].note, edit.where)
            return locate(edit.release, edit.key, edit.origins, self._read)
        if edit.lock:
            return locate_lock(edit.release, edit.environment, edit.key, self._read)
        if edit.key == CHART_VERSION:
            return locate_chart_version(edit.release, self._read)
        return locate(edit.release, edit.key, edit.origins, self._read)

    def _read(self, file: str) -> bytes:
        if file not in self.contents:
            try:
                self.contents[file] = (self.shown_from / file).read_bytes()
            except OSError as error:
                raise UserError(f"cannot be read: {error.strerror}", where=Position(file)) from error
        return self.contents[file]

    def _edit(self, file: str, places: dict[Place, list[ValueEdit]]) -> list[str]:
        """All edits of one file; which files changed."""
        if all(place.made for place in places) and not (self.shown_from / file).exists():
            self.contents[file] = HEADER.encode()
        try:
            before = self._read(file)
        except FairwayError as error:
            self.errors |= {edit: error for edits in places.values() for edit in edits}
            return []
        wanted: dict[Place, str] = {}
        for place, edits in places.items():
            try:
                wanted[place] = self._new(place, edits)
            except FairwayError as error:
                self.errors |= dict.fromkeys(edits, error)
        data, refused = change_all(before, wanted)
        self.errors |= {edit: error for place, error in refused.items() for edit in places[place]}
        if data == before:
            return []
        try:
            companions = {lock: self._relocked(file, lock, before, data) for lock in self._beside(file)}
        except FairwayError as error:
            self.errors |= {edit: error for edits in places.values() for edit in edits}
            return []
        for name, content in {**companions, file: data}.items():
            replace_file(self.shown_from / name, name, content)
        return [file, *companions]

    def _relocked(self, file: str, lock: str, before: bytes, after: bytes) -> bytes:
        urls = {repo.name: repo.url for repo in self.repository.helm_repos}
        return relocked(before, after, self._read(lock), os.path.dirname(file) or ".", urls)

    def _new(self, place: Place, edits: list[ValueEdit]) -> str:
        """What all who share a place want of it. Raises CannotEdit when they disagree, or were not all asked for."""
        first = edits[0]
        wanted = {edit.new: edit for edit in edits}
        if len(wanted) > 1:
            each = ", ".join(f"{one.environment}/{one.release.name} {new}" for new, one in wanted.items())
            message = f"{first.key} is shared by releases that want different versions: {each}"
            raise CannotEdit(message, where=first.where, fix="give each its own value")
        others = self._users(place.file) - {_entry(edit.release) for edit in edits}
        if others:
            names = ", ".join(sorted(name for _, name in others))
            message = f"{place.file} holds the values of other releases too: {names}"
            fix = f'write {{key: {first.key}, value: "…"}} under values of release "{first.release.name}"'
            if place.path[0] == "dependencies":
                fix = "upgrade all of them together, or edit it by hand"
            raise CannotEdit(message, where=first.where, fix=fix)
        return first.new

    def _users(self, file: str) -> set[tuple[str, str]]:
        """The releases that have a file as their values file, or as their chart's Chart.yaml."""
        if not self.users:
            for release in (release for one in self.repository.environments for release in one.releases):
                chart = release.chart
                if release.values_file:
                    self.users.setdefault(release.values_file, set()).add(_entry(release))
                if chart is not None and chart.kind is ChartKind.DIRECTORY:
                    self.users.setdefault(os.path.join(chart.location, "Chart.yaml"), set()).add(_entry(release))
            self.users.setdefault("", set())
        return self.users.get(os.path.join(self.shown_from, file), set())


def _entry(release: Release) -> tuple[str, str]:
    return release.from_file, release.name
