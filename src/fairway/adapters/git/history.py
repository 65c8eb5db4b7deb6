"""The log of a folder's repository: who changed which values, and what Fairway wrote there itself.

The rule not to break: nothing is fetched, and nothing fails. A folder without Git has no log; a clone without the old
contents of its files has one without what commits took away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from fairway.adapters.git.program import Git
from fairway.domain.errors import FairwayError
from fairway.domain.upgrades.reverted import REVERT, UPGRADE, Commit

_RECORD, _FIELD, _END = "\x1e", "\x1f", "\x1d"
_FORMAT = "%x1e" + "%x1f".join(("%H", "%an", "%aI", "%s", "%(trailers:only=true,unfold=true)", "%b")) + "%x1d"
_VALUES = ("*.yaml", "*.yml", "*.json")
_PATCH = ("--patch", "--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames")
_FIELDS = 6
_MOST_PATCHES = 500
_MOST_LINES = 2000
"""Of one commit; a larger one moved files about and says nothing of a single value."""
_LONGEST = 400
_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? ")


@dataclass(frozen=True, slots=True)
class GitLog:
    """`Commits` of the repository that a folder is in. `env` are the variables of this process."""

    folder: Path
    env: Mapping[str, str] = field(repr=False)

    async def recent(self, limit: int) -> Sequence[Commit]:
        """Newest first. What commits took away is only asked where an upgrade can have been taken back."""
        text = await self._git("log", f"--max-count={limit}", "--topo-order", f"--format={_FORMAT}")
        commits = list(_commits(text))
        upgrades = [number for number, commit in enumerate(commits) if _by_fairway(commit)]
        asked = [one.id for one in commits[: max(upgrades, default=0)] if not _by_fairway(one)][:_MOST_PATCHES]
        if not asked:
            return tuple(commits)
        words = ("log", "--stdin", "--no-walk=unsorted", "--format=%x1e%H%x1d", *_PATCH, "--", *_VALUES)
        patches = await self._git(*words, stdin="\n".join(asked))
        parts = (record.partition(_END) for record in patches.split(_RECORD)[1:])
        removed = {name: _removed(patch) for name, _, patch in parts}
        return tuple(replace(commit, removed=removed.get(commit.id, ())) for commit in commits)

    async def _git(self, *words: str, stdin: str = "") -> str:
        """What git prints; nothing where it fails."""
        git = Git({**self.env, "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0"})
        try:
            ran = await git.run(None, "-C", str(self.folder), *words, stdin=stdin.encode())
        except FairwayError:
            return ""
        return ran.out if ran.code == 0 else ""


def _by_fairway(commit: Commit) -> bool:
    return any(name in (UPGRADE, REVERT) for name, _ in commit.trailers)


def _commits(text: str) -> Iterator[Commit]:
    for record in text.split(_RECORD)[1:]:
        head = record.partition(_END)[0]
        fields = head.encode(errors="surrogateescape").decode(errors="replace").split(_FIELD, _FIELDS - 1)
        if len(fields) != _FIELDS:
            continue
        commit, author, at, subject, trailers, body = fields
        yield Commit(commit, author, subject, tuple(_trailers(trailers)), datetime.fromisoformat(at), body)


def _trailers(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip(), value.strip()


def _removed(patch: str) -> tuple[tuple[str, str], ...]:
    """(file, line) of what the patch took away; nothing when that is too much."""
    found: list[tuple[str, str]] = []
    file = ""
    left = 0
    for line in patch.split("\n"):
        if left and line.startswith("-"):
            found.append((file, line[1:_LONGEST]))
            left -= 1
        elif line.startswith("--- "):
            file = line[4:].strip().removeprefix("a/")
        elif hunk := _HUNK.match(line):
            left = int(hunk[1]) if hunk[1] is not None else 1
        if len(found) > _MOST_LINES:
            return ()
    return tuple(found)
