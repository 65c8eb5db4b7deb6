"""What the writer needs of a repository: the newest files, one commit, one push. A local repository is enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from fairway.domain.repository.head import Head
from fairway.domain.writing.pushing import OwnBranch, PushAnswer


class WorkingCopy(Protocol):
    """A private copy of one branch (the base). Its other methods are used inside of `opened()`.

    Errors: Transient (no answer, a lock), UserError (login, no branch, protected branch), Terminal.
    """

    def opened(self) -> AbstractAsyncContextManager[None]:
        """The only one at work in this copy, among all processes of this machine."""
        ...

    async def base(self) -> str:
        """The name of the branch that is written to."""
        ...

    async def newest(self) -> Head:
        """Ask the remote for the newest commit of the base."""
        ...

    async def start(self, commit: str) -> Path:
        """The top folder with exactly the files of a commit; whatever an earlier round left there is gone."""
        ...

    async def commit(self, parent: str, message: str, files: Sequence[Path]) -> str:
        """A commit of the tracked files as they are now, and of `files`; empty when nothing differs from `parent`."""
        ...

    async def edits(self, parent: str, commit: str) -> tuple[str, ...]:
        """What a commit changes, as `OwnBranch.edits`."""
        ...

    async def push(self, commit: str) -> PushAnswer:
        """Onto the base, which never loses a commit by it. Raises UserError when the base is protected."""
        ...

    async def own_branches(self, prefix: str) -> Mapping[str, OwnBranch]:
        """The branches of the remote that begin so, by their names."""
        ...

    async def replace_own(self, branch: str, commit: str, expected: str) -> PushAnswer:
        """Put a branch of ours onto a commit, if it is at `expected` still (empty: does not exist)."""
        ...

    async def delete_own(self, branch: str, expected: str) -> PushAnswer: ...
