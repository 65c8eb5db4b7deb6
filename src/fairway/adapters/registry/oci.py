"""Images in registries, by the OCI distribution protocol, over the same sessions as charts.

The rule not to break: what is remembered by a digest was computed to have it. Tags are asked with HEAD, which costs
no pull where pulls are counted. Sources: OCI distribution and image specifications, Docker Registry HTTP API V2.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any, TypeGuard

from fairway.adapters.charts.oci import MOST_PAGES, next_page
from fairway.adapters.charts.oci_session import OciSession, OciSessions
from fairway.adapters.charts.web import Answer
from fairway.adapters.registry.dates import ImageDates
from fairway.adapters.registry.tag_memory import TagMemory
from fairway.domain.charts.archive import MIB
from fairway.domain.errors import Terminal, UserError

REQUESTS_AT_ONCE = 16
ACCEPT = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class OciImages:
    """The `Registry` of services/upgrades. `platform` is the one whose image dates an index of several."""

    def __init__(
        self, sessions: OciSessions, dates: ImageDates, memory: TagMemory, *, platform: str = "linux/amd64"
    ) -> None:
        self._sessions = sessions
        self._dates = dates
        self._memory = memory
        self._platform = platform
        self._slots = asyncio.Semaphore(REQUESTS_AT_ONCE)

    async def tags(self, repository: str) -> list[str]:
        tags: list[str] = []
        path = "tags/list?n=1000"
        for _ in range(MOST_PAGES):
            answer = await self._ask(repository, path, limit=32 * MIB)
            if answer.status == 404:
                fix = "check the name, or push an image to it"
                raise UserError(f"there is no image repository {repository}", fix=fix)
            listed = _json(answer.body, repository).get("tags") or []
            if not isinstance(listed, list):
                raise Terminal(f"{repository}: the registry's list of tags is not a list")
            tags += [tag for tag in listed if isinstance(tag, str)]
            path = next_page(answer)
            if not path:
                return tags
        raise Terminal(f"{repository} has more than {MOST_PAGES} pages of tags")

    async def digest(self, repository: str, tag: str) -> str | None:
        answer = await self._ask(repository, f"manifests/{tag}", method="HEAD")
        if answer.status == 404:
            return None
        given = answer.headers.get("docker-content-digest", "")
        if _DIGEST.fullmatch(given):
            return given
        answer = await self._ask(repository, f"manifests/{tag}")
        return None if answer.status == 404 else _digest(answer.body)

    async def created(self, repository: str, tag: str) -> datetime | None:
        digest = await self._memory.find(repository, tag)
        if digest is None:
            digest = await self.digest(repository, tag)
            if digest is None:
                return None
            self._memory.keep(repository, tag, digest)
        if known := await self._dates.find(digest):
            return known[0]
        about = await self._config(repository, digest)
        if about is None:
            return None
        created = _time(about.get("created"))
        await self._dates.keep(digest, created)
        return created

    async def _config(self, repository: str, digest: str) -> dict[str, Any] | None:
        """An image's config, empty when it has none; None when a part of it vanished meanwhile."""
        manifest = await self._content(repository, "manifests", digest)
        if manifest is not None and isinstance(manifest.get("manifests"), list):
            inner = _of_platform(manifest["manifests"], self._platform)
            manifest = await self._content(repository, "manifests", inner) if inner else {}
        if manifest is None:
            return None
        config = manifest.get("config")
        wanted = config.get("digest") if isinstance(config, dict) else None
        return await self._content(repository, "blobs", wanted) if _is_digest(wanted) else {}

    async def _content(self, repository: str, kind: str, digest: str) -> dict[str, Any] | None:
        """A JSON document by its digest; None when it is not there (anymore)."""
        answer = await self._ask(repository, f"{kind}/{digest}")
        if answer.status == 404:
            return None
        if _digest(answer.body) != digest:
            raise Terminal(f"{repository}@{digest}: the registry's answer does not have this digest")
        return _json(answer.body, repository)

    async def _ask(self, repository: str, path: str, *, limit: int = 4 * MIB, method: str = "GET") -> Answer:
        """Answers 200 and 404; everything else is raised."""
        host, _, name = repository.partition("/")
        headers = {"Accept": ACCEPT} if path.startswith("manifests/") else None
        async with self._slots:
            session = await self._sessions.of(host, name)
            answer = await session.get(path, limit=limit, headers=headers, method=method)
        if answer.status not in (200, 404):
            raise _refused(answer, session, repository, host)
        return answer


def _refused(answer: Answer, session: OciSession, repository: str, host: str) -> UserError:
    if answer.status in (401, 403):
        what = "the login was refused" if session.has_login else "it wants a login"
        return UserError(f"{repository}: {what} ({answer.status})", fix=f"docker login {host}")
    return UserError(f"{repository}: the registry answers {answer.status}", fix="check the name of the image")


def _of_platform(entries: list[Any], platform: str) -> str | None:
    """The image of a platform in an index, else of the first that runs anywhere (attestations are `unknown`)."""
    images: dict[str, str] = {}
    for entry in entries:
        if isinstance(entry, dict) and _is_digest(entry.get("digest")):
            about = entry.get("platform")
            about = about if isinstance(about, dict) else {}
            images.setdefault(f"{about.get('os', '')}/{about.get('architecture', '')}", entry["digest"])
    runnable = [digest for name, digest in images.items() if not name.startswith("unknown/")]
    return images.get(platform) or next(iter(runnable), None)


def _is_digest(text: object) -> TypeGuard[str]:
    return isinstance(text, str) and bool(_DIGEST.fullmatch(text))


def _digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _time(text: object) -> datetime | None:
    """An RFC 3339 time; the year 1 is Go's way of writing none."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)) if found.year > 1 else None


def _json(body: bytes, repository: str) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError as error:
        fix = "is this the address of a registry?"
        raise Terminal(f"{repository}: the registry's answer is not JSON", fix=fix) from error
    if not isinstance(parsed, dict):
        raise Terminal(f"{repository}: the registry's answer is not a JSON object")
    return parsed
