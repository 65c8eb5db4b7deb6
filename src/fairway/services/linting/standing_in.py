"""What stands in for values that lint does not read: encrypted ones, and those of a cluster that is not asked.

The rule not to break: no key is asked for and no program is run, so that lint does the same on every machine; and
nothing that comes of a stand-in alone is called a mistake.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fairway.domain.errors import UserError

_ENCRYPTED = re.compile(r"ENC\[[^\]]*type:(?P<type>str|int|float|bool|bytes|comment)\]")
_METADATA = re.compile(r"^sops:[^\n]*\n(?:[ \t-][^\n]*(?:\n|\Z)|\n)*", re.MULTILINE)
_INSTEAD = {"int": "1", "float": "1.5", "bool": "true"}
MARK = "not read offline)"
"""How every text ends that stands in for a value; see also `services.values.sources`."""
TEXT = f"(encrypted and {MARK}"


def stands_in(value: Any) -> bool:
    """Whether a stand-in is somewhere in a value."""
    if isinstance(value, str):
        return MARK in value
    if isinstance(value, Mapping):
        return any(stands_in(item) for item in value.values())
    return isinstance(value, list) and any(stands_in(item) for item in value)


def stands_at(obj: Any, path: Sequence[str | int]) -> bool:
    """Whether what is at a path of an object was made from a stand-in."""
    for part in path:
        try:
            obj = obj[part]
        except (KeyError, IndexError, TypeError):
            return False
    return stands_in(obj)


class EncryptedAsWritten:
    """A `Decryptor` that puts a word, or a number of the same type, where a SOPS file holds an encrypted value.

    `apart`: other ciphertexts give other words and numbers, so that a changed value is seen to have changed.
    """

    def __init__(self, *, apart: bool = False) -> None:
        self._apart = apart

    async def decrypt(self, path: str) -> str:
        """The file's YAML. Raises UserError when it cannot be read."""
        try:
            text = await asyncio.to_thread(Path(path).read_text, encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"cannot read {path}: {error}", fix="correct the path, or create it") from error
        return _ENCRYPTED.sub(self._instead, _METADATA.sub("", text))

    def _instead(self, found: re.Match[str]) -> str:
        if not self._apart:
            return _INSTEAD.get(found["type"], TEXT)
        digest = hashlib.sha256(found[0].encode()).hexdigest()
        number = str(int(digest[:6], 16))
        return {"int": number, "float": f"{number}.5", "bool": "true"}.get(
            found["type"], f"(encrypted {digest[:8]} {MARK}"
        )
