"""The key of a queue on one machine, made by the first to come; readable by nobody else."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from fairway.domain.errors import UserError

LENGTH = 32


def key_in(path: Path) -> bytes:
    """What is in the file; it is made when it is not there. Blocks. Raises `UserError` for a file that holds none."""
    try:
        if not path.exists():
            _make(path)
        key = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"the queue's key {path} can't be used: {error.strerror}", fix="let this user read and write it"
        ) from error
    if len(key) != LENGTH:
        raise UserError(f"{path} holds {len(key)} bytes, no key", fix=f"remove it; a new one is made: rm {path}")
    return key


def _make(path: Path) -> None:
    """Whole or not at all: a link is made to it when it is written, and the first link wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(LENGTH))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(written, path)
    finally:
        written.unlink()
