"""Reads a deployments repository: environments.yaml, the release files that it names, and whether the rest exists.

The rule not to break: every mistake of every file comes out of one run; nothing is raised at the first.
Synchronous on purpose: a thousand releases take less than half a second, and nothing useful can happen meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fairway.domain.errors import Diagnostic, InvalidInput, Position, Severity, UserError
from fairway.domain.repository.findings import Findings, suggestion
from fairway.domain.repository.models import HelmRepo, Repository
from fairway.domain.repository.resolving import FileReference, ReferenceKind, release_files_of, resolve_repository
from fairway.domain.repository.resolving.locking import LOCK_FILE
from fairway.domain.repository.sites import Document
from fairway.domain.yaml import compose


@dataclass(frozen=True, slots=True)
class Loaded:
    """`repository` is None when a diagnostic is an error; `documents` are the files that could be read."""

    repository: Repository | None
    diagnostics: tuple[Diagnostic, ...]
    documents: tuple[Document, ...]
    references: tuple[FileReference, ...] = ()
    helm_repos: tuple[HelmRepo, ...] = ()
    """Known also when there are errors elsewhere."""

    def complete(self) -> Repository:
        """The repository; raises InvalidInput with all errors and warnings when there is any error."""
        if self.repository is None:
            raise InvalidInput([item for item in self.diagnostics if item.severity is not Severity.INFO])
        return self.repository

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        return tuple(item for item in self.diagnostics if item.severity is Severity.WARNING)


def load_repository(environments_file: Path) -> Repository:
    """The repository, complete and without errors.

    Raises UserError when there is no such file, InvalidInput with all errors and warnings when there is any error.
    """
    return read_repository(environments_file).complete()


class Documents:
    """Documents of earlier readings, for whoever reads the same files again and again: a text that is known is not
    parsed anew."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, Document]] = {}

    def find(self, path: str, shown: str, text: str) -> Document | None:
        known = self._known.get(path)
        return known[1] if known is not None and known[0] == text and known[1].shown == shown else None

    def keep(self, text: str, document: Document) -> None:
        self._known[document.path] = (text, document)


def read_repository(environments_file: Path, shown_from: Path | None = None, memory: Documents | None = None) -> Loaded:
    """As `load_repository`, but mistakes are returned. Positions name files relative to `shown_from` (default: the
    working directory) when they are below it. `memory` is for those who read again. Raises UserError only when there
    is no such file."""
    base = (shown_from or Path.cwd()).absolute()
    path = os.path.abspath(environments_file)
    if not os.path.isfile(path):
        raise missing_repository(environments_file)
    findings = Findings()
    memory = memory or Documents()
    main = _read(path, base, findings, memory)
    if main is None:
        return Loaded(None, tuple(findings.in_order()), ())
    documents: dict[str, Document] = {}
    unreadable: set[str] = set()
    for file, site in release_files_of(main):
        if file in documents or file in unreadable:
            continue
        if not os.path.isfile(file):
            written = site.scalar()
            _report_missing(file, site.at(), "release file", findings, written.text if written else None)
            unreadable.add(file)
        elif (document := _read(file, base, findings, memory)) is not None:
            documents[file] = document
        else:
            unreadable.add(file)
    locks = _read_locks(documents, base, findings, memory)
    resolution = resolve_repository(main, documents, findings, locks)
    _check_references(resolution.references, findings)
    repository = None if findings.failed else resolution.repository
    everything = (main, *documents.values(), *locks.values())
    helm_repos = resolution.repository.helm_repos
    return Loaded(repository, tuple(findings.in_order()), everything, resolution.references, helm_repos)


def missing_repository(environments_file: Path) -> UserError:
    """The error for a first contact: says how to start."""
    folder = environments_file.absolute().parent
    where = "here" if folder == Path.cwd() else f"in {folder}"
    near = next((name for name in ("environments.yml", "environments.yaml") if (folder / name).is_file()), None)
    if near and near != environments_file.name:
        return UserError(f"no {environments_file.name} {where}", fix=f"there is {near}: use -f {near}, or rename it")
    fix = "start one with fairway init --example, or name one with -f PATH"
    return UserError(f"no {environments_file.name} {where}", fix=fix)


def _read_locks(release_files: Iterable[str], base: Path, findings: Findings, memory: Documents) -> dict[str, Document]:
    """The lock files beside release files, by their folder."""
    locks: dict[str, Document] = {}
    for folder in dict.fromkeys(os.path.dirname(path) for path in release_files):
        path = os.path.join(folder, LOCK_FILE)
        if os.path.isfile(path) and (document := _read(path, base, findings, memory)) is not None:
            locks[folder] = document
    return locks


def _read(path: str, base: Path, findings: Findings, memory: Documents) -> Document | None:
    shown = shown_path(path, base)
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if (known := memory.find(path, shown, text)) is not None:
            return known
        value, positions, problems = compose(text, shown)
    except OSError as error:
        findings.error("missing-file", f"cannot be read: {error.strerror}", Position(shown))
        return None
    except UnicodeDecodeError as error:
        findings.error("yaml-syntax", f"byte {error.start} is not UTF-8", Position(shown), "save the file as UTF-8")
        return None
    except InvalidInput as error:
        findings.add(*error.diagnostics)
        return None
    document = Document(path, shown, value, positions, tuple(problems))
    memory.keep(text, document)
    return document


def shown_path(path: str, base: Path) -> str:
    """How messages name a file: relative when it is below `base`, else absolute."""
    prefix = f"{base}{os.sep}"
    return path[len(prefix) :] if path.startswith(prefix) else path


def _check_references(references: Iterable[FileReference], findings: Findings) -> None:
    for reference in references:
        if reference.kind is ReferenceKind.CHART:
            _check_chart(reference, findings)
        elif not os.path.isfile(reference.path):
            if os.path.isdir(reference.path):
                message = f"{reference.label}: {reference.written} is a folder, a file is needed"
                findings.error("missing-file", message, reference.position, "name the files in it")
            else:
                label = f"{reference.label}: {reference.kind}"
                _report_missing(reference.path, reference.position, label, findings, reference.written)


def _check_chart(reference: FileReference, findings: Findings) -> None:
    if os.path.isfile(os.path.join(reference.path, "Chart.yaml")):
        return
    if os.path.isdir(reference.path):
        message = f"{reference.label}: the folder {reference.written} has no Chart.yaml"
        findings.error("not-a-chart", message, reference.position, "name the folder that holds Chart.yaml")
    else:
        label = f"{reference.label}: chart folder"
        _report_missing(reference.path, reference.position, label, findings, reference.written)


def _report_missing(path: str, where: Position, label: str, findings: Findings, written: str | None = None) -> None:
    folder, name = os.path.split(path)
    try:
        near = suggestion(name, os.listdir(folder), most=0)
    except OSError:
        near = ""
    message = f"{label} {written or name} does not exist{near}"
    findings.error("missing-file", message, where, f"create {path}, or correct the path (relative to this file)")
