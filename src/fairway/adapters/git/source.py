"""The deployments repository for readers: a branch of a remote, fetched by what is new."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fairway.adapters.git.clone import DEPTH, Clone
from fairway.adapters.git.process import TIMEOUT
from fairway.adapters.git.remote import Remote
from fairway.adapters.git.signatures import Signers
from fairway.domain.repository.head import Head


class GitSource:
    """Implements `services.agent.ports.Source` with the git program, in a clone of its own below `folder`.

    `signers` None: commits need no signature. `timeout`: seconds for one call of git.
    """

    def __init__(
        self,
        remote: Remote,
        folder: Path,
        env: Mapping[str, str],
        *,
        signers: Signers | None = None,
        depth: int = DEPTH,
        timeout: float = TIMEOUT,
    ) -> None:
        self._clone = Clone(remote, folder, env, depth=depth, timeout=timeout)
        self._signers = signers

    @property
    def url(self) -> str:
        """Without credentials."""
        return self._clone.remote.url

    @property
    def folder(self) -> Path:
        """Where `checkout` puts the files."""
        return self._clone.work

    async def branch(self) -> str:
        """The branch that is followed; asks the remote when none was given."""
        return await self._clone.branch()

    async def fetch(self) -> Head:
        async with self._clone.opened():
            return await self._clone.mended(self._clone.fetch)

    async def checkout(self, commit: str) -> Path:
        async with self._clone.opened():
            await self._clone.mended(lambda: self._clone.restore(commit))
        return self._clone.work

    async def changed(self, old: str, new: str) -> frozenset[str] | None:
        async with self._clone.opened():
            if not (await self._clone.knows(old) and await self._clone.knows(new)):
                return None
            listed = await self._clone.local("diff", "--name-only", "--no-renames", "-z", old, new, "--")
        return frozenset(name for name in listed.split("\0") if name)

    async def verify(self, commit: str) -> None:
        if self._signers is None:
            return
        async with self._clone.opened():
            await self._signers.verify(self._clone, commit)
