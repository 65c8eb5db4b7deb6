"""Value files from disk: read and parsed once per run, decrypted when SOPS encrypted them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairway.domain.errors import Position, UserError
from fairway.domain.values.layers import ValuesDocument
from fairway.domain.yaml import load, load_with_positions
from fairway.services.loading import shown_path
from fairway.services.values.ports import Decryptor


@dataclass(slots=True)
class ValueFiles:
    """The value files of a run. Positions name files relative to `shown_from` where they are below it."""

    decryptor: Decryptor | None = None
    shown_from: Path = field(default_factory=Path.cwd)
    _read: dict[str, asyncio.Future[ValuesDocument]] = field(default_factory=dict)

    async def document(self, path: str, where: Position) -> ValuesDocument:
        """The parsed file; `where` is the place that names it. Raises UserError or InvalidInput."""
        if path not in self._read:
            self._read[path] = asyncio.ensure_future(self._document(path, where))
        try:
            return await asyncio.shield(self._read[path])
        except Exception:
            self._read.pop(path, None)
            raise

    def label(self, path: str) -> str:
        """How people see the path."""
        return shown_path(path, self.shown_from)

    async def _document(self, path: str, where: Position) -> ValuesDocument:
        label = self.label(path)
        values, positions = load_with_positions(_text(path, label, where), label)
        if values is None:
            values = {}
        if not isinstance(values, dict):
            raise UserError(
                f"{label} must hold a map of values, it holds {_name(values)}",
                where=positions[()],
                fix="write key: value lines",
            )
        if not _is_encrypted(values):
            return ValuesDocument(label, values, positions)
        if self.decryptor is None:
            raise UserError(
                f"{label} is encrypted with SOPS, and nothing here can decrypt it",
                where=where,
                fix="run this where the sops program and its keys are",
            )
        plain: dict[str, Any] = load(await self.decryptor.decrypt(path), label) or {}
        return ValuesDocument(label, plain, positions, secret=True)


def _text(path: str, label: str, where: Position) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{label} is not UTF-8 text", where=where, fix="save it as UTF-8") from error
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise UserError(f"cannot read {label}: {reason}", where=where, fix="correct the path, or create it") from error


def _is_encrypted(values: dict[str, Any]) -> bool:
    """SOPS leaves its metadata under the key `sops`, with the MAC of the tree."""
    metadata = values.get("sops")
    return isinstance(metadata, dict) and "mac" in metadata


def _name(value: Any) -> str:
    return "a list" if isinstance(value, list) else "a single value"
