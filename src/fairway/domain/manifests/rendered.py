"""From rendered template files to what a release stores: manifest text, hooks, notes.

The rule not to break: `manifest` equals Helm's byte for byte, because `helm` compares and re-reads it.
Source: Helm v4, `renderResources` in pkg/action/action.go and `SortManifests` in pkg/release/v1/util.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from fairway.domain.errors import Position, UserError
from fairway.domain.manifests.head import Head, UnreadableDocument, head_of
from fairway.domain.manifests.hooks import is_hook, parse_hook
from fairway.domain.manifests.objects import Object
from fairway.domain.manifests.order import in_install_order
from fairway.domain.manifests.split import GO_SPACE, split_documents
from fairway.domain.releases.revision import Hook

NOTES = "NOTES.txt"

Read = Callable[[str], Object]
"""Helm's reading of one YAML document (empty for a comment); raises `UnreadableDocument`."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a rendered file; `path` is `chart/templates/file.yaml`, sub-charts below `charts/`."""

    path: str
    text: str
    head: Head


@dataclass(frozen=True, slots=True)
class Sorted:
    """Documents and hooks in install order, and the chart's own notes."""

    documents: tuple[Document, ...]
    hooks: tuple[Hook, ...]
    notes: str

    @property
    def manifest(self) -> str:
        return manifest_text((document.path, document.text) for document in self.documents)


def sort_rendered(files: Mapping[str, str], chart_name: str, read: Read) -> Sorted:
    """Sort a chart's rendered files (path → text) as Helm does.

    Partials (`_x.tpl`) and blank files are skipped; of the notes only the chart's own count, not its sub-charts'.
    Raises `UserError` with the template's path for a document that is not readable.
    """
    pieces = [
        (path, text)
        for path in sorted(files, key=_as_go_sorts)
        if _holds_documents(path, files[path])
        for text in split_documents(files[path])
    ]
    return sort_documents(pieces, files.get(f"{chart_name}/templates/{NOTES}", ""), read)


def sort_documents(pieces: Iterable[tuple[str, str]], notes: str, read: Read) -> Sorted:
    """The same for documents that are cut already: (path, text) in path order, of one path in the file's order."""
    documents: list[Document] = []
    hooks: list[Hook] = []
    for path, text in pieces:
        head = _head(path, text, read)
        if not is_hook(head):
            documents.append(Document(path, text, head))
        elif hook := parse_hook(head, path, text):
            hooks.append(hook)
    return Sorted(
        tuple(in_install_order(documents, lambda document: document.head.kind)),
        tuple(in_install_order(hooks, lambda hook: hook.kind)),
        notes,
    )


def manifest_text(documents: Iterable[tuple[str, str]]) -> str:
    """The stored manifest of (path, text) pairs: each opened by `---` and `# Source: path`."""
    return "".join(f"---\n# Source: {path}\n{text}\n" for path, text in documents)


def _holds_documents(path: str, text: str) -> bool:
    partial = path.rpartition("/")[2].startswith("_")
    return not (partial or path.endswith(NOTES) or not text.strip(GO_SPACE))


def _head(path: str, text: str, read: Read) -> Head:
    """Reads the document as it will stand in the manifest, so that a caching reader has it ready for the parse."""
    with suppress(UnreadableDocument):
        return head_of(read(f"# Source: {path}\n{text}\n"))
    try:
        return head_of(read(text))
    except UnreadableDocument as error:
        raise UserError(
            f"the template does not give a readable Kubernetes object: {error}",
            where=Position(path),
            fix="render the chart with these values and look at the document's indentation and quoting",
        ) from error


def _as_go_sorts(path: str) -> bytes:
    return path.encode()
