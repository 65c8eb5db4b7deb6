"""From a chart reference to a chart that can be rendered, fetched once per run however many releases use it.

The rule not to break: what is returned is complete, verified against its digest and safe to load; the folders that
people write are read and never written. A `Charts` lives for one run and is used from one event loop.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from fairway.domain.charts.addresses import addressed, described
from fairway.domain.charts.archive import read_archive, write_archive
from fairway.domain.charts.contents import digest_of, digest_of_archive, facts_of
from fairway.domain.charts.dependencies import declared, missing, refuse_missing
from fairway.domain.charts.metadata import check_installable, parse_metadata
from fairway.domain.charts.rendering import ChartSource
from fairway.domain.charts.sources import Cached, Resolved, Unreachable
from fairway.domain.errors import Diagnostic, FairwayError, InvalidInput, Position, Severity, Terminal, UserError
from fairway.domain.repository.models import ChartKind, ChartReference
from fairway.services.charts.completing import complete
from fairway.services.charts.held import HeldChart, from_notes, to_notes
from fairway.services.charts.notices import CollectedNotices
from fairway.services.charts.ports import ChartCache, ChartFetcher, ChartFolders, Notices

T = TypeVar("T")

DOWNLOADS_AT_ONCE = 8
SAY_AFTER = 1.0
"""Seconds after which waiting for a place is told."""


class Charts:
    """Fetches charts. `repositories` gives the address behind each name in `helmRepos`."""

    def __init__(
        self,
        fetchers: Mapping[ChartKind, ChartFetcher],
        folders: ChartFolders,
        cache: ChartCache,
        *,
        repositories: Mapping[str, str] | None = None,
        notices: Notices | None = None,
        close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._fetchers = fetchers
        self._folders = folders
        self._cache = cache
        self._repositories = repositories or {}
        self.notices: Notices = notices or CollectedNotices()
        self._close = close
        self._held: dict[tuple[str, str, str | None], asyncio.Task[HeldChart]] = {}
        self._listed: dict[tuple[str, str, str | None], asyncio.Task[list[str]]] = {}
        self._slots = asyncio.Semaphore(DOWNLOADS_AT_ONCE)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stop what is still being fetched and close connections."""
        tasks = [*self._held.values(), *self._listed.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._close:
            await self._close()

    async def fetch(self, ref: ChartReference) -> ChartSource:
        """The chart, complete with its dependencies.

        Errors carry the reference's position unless they have a better one: UserError (no such chart or version with
        the nearest ones, wrong login, library chart, missing dependency), InvalidInput (Chart.yaml), Unreachable,
        Terminal (unsafe archive, digest that does not match).
        """
        held = await self._once(self._held, ref, self._hold)
        for warning in check_installable(held.facts.metadata, ref.position if ref.position.file else None):
            self.notices.warn(warning)
        return held.source(_origin(ref))

    async def versions(self, ref: ChartReference) -> list[str]:
        """All versions that the reference's place offers, newest first; of a folder, its own."""
        return await self._once(self._listed, ref, self._list)

    async def archive_of(self, ref: ChartReference) -> tuple[str, bytes]:
        """(file name, archive) of a chart fetched as a dependency of another one: library charts are welcome."""
        held = await self._once(self._held, ref, self._hold)
        about = held.facts.metadata
        return f"{about.name}-{about.version}.tgz", await asyncio.to_thread(held.path.read_bytes)

    async def _once(
        self,
        running: dict[tuple[str, str, str | None], asyncio.Task[T]],
        ref: ChartReference,
        work: Callable[[ChartReference], Awaitable[T]],
    ) -> T:
        try:
            ref = addressed(ref, self._repositories)
        except UserError as error:
            raise _placed(error, ref.position) from error
        key = (ref.kind.value, ref.location, ref.version)
        task = running.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = running[key] = asyncio.ensure_future(work(ref))
        try:
            # Shielded: one release that is interrupted must not take the chart from the others.
            return await asyncio.shield(task)
        except FairwayError as error:
            raise _placed(error, ref.position) from error

    async def _list(self, ref: ChartReference) -> list[str]:
        if ref.kind is ChartKind.DIRECTORY:
            files = await self._folders.read(Path(ref.location))
            return [parse_metadata(files["Chart.yaml"], f"{ref.location}/Chart.yaml").version]
        return await self._told(f"listing versions of {described(ref)}", self._fetcher(ref).versions(ref))

    async def _hold(self, ref: ChartReference) -> HeldChart:
        if ref.kind is ChartKind.DIRECTORY:
            return await self._hold_folder(Path(ref.location))
        fetcher = self._fetcher(ref)
        identity = fetcher.identify(ref)
        if identity.immutable and (held := await self._find(identity.key)):
            return held
        try:
            resolved = await self._told(f"looking up {described(ref)}", fetcher.resolve(ref))
        except Unreachable as error:
            held = await self._find(identity.key)
            if held is None:
                raise
            self._warn_stale(ref, held, error)
            return held
        if held := await self._find(resolved.key):
            await self._remember(identity.key, resolved.key)
            return held
        async with self._cache.hold(resolved.key):
            held = await self._find(resolved.key) or await self._download(fetcher, resolved, described(ref))
        await self._remember(identity.key, resolved.key)
        return held

    def _fetcher(self, ref: ChartReference) -> ChartFetcher:
        return self._fetchers[ref.kind]

    async def _find(self, key: str) -> HeldChart | None:
        found = await self._cache.find(key)
        return from_notes(Path(found.path), found.notes) if found else None

    async def _remember(self, key: str, same_as: str) -> None:
        if key != same_as and (found := await self._cache.find(same_as)):
            await self._cache.link(key, found, found.notes)

    async def _download(self, fetcher: ChartFetcher, resolved: Resolved, origin: str) -> HeldChart:
        async with self._cache.scratch() as scratch:
            content = await self._told(f"fetching {origin}", fetcher.fetch(resolved, scratch))
            if isinstance(content, Path):
                return await self._keep_folder(resolved.key, content, scratch, origin)
        return await self._keep_archive(resolved, content, origin)

    async def _keep_archive(self, resolved: Resolved, archive: bytes, origin: str) -> HeldChart:
        digest = digest_of_archive(archive)
        if resolved.digest and resolved.digest != digest:
            raise Terminal(
                f"{origin}: the archive does not match its digest: {resolved.digest} is published, {digest} came",
                fix="the chart was changed or damaged on its way; ask whoever publishes it",
            )
        notes = await asyncio.to_thread(_examine_archive, archive, digest, origin)
        return _held(await self._cache.store(resolved.key, archive, notes))

    async def _keep_folder(self, key: str, folder: Path, boundary: Path, origin: str) -> HeldChart:
        files = await self._folders.read(folder, boundary)
        files = await complete(files, folder, self._folders, self.archive_of, self._repositories, boundary, origin)
        return await self._pack(key, files, origin)

    async def _hold_folder(self, folder: Path) -> HeldChart:
        own = await self._folders.read(folder)
        files = await complete(own, folder, self._folders, self.archive_of, self._repositories, None, str(folder))
        digest = await asyncio.to_thread(digest_of, files)
        if files is own:
            return HeldChart(folder, digest, await asyncio.to_thread(facts_of, files, str(folder)))
        key = f"content|{digest}"
        async with self._cache.hold(key):
            return await self._find(key) or await self._pack(key, files, str(folder))

    async def _pack(self, key: str, files: Mapping[str, bytes], origin: str) -> HeldChart:
        archive, notes = await asyncio.to_thread(_archive_of, files, origin)
        return _held(await self._cache.store(key, archive, notes))

    async def _told(self, what: str, work: Awaitable[T]) -> T:
        """Do something that may take a while: some at once, and said when it does."""
        async with self._slots:
            timer = asyncio.get_running_loop().call_later(SAY_AFTER, self.notices.progress, what)
            try:
                return await work
            finally:
                timer.cancel()

    def _warn_stale(self, ref: ChartReference, held: HeldChart, error: Unreachable) -> None:
        version = held.facts.metadata.version
        message = f"{described(ref)}: using {version} from the cache, a newer one may exist: {error.message}"
        fix = "write an exact version to be independent of the network"
        self.notices.warn(Diagnostic(message, ref.position, fix, Severity.WARNING, "chart-from-cache"))


def _examine_archive(archive: bytes, digest: str, origin: str) -> dict[str, object]:
    files = read_archive(archive, origin)
    facts = facts_of(files, origin)
    if absent := missing(declared(files, facts.metadata.api_version, origin), files, origin):
        raise refuse_missing(absent, facts.metadata.name)
    return to_notes(digest, facts)


def _archive_of(files: Mapping[str, bytes], origin: str) -> tuple[bytes, dict[str, object]]:
    facts = facts_of(files, origin)
    return write_archive(facts.metadata.name, files), to_notes(digest_of(files), facts)


def _held(cached: Cached) -> HeldChart:
    held = from_notes(Path(cached.path), cached.notes)
    assert held is not None
    return held


def _origin(ref: ChartReference) -> str:
    if ref.kind is not ChartKind.DIRECTORY:
        return described(ref)
    start = os.path.dirname(os.path.abspath(ref.position.file)) if ref.position.file else os.getcwd()
    return f"dir {os.path.relpath(ref.location, start)}"


def _placed(error: FairwayError, where: Position) -> FairwayError:
    """The error with a place; a fresh one, because several releases may wait for the same chart."""
    if error.where is not None or isinstance(error, InvalidInput):
        return error
    if where.file and isinstance(error, UserError | Terminal | Unreachable):
        return type(error)(error.message, where=where, fix=error.fix)
    return error
