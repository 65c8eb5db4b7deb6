"""The schemas that a cluster serves, custom resources included: asked per API version, kept on disk by their hash.

The rule not to break: a document is only taken from the disk under the hash that the server names for it now.
Source: the index at /openapi/v3, whose addresses carry the hash of each document.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import orjson

from fairway.domain.kubernetes.schemas import Schemas, compact


class Published(Protocol):
    async def document(self, path: str) -> Any:
        """A JSON document that the API server publishes. Raises Transient or Forbidden."""
        ...


class ServedSchemas:
    """One cluster's schemas, for one run."""

    def __init__(self, server: Published, cache: Path) -> None:
        self._server = server
        self._cache = cache
        self._index: asyncio.Future[Mapping[str, Any]] | None = None

    async def schemas(self, api_versions: Iterable[str]) -> Schemas:
        """The schemas of these API versions; one that the cluster does not serve is left out."""
        if self._index is None:
            self._index = asyncio.ensure_future(self._read_index())
        paths = await asyncio.shield(self._index)
        wanted = [address for one in sorted(set(api_versions)) if (address := _address(paths, one)) is not None]
        parts = await asyncio.gather(*(self._document(address) for address in wanted))
        definitions: dict[str, Any] = {}
        kinds: dict[str, str] = {}
        for part in parts:
            definitions.update(part["definitions"])
            kinds.update(part["kinds"])
        return Schemas(definitions, kinds)

    async def _read_index(self) -> Mapping[str, Any]:
        index = await self._server.document("/openapi/v3")
        return index.get("paths") or {}

    async def _document(self, address: str) -> Mapping[str, Any]:
        file = self._file(address)
        if file is not None and (known := await asyncio.to_thread(_read, file)) is not None:
            return known
        definitions, kinds = compact([await self._server.document(address)])
        part = {"definitions": definitions, "kinds": kinds}
        if file is not None:
            await asyncio.to_thread(_write, file, orjson.dumps(part))
        return part

    def _file(self, address: str) -> Path | None:
        """Where the document is kept: under the server's hash and its path, since equal hashes may be of two paths."""
        url = urlsplit(address)
        stated = parse_qs(url.query).get("hash")
        if not stated:
            return None
        name = hashlib.sha256(f"{url.path}\0{stated[0]}".encode()).hexdigest()
        return self._cache / f"{name}.json"


def _address(paths: Mapping[str, Any], api_version: str) -> str | None:
    entry = paths.get(f"apis/{api_version}" if "/" in api_version else f"api/{api_version}")
    return str(entry["serverRelativeURL"]) if entry else None


def _read(file: Path) -> Mapping[str, Any] | None:
    """None also for a file that is damaged: it is then fetched anew."""
    try:
        content = orjson.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and "kinds" in content and "definitions" in content else None


def _write(file: Path, data: bytes) -> None:
    """A cache that cannot be written costs only time."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(f".{os.getpid()}.new")
        new.write_bytes(data)
        new.replace(file)
    except OSError:
        return
