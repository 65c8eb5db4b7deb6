"""One lint run: the format, the YAML of value files, then the deeper checks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fairway.domain.errors import Diagnostic, InvalidInput, Position, Severity
from fairway.domain.repository.findings import Findings
from fairway.domain.repository.models import Repository
from fairway.domain.repository.resolving import ReferenceKind
from fairway.domain.yaml import compose
from fairway.services.linting.configuration import check_configuration_file
from fairway.services.linting.holds import check_holds_file
from fairway.services.linting.silencing import unsilenced
from fairway.services.loading import Loaded, read_repository, shown_path


class Check(Protocol):
    """A deeper check: renders, validates, asks outside. Returns findings; raises only when it cannot work at all."""

    async def __call__(self, repository: Repository) -> Sequence[Diagnostic]: ...


class Advice(Protocol):
    """Makes the fixes of findings about the format more exact, by asking outside. Never raises, never adds any."""

    async def __call__(self, loaded: Loaded) -> Sequence[Diagnostic]: ...


@dataclass(frozen=True, slots=True)
class Report:
    """`files` is how many files were looked at."""

    diagnostics: tuple[Diagnostic, ...]
    files: int
    silenced: int = 0
    """Findings that a comment in the repository takes back; see `silencing`."""

    def count(self, severity: Severity) -> int:
        return sum(1 for item in self.diagnostics if item.severity is severity)

    def failed(self, *, strict: bool = False) -> bool:
        return bool(self.count(Severity.ERROR) or (strict and self.count(Severity.WARNING)))


async def lint(
    repository_file: Path,
    checks: Sequence[Check] = (),
    shown_from: Path | None = None,
    advice: Advice | None = None,
) -> Report:
    """Everything that is wrong, in the order of files and lines. Raises UserError only when the file does not exist."""
    loaded = read_repository(repository_file, shown_from)
    findings = Findings()
    findings.add(*(loaded.diagnostics if advice is None else await advice(loaded)))
    others = _check_value_files(loaded, shown_from, findings)
    if loaded.repository is not None and not findings.failed:
        for check in checks:
            findings.add(*await check(loaded.repository))
    # Last: a mistake there says nothing about the releases, and keeps none from being looked at.
    others += check_configuration_file(repository_file, shown_from, findings)
    others += check_holds_file(repository_file, loaded.repository, shown_from, findings)
    kept, silenced = unsilenced(findings.in_order(), shown_from or Path.cwd())
    return Report(tuple(kept), len(loaded.documents) + others, silenced)


def _check_value_files(loaded: Loaded, shown_from: Path | None, findings: Findings) -> int:
    """Value files must be readable YAML with a map at the top; how many there are."""
    base = (shown_from or Path.cwd()).absolute()
    paths = dict.fromkeys(one.path for one in loaded.references if one.kind is ReferenceKind.VALUES)
    existing = [path for path in paths if os.path.isfile(path)]
    for path in existing:
        shown = shown_path(path, base)
        try:
            with open(path, encoding="utf-8") as file:
                value, positions, problems = compose(file.read(), shown)
        except InvalidInput as error:
            findings.add(*error.diagnostics)
        except UnicodeDecodeError as error:
            message = f"byte {error.start} is not UTF-8"
            findings.error("yaml-syntax", message, Position(shown), "save the file as UTF-8")
        except OSError as error:
            findings.error("missing-file", f"cannot be read: {error.strerror}", Position(shown))
        else:
            findings.add(*problems)
            if value is not None and not isinstance(value, dict):
                findings.error("wrong-type", "a values file must be a map of keys", positions[()])
    return len(existing)
