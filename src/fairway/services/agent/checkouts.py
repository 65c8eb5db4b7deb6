"""A commit's files, left alone for as long as somebody reads them.

The source has one folder that changes with each commit. A pass may read for minutes (it waits for pods, then renders
the next chart), and a fix must not wait for it: so each commit is read in a copy that no reader holds, and copies are
brought up to date by what differs. The rule not to break: a copy that somebody holds does not change.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from fairway.services.agent.ports import Source
from fairway.services.loading import Documents


class Checkout:
    """The files of one commit below `top`."""

    def __init__(self, top: Path, commit: str = "") -> None:
        self.top = top
        self.commit = commit
        self.documents = Documents()
        """What was parsed in this folder."""
        self._readers = 0

    @property
    def free(self) -> bool:
        return not self._readers

    @contextmanager
    def held(self) -> Iterator[Path]:
        """It stays as it is inside of the block."""
        self._readers += 1
        try:
            yield self.top
        finally:
            self._readers -= 1


class Checkouts(Protocol):
    async def take(self, commit: str) -> Checkout:
        """Exactly the files of a fetched commit. Hold it before anybody else asks for another commit."""
        ...


class InPlace:
    """The source's own folder, which changes under its readers anyway: somebody edits it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._only: Checkout | None = None

    async def take(self, commit: str) -> Checkout:
        top = await self._source.checkout(commit)
        if self._only is None:
            self._only = Checkout(top)
        self._only.commit = commit
        return self._only


class Copies:
    """Copies below a folder of one's own: as many as commits are read at once, which is nearly always one."""

    def __init__(self, source: Source, folder: Path) -> None:
        self._source = source
        self._folder = folder
        self._copies: list[Checkout] = []

    async def take(self, commit: str) -> Checkout:
        copy = next((one for one in self._copies if one.commit == commit), None)
        if copy is not None:
            return copy
        copy = next((one for one in self._copies if one.free), None)
        if copy is None:
            copy = Checkout(self._folder / f"copy-{len(self._copies)}")
            self._copies.append(copy)
        changed = await self._source.changed(copy.commit, commit) if copy.commit else None
        source = await self._source.checkout(commit)
        # Until it is whole it is nobody's commit: who is interrupted here copies everything the next time.
        copy.commit = ""
        await asyncio.to_thread(_bring, source, copy.top, changed)
        copy.commit = commit
        return copy


def _bring(source: Path, target: Path, changed: Iterable[str] | None) -> None:
    """Make `target` equal to `source`: by the paths that changed, or altogether."""
    if changed is None:
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target, symlinks=True, ignore=_not_git(source))
        return
    for name in changed:
        new, old = source / name, target / name
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        with suppress(FileNotFoundError, NotADirectoryError):
            old.unlink()
        if os.path.lexists(new):
            for above in reversed([p for p in old.parents if p != target and target in p.parents]):
                if above.is_symlink() or above.is_file():
                    above.unlink()
            old.parent.mkdir(parents=True, exist_ok=True)
            if new.is_dir() and not new.is_symlink():
                shutil.copytree(new, old, symlinks=True)
            else:
                shutil.copy2(new, old, follow_symlinks=False)
        else:
            _remove_empty(old.parent, target)


def _not_git(source: Path) -> Callable[[str, list[str]], set[str]]:
    top = str(source)
    return lambda folder, names: {".git"} & set(names) if str(folder) == top else set()


def _remove_empty(folder: Path, top: Path) -> None:
    while folder != top:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
