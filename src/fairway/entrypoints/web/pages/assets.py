"""Files that pages refer to, under names that change with their contents, so that browsers may keep them for ever.

The rule not to break: only what is in `static` is served, and only under the name with the right hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fastapi import FastAPI, Response

STATIC = Path(__file__).parent / "static"
PREFIX = "/assets/"
FOR_EVER = "public, max-age=31536000, immutable"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    path: str
    content_type: str
    content: bytes


@lru_cache
def assets() -> Mapping[str, Asset]:
    """By file name, read once."""
    return {
        file.name: _asset(file.name, file.read_bytes()) for file in sorted(STATIC.iterdir()) if file.suffix in _TYPES
    }


def asset_path(name: str) -> str:
    """`fairway.css` → `/assets/fairway.1f3a….css`. Raises KeyError for a file that is not there."""
    return assets()[name].path


def add_assets(app: FastAPI) -> None:
    by_path = {asset.path: asset for asset in assets().values()}

    @app.get(PREFIX + "{name}")
    async def asset(name: str) -> Response:
        found = by_path.get(PREFIX + name)
        if found is None:
            return Response("not found\n", 404, media_type="text/plain")
        return Response(found.content, media_type=found.content_type, headers={"cache-control": FOR_EVER})


def _asset(name: str, content: bytes) -> Asset:
    stem, dot, suffix = name.rpartition(".")
    digest = hashlib.sha256(content).hexdigest()[:16]
    return Asset(f"{PREFIX}{stem}.{digest}{dot}{suffix}", _TYPES[dot + suffix], content)
