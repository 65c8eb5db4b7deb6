"""Files of the repository, replaced whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from fairway.domain.errors import Position, Terminal, UserError

_NEW = 0o644


def read_file(path: Path, shown: str) -> bytes | None:
    """None when there is none. Raises UserError when it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", where=Position(shown)) from error


def replace_file(path: str | Path, shown: str, data: bytes) -> None:
    """Written beside the file, so that the rename stays within its file system; its mode is kept, links are followed.

    Raises Terminal when it cannot be written; the file is then as it was.
    """
    path = os.path.realpath(path)
    new = ""
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode) if os.path.exists(path) else _NEW
        handle, new = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".fairway-")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(new, mode)
        os.replace(new, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(new)
        raise Terminal(f"{shown} cannot be written: {error.strerror}", fix="give the right to write there") from error
