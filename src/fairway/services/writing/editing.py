"""Makes changes in a folder, and says of each what came of it.

The rule not to break: places in errors are named as the repository names them, never by this machine's folders.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fairway.domain.errors import FairwayError, InvalidInput
from fairway.domain.repository.models import Repository
from fairway.services.writing.changes import Change, Edited, Failed
from fairway.services.writing.making import Made, Together, make_all

Load = Callable[[Path], Repository]
"""The repository below the top folder of its files. Raises InvalidInput with its mistakes."""


@dataclass(frozen=True, slots=True)
class Edits:
    edited: tuple[Edited, ...] = ()
    failed: tuple[Failed, ...] = ()


async def edit(load: Load, top: Path, changes: Sequence[Change]) -> Edits:
    """Raises InvalidInput when the repository has mistakes."""
    answers: dict[int, Made] = {}
    repository: Repository | None = None
    for group in _groups(changes):
        # Places are found in the files as they were read: after an edit they are read again.
        if repository is None:
            repository = await _read(load, top)
        made = await make_all(repository, group)
        answers |= {id(change): one for change, one in zip(group, made, strict=True)}
        if any(isinstance(one, Edited) for one in made):
            repository = None
    edited = tuple(one for change in changes if isinstance(one := answers[id(change)], Edited))
    failed = tuple(
        Failed(change, _within(one, top)) for change in changes if isinstance(one := answers[id(change)], FairwayError)
    )
    return Edits(edited, failed)


def _groups(changes: Sequence[Change]) -> list[list[Change]]:
    """What is made with one reading of the files: all changes of a kind that knows how to, else each by itself."""
    groups: dict[object, list[Change]] = {}
    for change in changes:
        groups.setdefault(type(change) if isinstance(change, Together) else id(change), []).append(change)
    return list(groups.values())


async def _read(load: Load, top: Path) -> Repository:
    try:
        return await asyncio.to_thread(load, top)
    except FairwayError as error:
        raise _within(error, top) from error


def _within(error: FairwayError, top: Path) -> FairwayError:
    """The error with all its places relative to the top folder."""
    shown = {f"{top}{os.sep}", f"{os.path.relpath(top)}{os.sep}"}

    def shorten(text: str) -> str:
        for prefix in shown:
            text = text.replace(prefix, "")
        return text

    error.hide(shorten)
    if error.where is not None:
        error.where = replace(error.where, file=shorten(error.where.file))
    if isinstance(error, InvalidInput):
        error.diagnostics = tuple(
            replace(one, position=replace(one.position, file=shorten(one.position.file))) if one.position else one
            for one in error.diagnostics
        )
    return error
