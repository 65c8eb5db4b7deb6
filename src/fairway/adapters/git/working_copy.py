"""The deployments repository for the writer: the newest files, one commit on top of them, one push.

The rule not to break: commits are made beside every branch of the clone, so that one that was not pushed is nobody's
parent; the base is never pushed by force, and files keep every byte, whatever .gitattributes wishes.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fairway.adapters.git.clone import DEPTH, Clone
from fairway.adapters.git.failures import told
from fairway.adapters.git.program import Call
from fairway.adapters.git.pushing import answer_of
from fairway.adapters.git.remote import Remote
from fairway.adapters.git.signing import Signing
from fairway.domain.errors import Terminal, UserError
from fairway.domain.repository.head import Head
from fairway.domain.writing.pushing import OwnBranch, PushAnswer

_OWN = "refs/fairway/own/"
_BASE = "refs/fairway/base"
_AS_THEY_ARE = "* -text -filter -ident !working-tree-encoding\n"


class GitWorkingCopy:
    """Implements `services.writing.ports.WorkingCopy`. `author` is (name, e-mail address)."""

    def __init__(
        self,
        remote: Remote,
        folder: Path,
        env: Mapping[str, str],
        author: tuple[str, str],
        *,
        signing: Signing | None = None,
        depth: int = DEPTH,
    ) -> None:
        self._clone = Clone(remote, folder, env, depth=depth, attributes=_AS_THEY_ARE)
        self._author = author
        self._signing = signing

    @property
    def url(self) -> str:
        """Without credentials."""
        return self._clone.remote.url

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        async with self._clone.opened():
            yield

    async def base(self) -> str:
        return await self._clone.branch()

    async def newest(self) -> Head:
        return await self._clone.mended(self._clone.fetch)

    async def start(self, commit: str) -> Path:
        await self._clone.mended(lambda: self._clone.restore(commit))
        return self._clone.work

    async def commit(self, parent: str, message: str, files: Sequence[Path]) -> str:
        names = await asyncio.to_thread(self._names, files)
        literally = Call(variables={"GIT_LITERAL_PATHSPECS": "1"})
        await self._clone.local("add", "--update", "--", ".", call=literally)
        if names:
            await self._clone.local("add", "--force", "--", *names, call=literally)
        tree = (await self._clone.local("write-tree")).strip()
        if tree == (await self._clone.local("rev-parse", f"{parent}^{{tree}}")).strip():
            return ""
        name, address = self._author
        who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in _who(name, address)}
        words = ("commit-tree", tree, "-p", parent, "-F", "-")
        if self._signing is None:
            made = await self._clone.local(*words, stdin=message.encode(), call=Call(variables=who))
        else:
            async with self._signing.call() as call:
                signed = Call(call.config, {**call.variables, **who})
                ran = await self._clone.run(*words, "-S", stdin=message.encode(), call=signed)
            if ran.code:
                raise _cannot_sign(ran.err)
            made = ran.out
        return made.strip()

    async def edits(self, parent: str, commit: str) -> tuple[str, ...]:
        listed = await self._clone.local("diff-tree", "-r", "--raw", "--no-renames", "--no-abbrev", parent, commit)
        return tuple(listed.splitlines())

    async def push(self, commit: str) -> PushAnswer:
        return await self._push(await self.base(), f"{commit}:refs/heads/{await self.base()}")

    async def own_branches(self, prefix: str) -> Mapping[str, OwnBranch]:
        refs = f"+refs/heads/{prefix}*:{_OWN}{prefix}*"
        await self._clone.fetch_refs(refs, prune=True)
        listed = await self._clone.local("for-each-ref", "--format=%(objectname) %(refname)", _OWN)
        found = {}
        for line in listed.splitlines():
            commit, _, ref = line.partition(" ")
            name = ref.removeprefix(_OWN)
            if name.startswith(prefix):
                found[name] = await self._own(name, commit)
        return found

    async def replace_own(self, branch: str, commit: str, expected: str) -> PushAnswer:
        lease = f"--force-with-lease=refs/heads/{branch}:{expected}"
        return await self._push(branch, lease, f"{commit}:refs/heads/{branch}")

    async def delete_own(self, branch: str, expected: str) -> PushAnswer:
        lease = f"--force-with-lease=refs/heads/{branch}:{expected}"
        return await self._push(branch, lease, f":refs/heads/{branch}")

    async def _push(self, branch: str, *words: str) -> PushAnswer:
        *options, what = words
        ran, secrets = await self._clone.ask("push", "--porcelain", *options, "--", self.url, what)
        return answer_of(ran, secrets, self.url, branch)

    async def _own(self, name: str, tip: str) -> OwnBranch:
        """Our commit on a branch; a merge of the base on top of it (a forge's "update branch") changes nothing."""
        commit = tip
        for _ in range(20):
            about = await self._clone.local("log", "-1", "--format=%P%x00%ce%x00%B", commit, "--")
            parents, address, message = about.split("\0", 2)
            above = parents.split()
            if len(above) != 2 or (await self._clone.run("merge-base", "--is-ancestor", above[1], _BASE)).code:
                break
            commit = above[0]
        intact = address == self._author[1] and len(above) == 1
        edits = await self.edits(above[0], commit) if intact and await self._clone.knows(above[0]) else ()
        return OwnBranch(name, tip, message.strip(), edits, intact)

    def _names(self, files: Sequence[Path]) -> list[str]:
        """What exists of the files, relative to the top; links are followed, as edits follow them."""
        top = os.path.realpath(self._clone.work)
        real = [os.path.realpath(file) for file in files]
        for file in real:
            if not file.startswith(f"{top}{os.sep}"):
                raise Terminal(f"{file} was edited outside of the repository", fix="report it")
        return [os.path.relpath(file, top) for file in dict.fromkeys(real) if os.path.exists(file)]


def _cannot_sign(said: str) -> UserError:
    fix = "git.signing.key is the private key itself, without a passphrase, in the format that git.signing.format says"
    return UserError(f"the commit cannot be signed: {told(said)}", fix=fix)


def _who(name: str, address: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("NAME", name), ("EMAIL", address)
