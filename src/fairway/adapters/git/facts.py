"""What Git says of the folder that is being deployed: commit, subject, branch, remote, local changes.

A folder that is no Git repository, or a machine without git, gives empty facts: deploying works all the same.
"""

from __future__ import annotations

import asyncio
import os
import re
from dataclasses import dataclass
from pathlib import Path

from fairway.adapters.git.process import NoGit, run_git

_CREDENTIALS = re.compile(r"(?<=://)[^/@]+@")


@dataclass(frozen=True, slots=True)
class GitFacts:
    """`remote` is the address of `origin` without credentials; `dirty` means that tracked files differ."""

    commit: str = ""
    subject: str = ""
    branch: str = ""
    remote: str = ""
    prefix: str = ""
    """The folder's path inside the repository, with a trailing slash; empty at the top."""
    dirty: bool = False


async def read_git_facts(folder: Path) -> GitFacts:
    """Ask git, all questions at once."""
    log, status, place, remote = await asyncio.gather(
        _git(folder, "log", "-1", "--format=%H%x00%s"),
        _git(folder, "status", "--porcelain", "--untracked-files=no", "--", "."),
        _git(folder, "rev-parse", "--abbrev-ref", "HEAD", "--show-prefix"),
        _git(folder, "config", "--get", "remote.origin.url"),
    )
    commit, _, subject = (log or "").strip("\n").partition("\0")
    branch, _, prefix = (place or "").partition("\n")
    return GitFacts(
        commit=commit,
        subject=subject,
        branch="" if branch == "HEAD" else branch,
        remote=_CREDENTIALS.sub("", (remote or "").strip()),
        prefix=prefix.strip(),
        dirty=bool(status and status.strip()),
    )


async def read_origin(folder: Path) -> str:
    """The address of `origin` as it is written, which may hold a login; empty when there is none."""
    return (await _git(folder, "config", "--get", "remote.origin.url") or "").strip()


async def _git(folder: Path, *words: str) -> str | None:
    env = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        ran = await run_git(*words, env=env, folder=folder)
    except (NoGit, OSError):
        return None
    return ran.out if ran.code == 0 else None
