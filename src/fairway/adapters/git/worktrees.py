"""Another revision of a repository beside the one that is checked out, for as long as it is looked at.

The rule not to break: the checkout that people work in stays as it is; no hook of the repository runs.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from fairway.adapters.git.process import TIMEOUT, run_git
from fairway.domain.deployments.masking import mask
from fairway.domain.errors import UserError


@dataclass(frozen=True, slots=True)
class Worktree:
    """`folder` is that revision's version of the folder that was asked about; it may not exist there."""

    folder: Path
    root: Path
    commit: str
    subject: str


@asynccontextmanager
async def checked_out(folder: Path, ref: str) -> AsyncIterator[Worktree]:
    """What `ref` looked like where HEAD left it: their merge base, or `ref` itself when there is none here.

    A ref that is not here is fetched from origin. Raises UserError when it cannot be had.
    """
    place = await _git(folder, "rev-parse", "--show-toplevel", "--show-prefix")
    top, _, prefix = place.partition("\n")
    known = await _resolved(Path(top), ref)
    base = await _git(Path(top), "merge-base", "HEAD", known, fails=True) or known
    described = await _git(Path(top), "log", "-1", "--format=%H%x00%s", base)
    commit, _, subject = described.partition("\0")
    temporary = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="fairway-base-"))
    root = temporary / "tree"
    try:
        await _git(Path(top), "-c", "core.hooksPath=/dev/null", "worktree", "add", "--detach", str(root), commit)
        yield Worktree(root / prefix.strip(), root, commit, subject)
    finally:
        await asyncio.shield(_removed(Path(top), root, temporary))


async def _removed(top: Path, root: Path, temporary: Path) -> None:
    await _git(top, "worktree", "remove", "--force", str(root), fails=True)
    await asyncio.to_thread(shutil.rmtree, temporary, ignore_errors=True)
    await _git(top, "worktree", "prune", fails=True)


async def _resolved(top: Path, ref: str) -> str:
    """The commit of a branch, tag or id; a pipeline's clone often knows only the remote's branch, or not even that."""
    if ref.startswith("-"):
        raise UserError(f'"{ref}" is no revision', fix="name a branch, a tag or a commit")
    for name in (ref, f"refs/remotes/origin/{ref}"):
        if found := await _git(top, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", fails=True):
            return found
    try:
        await _git(top, "fetch", "--quiet", "--depth=1", "--no-tags", "origin", ref)
        return await _git(top, "rev-parse", "--verify", "--quiet", "FETCH_HEAD^{commit}")
    except UserError as error:
        raise UserError(
            f"there is no revision {ref} here, and origin did not give it: {error.message}",
            fix=f"git fetch origin {ref}; in a pipeline clone all of the history (actions/checkout: fetch-depth: 0)",
        ) from error


async def _git(folder: Path, *words: str, fails: bool = False) -> str:
    """What git says; with `fails` a failure is nothing, else UserError."""
    env = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        ran = await run_git(*words, env=env, folder=folder)
    except TimeoutError:
        raise UserError(f"git {words[0]} did not end within {TIMEOUT:.0f} s", fix="can origin be reached?") from None
    except OSError as error:
        raise UserError(f"git cannot be run in {folder}: {error.strerror}", fix="is this a folder?") from error
    if ran.code == 0:
        return ran.out.strip("\n")
    if fails:
        return ""
    told = mask(ran.err.strip().splitlines()[-1] if ran.err.strip() else "it failed")
    raise UserError(f"git {words[0]}: {told[:300]}", fix="is this a Git repository?")
