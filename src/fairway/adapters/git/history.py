"""The log of a folder's repository: who changed which values, and what Fairway wrote there itself.

The rule not to break: nothing is fetched, and nothing fails. A folder without Git has no log; a clone without the old
contents of its files has one without what commits took away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from fairway.adapters.git.program import Git
from fairway.domain.errors import FairwayError
from fairway.domain.upgrades.reverted import Commit

_RECORD, _FIELD, _END = "\x1e", "\x1f", "\x1d"
_FORMAT = "%x1e" + "%x1f".join(("%H", "%an", "%aI", "%s", "%(trailers:only=true,unfold=true)", "%b")) + "%x1d"
_VALUES = ("*.yaml", "*.yml", "*.json")
_FIELDS = 6
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
        """What touched files of values, newest first."""
        lines = ("--patch", "--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames")
        text = await self._log(limit, *lines) or await self._log(limit, "--no-patch")
        return tuple(_commits(text))

    async def _log(self, limit: int, *words: str) -> str:
        git = Git({**self.env, "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0"})
        command = ("-C", str(self.folder), "log", f"--max-count={limit}", "--topo-order", f"--format={_FORMAT}")
        try:
            ran = await git.run(None, *command, *words, "--", *_VALUES)
        except FairwayError:
            return ""
        return ran.out if ran.code == 0 else ""


def _commits(text: str) -> Iterator[Commit]:
    for record in text.split(_RECORD)[1:]:
        head, _, patch = record.partition(_END)
        fields = head.encode(errors="surrogateescape").decode(errors="replace").split(_FIELD, _FIELDS - 1)
        if len(fields) != _FIELDS:
            continue
        commit, author, at, subject, trailers, body = fields
        yield Commit(
            id=commit,
            author=author,
            subject=subject,
            trailers=tuple(_trailers(trailers)),
            at=datetime.fromisoformat(at),
            body=body,
            removed=_removed(patch),
        )


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
