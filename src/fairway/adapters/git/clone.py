"""A private, shallow clone of one branch in a folder of this machine, that can be thrown away at any time.

The rule not to break: nothing in the clone is worth anything; whatever is not understood about it is answered by
making it anew. No remote is configured in it: the address is given with each call.

    lock      held by the process that works in the clone
    work/     the working tree, with .git
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from fairway.adapters.git.failures import Broken, NoBranch, Unclear, local_failure
from fairway.adapters.git.holding import held
from fairway.adapters.git.process import TIMEOUT, Ran
from fairway.adapters.git.program import Call, Git
from fairway.adapters.git.remote import Remote
from fairway.domain.errors import Terminal, UserError
from fairway.domain.repository.head import Head

DEPTH = 500
"""Commits of the first fetch; later ones are added to them."""

_BASE = "refs/fairway/base"
_FORMAT = "%H%x00%s%x00%an%x00%cI"

Answer = TypeVar("Answer")


class Clone:
    """Use its methods inside of `opened()`; `work` is the top folder of the files."""

    def __init__(
        self,
        remote: Remote,
        folder: Path,
        env: Mapping[str, str],
        *,
        depth: int = DEPTH,
        attributes: str = "",
        timeout: float = TIMEOUT,
    ) -> None:
        """`attributes`: as a line of .gitattributes that goes before those of the repository."""
        self.remote = remote
        self.folder = folder
        self.work = folder / "work"
        self._depth = depth
        self._attributes = attributes
        self._branch = remote.branch
        self._git = Git(env, remote.url, remote.branch, remote.login, timeout)
        self._hold: int | None = None
        self._here = asyncio.Lock()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """The only one at work in this folder, among all processes of this machine."""
        async with self._here, held(self.folder / "lock") as handle:
            self._hold = handle
            try:
                yield
            finally:
                self._hold = None

    async def mended(self, attempt: Callable[[], Awaitable[Answer]]) -> Answer:
        """What `attempt` gives; when the clone is broken, it is made anew and tried once more."""
        try:
            await self._prepare()
            return await attempt()
        except Broken:
            await asyncio.to_thread(shutil.rmtree, self.work, ignore_errors=True)
            await self._prepare()
            return await attempt()

    async def branch(self) -> str:
        """The branch that is followed. Asks the remote once when none was given."""
        if not self._branch:
            listed = await self._git.remote(None, "ls-remote", "--symref", "--", self.remote.url, "HEAD")
            first = next((line for line in listed.splitlines() if line.startswith("ref: refs/heads/")), "")
            self._branch = first.removeprefix("ref: refs/heads/").partition("\t")[0]
            if not self._branch:
                raise NoBranch(f"{self.remote.url} has no default branch", fix="push a commit, or set git.branch")
        return self._branch

    async def fetch(self) -> Head:
        """The newest commit of the branch, with what is missing here of its newest history."""
        branch = await self.branch()
        await self.fetch_refs(f"+refs/heads/{branch}:{_BASE}")
        return await self.head(_BASE)

    async def fetch_refs(self, refs: str, *, prune: bool = False) -> None:
        """Bring refs of the remote here. Raises NoBranch when one that is named is not there."""
        depth = () if await self.knows(_BASE) else (f"--depth={self._depth}",)
        words = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--force", "--update-shallow", *depth)
        try:
            await self._git.remote(self.work, *words, *(("--prune",) if prune else ()), "--", self.remote.url, refs)
        except Unclear as error:
            if (await self.run("fsck", "--connectivity-only", "--no-dangling", "--no-progress")).code:
                raise Broken(error.message) from error
            raise

    async def head(self, commit: str) -> Head:
        shown = (await self.local("log", "-1", f"--format={_FORMAT}", commit, "--")).rstrip("\n")
        name, subject, author, at = shown.split("\0")
        return Head(name, subject, author, datetime.fromisoformat(at))

    async def knows(self, commit: str) -> bool:
        return (await self.run("cat-file", "-e", f"{commit}^{{commit}}")).code == 0

    async def restore(self, commit: str) -> None:
        """As `checkout`, also in a clone that was made anew since the commit was fetched."""
        if not await self.knows(commit):
            await self.fetch()
            if not await self.knows(commit):
                raise Terminal(f"{self.remote.url} has no commit {commit[:12]} any more", fix="fetch again")
        await self.checkout(commit)

    async def checkout(self, commit: str) -> None:
        """Exactly the files of a commit, changed in place by what differs."""
        await self.local("checkout", "--quiet", "--force", "--detach", commit, "--")
        await self.local("clean", "--quiet", "-ffdx")
        await self._refuse_links_out()

    async def local(self, *words: str, stdin: bytes = b"", call: Call = Call()) -> str:
        """A call of git in the working tree, which holds the lock for as long as it runs. Raises Broken, Transient."""
        ran = await self.run(*words, stdin=stdin, call=call)
        if ran.code:
            raise local_failure(ran.err)
        return ran.out

    async def run(self, *words: str, stdin: bytes = b"", call: Call = Call()) -> Ran:
        """As `local`, with the answer whatever it is."""
        return await self._git.run(self.work, *words, stdin=stdin, call=call, hold=self._hold)

    async def ask(self, *words: str) -> tuple[Ran, tuple[str, ...]]:
        return await self._git.ask(self.work, *words)

    async def _prepare(self) -> None:
        """The clone exists, and locks in it that a dead process left are gone: who holds the folder is alone."""
        if not (self.work / ".git" / "HEAD").is_file():
            await asyncio.to_thread(shutil.rmtree, self.work, ignore_errors=True)
            try:
                self.work.mkdir(parents=True, mode=0o700)
            except OSError as error:
                raise Terminal(
                    f"{self.work} cannot be made: {error.strerror}", fix="give the right to write"
                ) from error
            await self.local("init", "--quiet")
        if self._attributes:
            await asyncio.to_thread(_write, self.work / ".git" / "info" / "attributes", self._attributes)
        for lock in await asyncio.to_thread(_locks, self.work / ".git"):
            with suppress(OSError):
                lock.unlink()

    async def _refuse_links_out(self) -> None:
        """A link in the repository must not show what else lies on this machine."""
        listed = await self.local("ls-files", "--stage", "-z")
        names = [row.partition("\t")[2] for row in listed.split("\0") if row.startswith("120000 ")]
        for name in names:
            if _leaves(self.work, name):
                raise UserError(f"{name} is a link that leaves the repository", fix="replace it by the file itself")


def _leaves(top: Path, name: str) -> bool:
    """Whether a link leads out of `top`, or into its `.git`."""
    real = os.path.realpath(top)
    target = os.path.realpath(top / name)
    return not target.startswith(f"{real}{os.sep}") or f"{target}{os.sep}".startswith(f"{real}{os.sep}.git{os.sep}")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _locks(folder: Path) -> list[Path]:
    fixed = [folder / name for name in ("index.lock", "HEAD.lock", "shallow.lock", "packed-refs.lock", "config.lock")]
    return [path for path in (*fixed, *(folder / "refs").rglob("*.lock")) if path.exists()]
