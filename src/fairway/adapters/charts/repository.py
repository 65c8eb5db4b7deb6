"""Charts from classic repositories: an `index.yaml`, and archives wherever it says.

The rule not to break: the index decides which archive is right (its digest), never which credentials go where.
Source of the meaning: Helm `pkg/repo/v1/index.go`, `pkg/repo/v1/chartrepo.go`.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from fairway.adapters.charts.logins import Logins
from fairway.adapters.charts.web import Web
from fairway.adapters.charts.web_cache import Kept, WebCache
from fairway.domain.charts.addresses import shown, split_login, split_repository, wants_range
from fairway.domain.charts.archive import MIB
from fairway.domain.charts.constraints import BadConstraint, parse_constraint
from fairway.domain.charts.index import IndexEntry, chart_entries, chart_names
from fairway.domain.charts.sources import Identity, Resolved
from fairway.domain.charts.versions import nearest, nearest_names
from fairway.domain.errors import UserError
from fairway.domain.repository.models import ChartReference, HelmRepo

LARGEST_INDEX = 200 * MIB
LARGEST_ARCHIVE = 100 * MIB


class HttpRepository:
    """`repo/name` with `repo` from helmRepos, or `https://address/name` for a repository that only an address names."""

    def __init__(self, web: Web, cache: WebCache, logins: Logins) -> None:
        self._web = web
        self._cache = cache
        self._logins = logins
        self._indexes: dict[str, asyncio.Task[Kept]] = {}

    def identify(self, ref: ChartReference) -> Identity:
        repo, chart = self._repo(ref)
        return Identity(_key(repo, chart, ref.version or ""), not wants_range(ref.version))

    async def resolve(self, ref: ChartReference) -> Resolved:
        repo, chart = self._repo(ref)
        index = await self._index(repo, stale=False)
        entry = await asyncio.to_thread(_choose, index.body, repo, chart, ref.version or "")
        digest = f"sha256:{entry.digest}" if entry.digest else None
        return Resolved(_key(repo, chart, entry.version), entry.version, (repo, entry), digest)

    async def fetch(self, chart: Resolved, scratch: Path) -> bytes:
        repo, entry = chart.location
        home = split_login(repo.url)[0].rstrip("/") + "/"
        url = urljoin(home, entry.urls[0])
        if repo.url.startswith("file://") and url.startswith("file://"):
            return await _local(url)
        if not url.startswith(("http://", "https://")):
            raise UserError(f'{_called(repo)}: the index names an archive that cannot be fetched: "{shown(url)}"')
        answer = await self._web.get(url, await self._logins.access_to(repo), limit=LARGEST_ARCHIVE)
        if answer.status != 200:
            raise refusal(answer.status, url, repo)
        return answer.body

    async def versions(self, ref: ChartReference) -> list[str]:
        repo, chart = self._repo(ref)
        index = await self._index(repo, stale=True)
        entries = await asyncio.to_thread(chart_entries, index.body, chart, shown(repo.url))
        if not entries:
            raise _no_chart(index.body, repo, chart)
        return [entry.version for entry in entries]

    def _repo(self, ref: ChartReference) -> tuple[HelmRepo, str]:
        name, chart = split_repository(ref.location)
        if "://" in name:
            known = self._logins.repo_of(name)
            if known and split_login(known.url)[0].rstrip("/") == split_login(name)[0].rstrip("/"):
                return known, chart
            return HelmRepo(name, name, ref.position), chart
        for repo in self._logins.repos:
            if repo.name == name:
                return repo, chart
        raise UserError(f'there is no chart repository "{name}"', fix="add it to helmRepos in environments.yaml")

    async def _index(self, repo: HelmRepo, *, stale: bool) -> Kept:
        """Asked for once per run, however many charts of the repository are wanted."""
        task = self._indexes.get(repo.url)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = self._indexes[repo.url] = asyncio.ensure_future(self._read_index(repo))
        kept = await asyncio.shield(task)
        if kept.stale and not stale:
            raise kept.stale
        return kept

    async def _read_index(self, repo: HelmRepo) -> Kept:
        url = split_login(repo.url)[0].rstrip("/") + "/index.yaml"
        if url.startswith("file://"):
            return Kept(200, await _local(url), "")
        access = await self._logins.access_to(repo)
        kept = await self._cache.get(url, access, limit=LARGEST_INDEX, raw=False, stale_if_unreachable=True)
        if kept.status == 404:
            raise UserError(f"{shown(url)} is not there", fix=f'is "{shown(repo.url)}" a chart repository?')
        if kept.status != 200:
            raise refusal(kept.status, url, repo)
        return kept


async def _local(url: str) -> bytes:
    """A file of a repository that lies on this machine."""
    path = Path(unquote(urlsplit(url).path))
    try:
        return await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}", fix="check the repository's address") from error


def refusal(status: int, url: str, repo: HelmRepo | None) -> UserError:
    """What an answer that is no success means to whoever wrote the reference."""
    name = f'repository "{repo.name}"' if repo and "://" not in repo.name else shown(url)
    if status in (401, 403):
        has = "the login was refused" if repo and (repo.username or repo.password or repo.token) else "it wants a login"
        fix = "set username and password, or token, of the entry in helmRepos"
        return UserError(f"{name}: {has} ({status} for {shown(url)})", fix=fix)
    if status == 404:
        return UserError(f"{shown(url)} is not there (404)", fix="check the address and the version")
    return UserError(f"{shown(url)} answers {status}", fix="check the address")


def choose_version(wanted: str, versions: list[str], what: str) -> str:
    """The newest version that a constraint allows. Raises UserError that names the nearest ones there are."""
    try:
        found = parse_constraint(wanted).newest(versions)
    except BadConstraint as error:
        raise UserError(str(error), fix='write a version like "1.2.3" or a range like "^1.2"') from None
    if found is not None:
        return found
    near = nearest(wanted, versions)
    fix = f"there are e.g. {', '.join(near)}" if near else "it has no versions"
    message = f"{what} has no version {wanted}" if wanted else f"{what} has no release, only pre-releases"
    raise UserError(message, fix=fix)


def _choose(index: bytes, repo: HelmRepo, chart: str, wanted: str) -> IndexEntry:
    entries = chart_entries(index, chart, shown(repo.url))
    if not entries:
        raise _no_chart(index, repo, chart)
    by_version = {entry.version: entry for entry in entries}
    return by_version[choose_version(wanted, list(by_version), f"{_called(repo)}{chart}")]


def _no_chart(index: bytes, repo: HelmRepo, chart: str) -> UserError:
    near = nearest_names(chart, chart_names(index, shown(repo.url)))
    fix = f"did you mean {' or '.join(near)}?" if near else "look at the repository's list of charts"
    return UserError(f'there is no chart "{chart}" in {shown(repo.url)}', fix=fix)


def _called(repo: HelmRepo) -> str:
    return f"{shown(repo.url) if '://' in repo.name else repo.name}/"


def _key(repo: HelmRepo, chart: str, version: str) -> str:
    return f"repository|{split_login(repo.url)[0].rstrip('/')}|{chart}|{version}"
