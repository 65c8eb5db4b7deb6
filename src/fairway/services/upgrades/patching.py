"""Writes upgrades into the files that hold them.

The rule not to break: a file is replaced whole or not at all, after all its edits were checked; what cannot be edited
safely, or would change a release that nobody asked to upgrade, is left alone and comes back with the reason.
"""

from __future__ import annotations

import asyncio
import os
import stat
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from fairway.domain.errors import FairwayError, Position, Terminal, UserError
from fairway.domain.repository.models import Release, Repository
from fairway.domain.upgrades.locate import Place, change_all, locate, locate_chart_version
from fairway.domain.upgrades.written import CannotEdit
from fairway.services.upgrades.checking import Look


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


async def patch(repository: Repository, upgrades: Iterable[Look], shown_from: Path | None = None) -> Patched:
    """Edit the files of these upgrades. Raises Terminal when a file cannot be written; files before it are done.

    `shown_from` is what positions are relative to (default: the working directory).
    """
    return await asyncio.to_thread(_Patching(repository, shown_from or Path.cwd()).run, tuple(upgrades))


@dataclass(slots=True)
class _Patching:
    """One run of `patch`. Places are found in the files as they were before the first edit."""

    repository: Repository
    shown_from: Path
    contents: dict[str, bytes] = field(default_factory=dict)
    errors: dict[int, FairwayError] = field(default_factory=dict)
    """Why a look was not edited, by its id."""

    def run(self, upgrades: tuple[Look, ...]) -> Patched:
        by_file: dict[str, dict[Place, list[Look]]] = {}
        for look in upgrades:
            try:
                place = self._place(look)
                by_file.setdefault(place.file, {}).setdefault(place, []).append(look)
            except FairwayError as error:
                self.errors[id(look)] = error
        files = tuple(file for file, places in by_file.items() if self._edit(file, places))
        edited = tuple(look for look in upgrades if id(look) not in self.errors)
        failed = tuple(NotEdited(look, self.errors[id(look)]) for look in upgrades if id(look) in self.errors)
        return Patched(edited, failed, files)

    def _place(self, look: Look) -> Place:
        watch = look.watch
        if watch.kind == "chart":
            return locate_chart_version(watch.release, self._read)
        return locate(watch.release, watch.key, watch.origins, self._read)

    def _read(self, file: str) -> bytes:
        if file not in self.contents:
            try:
                self.contents[file] = (self.shown_from / file).read_bytes()
            except OSError as error:
                raise UserError(f"cannot be read: {error.strerror}", where=Position(file)) from error
        return self.contents[file]

    def _edit(self, file: str, places: dict[Place, list[Look]]) -> bool:
        """All edits of one file; whether it changed."""
        try:
            before = self._read(file)
        except FairwayError as error:
            self.errors |= {id(look): error for looks in places.values() for look in looks}
            return False
        wanted: dict[Place, str] = {}
        for place, looks in places.items():
            try:
                wanted[place] = self._new(place, looks)
            except FairwayError as error:
                self.errors |= {id(look): error for look in looks}
        data, refused = change_all(before, wanted)
        self.errors |= {id(look): error for place, error in refused.items() for look in places[place]}
        if data != before:
            _replace(os.path.realpath(self.shown_from / file), file, data)
        return data != before

    def _new(self, place: Place, looks: list[Look]) -> str:
        """What all who share a place want of it. Raises CannotEdit when they disagree, or were not all asked for."""
        watch = looks[0].watch
        wanted = {look.new: look.watch for look in looks if look.new is not None}
        if len(wanted) > 1:
            each = ", ".join(f"{one.environment}/{one.release.name} {new}" for new, one in wanted.items())
            message = f"{watch.key} is shared by releases that want different versions: {each}"
            raise CannotEdit(message, where=watch.where, fix="give each its own value")
        others = self._users(place.file) - {_entry(look.watch.release) for look in looks}
        if others:
            names = ", ".join(sorted(name for _, name in others))
            message = f"{place.file} holds the values of other releases too: {names}"
            fix = f'write {{key: {watch.key}, value: "…"}} under values of release "{watch.release.name}"'
            raise CannotEdit(message, where=watch.where, fix=fix)
        return next(iter(wanted))

    def _users(self, file: str) -> set[tuple[str, str]]:
        """The releases that have a file as their values file."""
        path = os.path.join(self.shown_from, file)
        releases = (release for environment in self.repository.environments for release in environment.releases)
        return {_entry(release) for release in releases if release.values_file == path}


def _entry(release: Release) -> tuple[str, str]:
    return release.from_file, release.name


def _replace(path: str, shown: str, data: bytes) -> None:
    """Beside the file, so that the rename stays within its file system; its mode is kept."""
    new = ""
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
        handle, new = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".fairway-")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(new, mode)
        os.replace(new, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(new)
        raise Terminal(f"{shown} cannot be written: {error.strerror}", fix="give the right to write there") from error
