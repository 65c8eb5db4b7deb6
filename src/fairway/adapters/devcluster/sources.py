"""Where the Go module `devcluster` is, and what it is made of.

In a wheel its sources lie beside the package (`fairway/_devcluster`), in a checkout at the top of the repository.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import fairway
from fairway.domain.errors import Terminal

_SUFFIXES = {".go", ".mod", ".sum", ".yaml"}


@dataclass(frozen=True)
class Sources:
    """The folder of the Go module. The digest is over file names and contents, in any checkout the same."""

    folder: Path

    @cached_property
    def digest(self) -> str:
        """16 hex digits of SHA-256."""
        total = hashlib.sha256()
        for path in sorted(self.folder.rglob("*"), key=lambda p: p.relative_to(self.folder).as_posix()):
            if path.is_file() and path.suffix in _SUFFIXES and not path.name.endswith("_test.go"):
                content = path.read_bytes()
                total.update(f"{path.relative_to(self.folder).as_posix()}\0{len(content)}\0".encode())
                total.update(content)
        return total.hexdigest()[:16]

    @cached_property
    def _go_mod(self) -> str:
        return (self.folder / "go.mod").read_text(encoding="utf-8")

    @property
    def go_version(self) -> tuple[int, ...]:
        """The oldest Go that can build it, such as (1, 26, 0)."""
        found = re.search(r"^go (\d+(?:\.\d+)*)", self._go_mod, re.MULTILINE)
        assert found, "go.mod has no go line"
        return tuple(int(part) for part in found[1].split("."))

    def version_of(self, module: str) -> str:
        """The version that go.mod requires of a module, such as `v1.36.3`."""
        found = re.search(rf"^\s*(?:require )?{re.escape(module)} (v\S+)", self._go_mod, re.MULTILINE)
        assert found, f"go.mod does not require {module}"
        return found[1]


def find_sources() -> Sources:
    """The sources that belong to this installation of Fairway."""
    package = Path(fairway.__file__).resolve().parent
    for folder in (package / "_devcluster", package.parent.parent / "devcluster"):
        if (folder / "go.mod").is_file():
            return Sources(folder)
    raise Terminal(
        "this installation of Fairway lacks the sources of the development cluster",
        fix="install it again: pip install --force-reinstall fairway-cd",
    )
