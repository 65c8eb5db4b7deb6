"""Answers kept with their validators, so that an index of 10 MB is transferred only when it changed.

The rule not to break: a kept body is used only when its digest still holds, and never for another login's answer.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from fairway.adapters.charts.cache import key_hash, write_atomically
from fairway.adapters.charts.web import AccessTo, Answer, Web, anonymous
from fairway.domain.charts.sources import Unreachable


@dataclass(frozen=True, slots=True)
class Kept:
    status: int
    body: bytes
    digest: str
    """Hexadecimal SHA-256 of the body."""
    stale: Unreachable | None = None
    """Why the body could not be checked to be the newest."""


class WebCache:
    """Conditional GETs over `Web`. Answers other than 200 and 304 come back as they are, with an empty digest."""

    def __init__(self, root: Path, web: Web) -> None:
        self._root = root / "web"
        self._web = web

    async def get(
        self,
        url: str,
        access: AccessTo = anonymous,
        *,
        limit: int,
        raw: bool = True,
        stale_if_unreachable: bool = False,
    ) -> Kept:
        login = access(url).headers.get("Authorization", "")
        path = self._root / key_hash(f"{url}\n{login}")
        known = await asyncio.to_thread(_read, path)
        conditions: dict[str, str] = {}
        if known:
            for name, header in (("etag", "If-None-Match"), ("last_modified", "If-Modified-Since")):
                if known[0][name]:
                    conditions[header] = known[0][name]
        try:
            answer = await self._web.get(url, access, limit=limit, headers=conditions, raw=raw)
        except Unreachable as error:
            if known and stale_if_unreachable:
                return Kept(200, known[1], known[0]["sha256"], error)
            raise
        if answer.status == 304 and known:
            return Kept(200, known[1], known[0]["sha256"])
        if answer.status != 200:
            return Kept(answer.status, answer.body, "")
        return Kept(200, answer.body, await asyncio.to_thread(_keep, path, answer))


def _read(path: Path) -> tuple[dict[str, str], bytes] | None:
    try:
        about = json.loads(path.with_suffix(".json").read_bytes())
        body = path.with_suffix(".body").read_bytes()
        if about["sha256"] == hashlib.sha256(body).hexdigest() and {"etag", "last_modified"} <= about.keys():
            return about, body
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def _keep(path: Path, answer: Answer) -> str:
    digest = hashlib.sha256(answer.body).hexdigest()
    about = {
        "url": answer.url.split("?", 1)[0],
        "sha256": digest,
        "etag": answer.headers.get("etag", ""),
        "last_modified": answer.headers.get("last-modified", ""),
    }
    write_atomically(path.with_suffix(".body"), answer.body)
    write_atomically(path.with_suffix(".json"), json.dumps(about).encode())
    return digest
