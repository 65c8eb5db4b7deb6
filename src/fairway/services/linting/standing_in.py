"""Value files whose secrets nobody here can read: lint needs their keys, never what they say.

The rule not to break: no key is asked for and no program is run, so that lint does the same on every machine.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from fairway.domain.errors import UserError

_ENCRYPTED = re.compile(r"ENC\[[^\]]*type:(?P<type>str|int|float|bool|bytes|comment)\]")
_METADATA = re.compile(r"^sops:[^\n]*\n(?:[ \t-][^\n]*(?:\n|\Z)|\n)*", re.MULTILINE)
_INSTEAD = {"int": "1", "float": "1.5", "bool": "true"}
TEXT = "(encrypted, not read)"


class EncryptedAsWritten:
    """A `Decryptor` that puts a word, or a number of the same type, where a SOPS file holds an encrypted value."""

    async def decrypt(self, path: str) -> str:
        """The file's YAML. Raises UserError when it cannot be read."""
        try:
            text = await asyncio.to_thread(Path(path).read_text, encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"cannot read {path}: {error}", fix="correct the path, or create it") from error
        return _ENCRYPTED.sub(lambda found: _INSTEAD.get(found["type"], TEXT), _METADATA.sub("", text))
