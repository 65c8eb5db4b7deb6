"""Writing into the deployments repository: a private clone, the forge, and the writer over both.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fairway.domain.errors import UserError
from fairway.settings import Settings, process_environment
from fairway.wiring.git import open_remote, signing

if TYPE_CHECKING:
    from fairway.domain.repository.models import Repository
    from fairway.domain.upgrades.upgrade import Upgrade
    from fairway.services.charts import Notices
    from fairway.services.configuring import Configured
    from fairway.services.forges.ports import Forge
    from fairway.services.upgrades.changes import UpgradeChange
    from fairway.services.upgrades.checking import Look, Upgrades
    from fairway.services.writing.changes import Outcome
    from fairway.services.writing.ports import WorkingCopy
    from fairway.services.writing.writer import Writer
    from fairway.wiring.upgrades import Registries


@dataclass(frozen=True, slots=True)
class Writing:
    """A writer, and what is needed to find out what it should write."""

    writer: Writer
    reading: WorkingCopy
    """Another clone than the writer's: a slow registry must not keep a revert waiting."""
    url: str
    """The remote's, without credentials."""
    environments_file: str
    """Relative to the top of the repository."""
    upgrades: Callable[[Repository], AbstractAsyncContextManager[Upgrades]]

    @asynccontextmanager
    async def newest(self) -> AsyncIterator[Repository]:
        """The repository as the remote has it now; it stays so while the block lasts.

        Its positions are relative to its top: it is for looking, changes are made on a repository of their own.
        """
        from fairway.services.loading import read_repository

        async with self.reading.opened():
            head = await self.reading.newest()
            top = await self.reading.start(head.commit)
            yield read_repository(top / self.environments_file, top).complete()

    def changes(self, looks: Iterable[Look], told: Iterable[Upgrade], *, lock: bool = False) -> list[UpgradeChange]:
        """The changes of looks that have an upgrade; `told`: what `Upgrades.describe` says of them, in their order."""
        from dataclasses import replace

        from fairway.services.upgrades.changes import UpgradeChange

        made = []
        for look, upgrade in zip((look for look in looks if look.new is not None), told, strict=True):
            change = UpgradeChange(upgrade, self.upgrades, lock, watch=look.watch)
            made.append(replace(change, lock=lock or self.writer.way_of(change) == "lock"))
        return made


@asynccontextmanager
async def open_writing(
    settings: Settings,
    configured: Configured,
    environments_file: Path,
    notices: Notices,
    *,
    on_written: Callable[[Outcome], None] = lambda outcome: None,
    registries: Registries | None = None,
    forge: Forge | None = None,
    env: Mapping[str, str] | None = None,
) -> AsyncIterator[Writing]:
    """A writer for the repository that `environments_file` is in, or that fairway.yaml names.

    `registries` and `forge` are those that somebody has open already. Raises UserError when there is no remote, or when
    pull requests are wanted and the forge is not known.
    """
    from fairway.adapters.git.working_copy import GitWorkingCopy
    from fairway.services.loading import read_repository
    from fairway.services.upgrades.changes import UpgradeChange
    from fairway.services.writing.committing import Committing
    from fairway.services.writing.proposing import Proposing
    from fairway.services.writing.writer import Writer
    from fairway.wiring.upgrades import open_upgrades

    env = process_environment() if env is None else env
    section = configured.configuration.upgrades
    author = configured.configuration.git.author
    async with AsyncExitStack() as stack:
        found = await stack.enter_async_context(open_remote(configured, environments_file, env=env))
        remote = found.remote
        place = hashlib.sha256(f"{remote.url} {remote.branch}".encode()).hexdigest()[:16]
        folder = settings.cache_dir / "git" / place
        who = (author.name, author.email)
        reading = GitWorkingCopy(remote, folder / "reading", env, who)
        copy = GitWorkingCopy(remote, folder / "writing", env, who, signing=signing(configured, env))
        forge = forge or await _forge(stack, configured, remote.url, env)

        def opened(repository: Repository) -> AbstractAsyncContextManager[Upgrades]:
            return open_upgrades(settings, repository, notices, registries=registries)

        def load(top: Path) -> Repository:
            return read_repository(top / found.environments_file).complete()

        def remake(upgrade: Upgrade) -> UpgradeChange:
            return UpgradeChange(upgrade, opened)

        committing = Committing(copy, load, section.message)
        proposing = None
        if forge is not None:
            committing = Committing(copy, load, section.message, forge.commit_url)
            proposing = Proposing(copy, load, forge, section.pull_requests, remake, section.message)
        writer = Writer(section, committing, proposing, on_written)
        yield Writing(writer, reading, remote.url, found.environments_file, opened)


async def _forge(stack: AsyncExitStack, configured: Configured, url: str, env: Mapping[str, str]) -> Forge | None:
    """The forge of the remote; None where nobody needs one and none can be told."""
    from fairway.domain.writing.rules import writes_requests
    from fairway.wiring.forges import open_forge

    try:
        return await stack.enter_async_context(open_forge(configured, url, env=env))
    except UserError:
        if writes_requests(configured.configuration.upgrades):
            raise
        return None
