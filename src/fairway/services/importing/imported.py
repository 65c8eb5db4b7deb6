"""What an import gives: files to write, and notes about what a person must look at.

The rule not to break: no file that exists is overwritten, and none is written when one of them could not be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairway.domain import yaml
from fairway.domain.errors import UserError

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Imported:
    """`files` by path relative to where the import goes."""

    files: Mapping[str, bytes]
    notes: tuple[str, ...] = ()


def release_file(entries: Sequence[tuple[Entry, Sequence[str]]], heading: Sequence[str]) -> str:
    """A release file: the heading as comments, then each entry below its own notes."""
    parts = [*(f"# {line}\n" for line in heading), "releases:\n" if entries else "releases: []\n"]
    for entry, notes in entries:
        parts += [f"  # {line}\n" for line in notes]
        parts.append(indented([dict(entry)]))
    return "".join(parts)


def indented(value: Any) -> str:
    """YAML, two spaces to the right."""
    lines = yaml.dump(value).splitlines()
    return "".join(f"  {line}\n" if line else "\n" for line in lines)


def write(imported: Imported, folder: Path) -> list[Path]:
    """Write all files, or none when one exists already. Raises UserError."""
    paths = {folder / name: data for name, data in imported.files.items()}
    there = [str(path) for path in paths if path.exists()]
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise UserError(f"{there[0]}{more} exists already", fix="name another place with --out, or move it away")
    try:
        for path, data in paths.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    except OSError as error:
        raise UserError(
            f"cannot write {error.filename}: {error.strerror}", fix="name another place with --out"
        ) from error
    return list(paths)
