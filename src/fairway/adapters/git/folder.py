"""A folder of this machine as the deployments repository: what lies there now is the newest commit.

The rule not to break: a commit's name is a digest of all names and contents, so that the same files have the same name
after a restart, whoever looks.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections import OrderedDict
from datetime import UTC, datetime
from pathlib import Path

from fairway.domain.errors import UserError
from fairway.domain.repository.head import Head

REMEMBERED = 100
"""Commits whose files are known, for `changed`."""

_Files = dict[str, str]


class FolderSource:
    """Implements `services.agent.ports.Source` without Git; has no signatures, and nothing to check out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._known: OrderedDict[str, _Files] = OrderedDict()
        self._digests: dict[str, tuple[tuple[int, int, int], str]] = {}

    async def fetch(self) -> Head:
        if not self.folder.is_dir():
            raise UserError(f"there is no folder {self.folder}", fix="create it, or name another one")
        files, newest = await asyncio.to_thread(self._read)
        text = "".join(f"{name}\0{digest}\n" for name, digest in sorted(files.items()))
        commit = hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()
        self._known[commit] = files
        self._known.move_to_end(commit)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return Head(commit, f"files in {self.folder}", at=datetime.fromtimestamp(newest, UTC))

    async def checkout(self, commit: str) -> Path:
        return self.folder

    async def changed(self, old: str, new: str) -> frozenset[str] | None:
        before, after = self._known.get(old), self._known.get(new)
        if before is None or after is None:
            return None
        return frozenset(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))

    async def verify(self, commit: str) -> None:
        return

    def _read(self) -> tuple[_Files, float]:
        files: _Files = {}
        newest = 0.0
        for top, folders, names in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if name != ".git")
            for name in names:
                path = os.path.join(top, name)
                try:
                    found = os.stat(path)
                    known = (found.st_mtime_ns, found.st_size, found.st_ino)
                    digest = self._digest(path, known)
                except OSError:
                    continue  # gone meanwhile, or a link to nothing
                files[os.path.relpath(path, self.folder)] = digest
                newest = max(newest, found.st_mtime)
        return files, newest

    def _digest(self, path: str, known: tuple[int, int, int]) -> str:
        """Files are read again only when their time, size or inode changed."""
        remembered = self._digests.get(path)
        if remembered is not None and remembered[0] == known:
            return remembered[1]
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self._digests[path] = (known, digest)
        return digest
