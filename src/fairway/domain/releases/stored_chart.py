"""The chart inside a record, packed once and shared by every revision that carries it.

Five hundred releases of one chart would otherwise encode and compress the same templates five hundred times, and a
change of status would do it again. The rule not to break: a stored chart is immutable, since its bytes are shared.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from fairway.domain.errors import Terminal

GZIP = 31
"""zlib's window bits for a gzip member, read or written."""


class StoredChart(Mapping[str, Any]):
    """`{metadata, lock, templates, values, schema, files}` as Helm keeps it; equal to any mapping of equal content.

    `packed` is one gzip member that holds the chart's JSON and the brace that closes the record around it.
    """

    __slots__ = ("_content", "_packed")

    def __init__(self, content: Mapping[str, Any] | None, *, packed: bytes = b"") -> None:
        self._content = None if content is None else dict(content)
        self._packed = packed

    @classmethod
    def of(cls, chart: Mapping[str, Any]) -> StoredChart:
        return chart if isinstance(chart, StoredChart) else cls(chart)

    @property
    def packed(self) -> bytes:
        if not self._packed:
            self._packed = gzip_member(to_json(self._content or {}) + b"}")
        return self._packed

    @property
    def content(self) -> dict[str, Any]:
        """Decoded on first use; raises `Terminal` when the bytes are damaged."""
        if self._content is None:
            self._content = _unpack(self._packed)
        return self._content

    def __getitem__(self, key: str) -> Any:
        return self.content[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.content)

    def __len__(self) -> int:
        return len(self.content)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and self.content == dict(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        metadata = self.content.get("metadata") or {}
        return f"StoredChart({metadata.get('name')}-{metadata.get('version')})"


def gzip_member(data: bytes) -> bytes:
    """Best compression, as Helm uses; no time and no file name inside, so equal input gives equal bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, GZIP)
    return packer.compress(data) + packer.flush()


def to_json(value: Any) -> bytes:
    """JSON of plain data; integers beyond 64 bits are kept (orjson alone refuses them)."""
    try:
        return orjson.dumps(value)
    except TypeError:
        import json

        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _unpack(packed: bytes) -> dict[str, Any]:
    try:
        content = orjson.loads(zlib.decompress(packed, GZIP)[:-1])
    except (zlib.error, orjson.JSONDecodeError) as error:
        raise Terminal(f"the chart inside the stored revision is damaged: {error}") from error
    return content if isinstance(content, dict) else {}
