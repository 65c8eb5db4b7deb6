"""What every resolver shares: where findings go, which folder a path is relative to, which files must exist."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fairway.domain.errors import Position
from fairway.domain.repository.findings import Findings


class ReferenceKind(StrEnum):
    FILE = "file"
    VALUES = "values file"
    CHART = "chart"


@dataclass(frozen=True, slots=True)
class FileReference:
    """A file or chart folder that must exist; `label` says what it is for."""

    path: str
    kind: ReferenceKind
    label: str
    written: str
    position: Position


@dataclass(slots=True)
class Context:
    findings: Findings
    folders: Mapping[str, str]
    """Folder (absolute) of each file by the name that positions carry."""
    helm_repos: frozenset[str] = frozenset()
    references: dict[FileReference, None] = field(default_factory=dict)

    def resolved(self, written: str, where: Position) -> str:
        """Absolute path of what stands at `where`: relative to the file that names it."""
        if written.startswith("~"):
            return written
        return posixpath.normpath(posixpath.join(self.folders[where.file], written))

    def file(self, written: str, where: Position, label: str, kind: ReferenceKind = ReferenceKind.FILE) -> str:
        """As `resolved`, and the file must exist."""
        path = self.resolved(written, where)
        self.references[FileReference(path, kind, label, written, where)] = None
        return path
