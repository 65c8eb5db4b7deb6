"""A chart archive that an address names directly: `https://host/x.tgz`, optionally with `#sha256=…`.

The rule not to break: without the digest an address may mean something else tomorrow, so it is asked every run.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urldefrag

from fairway.adapters.charts.cache import key_hash
from fairway.adapters.charts.logins import Login, Logins
from fairway.adapters.charts.repository import LARGEST_ARCHIVE, refusal
from fairway.adapters.charts.web import Access, AccessTo
from fairway.adapters.charts.web_cache import Kept, WebCache
from fairway.domain.charts.addresses import same_origin, shown, split_login
from fairway.domain.charts.sources import Identity, Resolved
from fairway.domain.errors import UserError
from fairway.domain.repository.models import ChartReference

_DIGEST = re.compile(r"sha256=([0-9a-fA-F]{64})")


class ArchiveUrl:
    """Logins come from the entry of helmRepos that the address lies under, or stand in the address itself."""

    def __init__(self, cache: WebCache, logins: Logins) -> None:
        self._cache = cache
        self._logins = logins

    def identify(self, ref: ChartReference) -> Identity:
        digest = _digest(ref)
        return Identity(_key(ref, digest), bool(digest))

    async def resolve(self, ref: ChartReference) -> Resolved:
        if digest := _digest(ref):
            return Resolved(_key(ref, digest), "", ref.location, f"sha256:{digest}")
        kept = await self._get(ref.location)
        return Resolved(_key(ref, kept.digest), "", kept.body, f"sha256:{kept.digest}")

    async def fetch(self, chart: Resolved, scratch: Path) -> bytes:
        if isinstance(chart.location, bytes):
            return chart.location
        return (await self._get(chart.location)).body

    async def versions(self, ref: ChartReference) -> list[str]:
        """An address names one archive; which version that is stands inside of it."""
        return []

    async def _get(self, location: str) -> Kept:
        url, login = split_login(urldefrag(location)[0])
        repo = self._logins.repo_of(url)
        access = await self._logins.access_to(repo) if repo else _embedded(url, login)
        kept = await self._cache.get(url, access, limit=LARGEST_ARCHIVE)
        if kept.status != 200:
            raise refusal(kept.status, url, repo)
        return kept


def _embedded(home: str, login: tuple[str, str] | None) -> AccessTo:
    own = Access({"Authorization": Login(*login).header}) if login else Access()
    return lambda url: own if same_origin(url, home) else Access()


def _digest(ref: ChartReference) -> str:
    fragment = urldefrag(ref.location)[1]
    if not fragment:
        return ""
    match = _DIGEST.fullmatch(fragment)
    if match is None:
        fix = "write #sha256= and 64 hexadecimal digits"
        raise UserError(f'"#{fragment}" behind {shown(ref.location)} is no digest', fix=fix)
    return match[1].lower()


def _key(ref: ChartReference, digest: str) -> str:
    # A query may hold a signature, so only its hash is kept on disk.
    url = urldefrag(split_login(ref.location)[0])[0]
    return f"url|{shown(url)}|{key_hash(url)[:16]}|{digest}"
