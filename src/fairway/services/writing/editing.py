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
from fairway.services.writing.making import make_all

Load = Callable[[Path], Repository]
"""The repository below the top folder of its files. Raises InvalidInput with its mistakes."""


@dataclass(frozen=True, slots=True)
class Edits:
    edited: tuple[Edited, ...] = ()
    failed: tuple[Failed, ...] = ()


async def edit(load: Load, top: Path, changes: Sequence[Change]) -> Edits:
    """Raises InvalidInput when the repository has mistakes."""
    try:
        repository = await asyncio.to_thread(load, top)
    except FairwayError as error:
        raise _within(error, top) from error
    made = await make_all(repository, changes)
    edited = tuple(one for one in made if isinstance(one, Edited))
    failed = tuple(
        Failed(change, _within(one, top))
        for change, one in zip(changes, made, strict=True)
        if isinstance(one, FairwayError)
    )
    return Edits(edited, failed)


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
