"""Secrets at rest: sealed with the server's own key before they are stored (AES-256-GCM).

What is sealed is bound to its place: a value that somebody moves to another row does not open there. The rule not to
break: neither a key nor what was sealed is in an error, a log or a repr.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fairway.domain.errors import UserError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_VERSION = b"\x01"
_NONCE_BYTES = 12
_MAKE_ONE = "openssl rand -hex 32"


class NotOpened(UserError):
    """No key opens it: it was sealed with another key, for another place, or was changed."""


class SecretBox:
    """The first key seals, all of them open; so a new key is put before the old ones, and those are taken out later."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise ValueError(f"keys of {KEY_BYTES} bytes each are needed, at least one")
        self._keys = tuple(keys)
        self._ciphers: tuple[AESGCM, ...] = ()

    def seal(self, plain: bytes, place: str) -> bytes:
        """`place` says where it is stored, e.g. `team_keys/orders/7`; the same is needed to open it."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._made()[0].encrypt(nonce, plain, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Raises NotOpened."""
        from cryptography.exceptions import InvalidTag

        version, nonce, rest = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if version == _VERSION and len(nonce) == _NONCE_BYTES:
            for cipher in self._made():
                try:
                    return cipher.decrypt(nonce, rest, place.encode())
                except InvalidTag:
                    continue
        raise NotOpened(
            "a stored secret cannot be opened with the server's key",
            fix="add the key that it was sealed with to the file of secret keys, on a line of its own",
        )

    def _made(self) -> tuple[AESGCM, ...]:
        if not self._ciphers:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM

            self._ciphers = tuple(AESGCM(key) for key in self._keys)
        return self._ciphers

    def __repr__(self) -> str:
        return f"SecretBox({len(self._keys)} keys)"


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def read_secret_box(file: Path) -> SecretBox:
    """From a file with one key of 64 hexadecimal digits in each line; `#` begins a comment. Raises UserError."""
    try:
        text = file.read_text(encoding="ascii")
    except FileNotFoundError:
        raise UserError(f"there is no file of secret keys at {file}", fix=f"make one: {_MAKE_ONE} > {file}") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise UserError(f"the file of secret keys {file} cannot be read: {reason}", fix="see to its rights") from None
    keys: list[bytes] = []
    for number, line in enumerate(text.splitlines(), 1):
        written = line.partition("#")[0].strip()
        if written:
            keys.append(_key(written, file, number))
    if not keys:
        raise UserError(f"the file of secret keys {file} holds no key", fix=f"make one: {_MAKE_ONE} > {file}")
    return SecretBox(keys)


def own_secret_box(file: Path) -> SecretBox:
    """The same; where there is no file, one is made that only its owner can read. Any number may come at once."""
    if not file.exists():
        _make(file)
    return read_secret_box(file)


def _key(written: str, file: Path, line: int) -> bytes:
    try:
        key = bytes.fromhex(written)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise UserError(
            f"line {line} of the file of secret keys {file} is not a key of {2 * KEY_BYTES} hexadecimal digits",
            fix=f"make one: {_MAKE_ONE}",
        )
    return key


def _make(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=".secret-keys-")
        try:
            with os.fdopen(handle, "w", encoding="ascii") as new:
                new.write(f"{new_key().hex()}\n")
                new.flush()
                os.fsync(new.fileno())
            # A link fails where somebody else was quicker, and never shows half a file.
            os.link(name, file)
        except FileExistsError:
            return
        finally:
            os.unlink(name)
    except OSError as error:
        raise UserError(
            f"no file of secret keys can be made at {file}: {error.strerror or error}",
            fix="see to the rights of its folder, or name another file",
        ) from error
