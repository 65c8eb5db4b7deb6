"""What a revision consists of, ready to be carried out: documents as objects, hooks, CRDs, and Helm's record of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fairway.domain.charts.rendering import CrdFile
from fairway.domain.errors import UserError
from fairway.domain.manifests.api import ApiResources
from fairway.domain.manifests.objects import Object, ObjectKey, ObjectRef, ref_of
from fairway.domain.releases.plan_file import SavedContent
from fairway.domain.releases.revision import Hook, Revision
from fairway.services.engine.ports import Renderer


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a manifest: its text as Helm stores it, the object, and where it goes."""

    text: str
    object: Object
    ref: ObjectRef


@dataclass(frozen=True, slots=True)
class Content:
    """Everything that is applied and recorded for one revision; immutable, comparable by `digest`."""

    manifest: str
    documents: tuple[Document, ...]
    hooks: tuple[Hook, ...]
    config: Mapping[str, Any]
    chart: Mapping[str, Any]
    notes: str = ""
    crds: tuple[CrdFile, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def by_key(self) -> dict[ObjectKey, Document]:
        return {document.ref.key: document for document in self.documents}

    @property
    def digest(self) -> str:
        """sha256 over the manifest and the hooks: equal digests apply the same objects."""
        sha = hashlib.sha256(self.manifest.encode())
        for hook in self.hooks:
            sha.update(f"\0{hook.path}\0{hook.manifest}".encode())
        return "sha256:" + sha.hexdigest()


class MalformedObject(UserError):
    """A document of a manifest is no object, or the same one as another document; `source` is its template."""

    def __init__(self, message: str, source: str, fix: str | None = None) -> None:
        super().__init__(message, fix=fix)
        self.source = source


def locate(obj: Object, resources: ApiResources, namespace: str) -> ObjectRef:
    """The object's reference; a namespaced kind without a namespace goes to the release's.

    A kind that the server does not know (yet: its CRD may come with the same release) is taken as namespaced.
    """
    ref = ref_of(obj)
    resource = resources.by_ref.get((ref.api_version, ref.kind)) or resources.by_kind.get(ref.key.kind)
    if resource is not None and not resource.namespaced:
        return ObjectRef(ref.api_version, ref.kind, "", ref.name)
    return ref if ref.namespace else ObjectRef(ref.api_version, ref.kind, namespace, ref.name)


async def documents_of(
    manifest: str, renderer: Renderer, resources: ApiResources, namespace: str
) -> tuple[Document, ...]:
    """Parse manifest text; the items of a `List` come one by one, as Helm's builder takes them.

    Raises `MalformedObject` for a document without kind or name, and for two documents that are the same object.
    """
    documents: list[Document] = []
    seen: dict[ObjectKey, str] = {}
    for text, obj in await renderer.parse(manifest):
        ref = locate(obj, resources, namespace)
        if not ref.kind or not ref.api_version:
            raise MalformedObject(
                f"{source_of(text) or 'a document'} has no {'kind' if not ref.kind else 'apiVersion'}",
                source_of(text),
                fix="every document needs apiVersion, kind and metadata.name",
            )
        if not ref.name:
            raise MalformedObject(
                f"{source_of(text) or 'a document'}: {ref.kind} has no metadata.name", source_of(text)
            )
        if ref.key in seen:
            raise MalformedObject(
                f"{ref} is declared twice, in {seen[ref.key]} and in {source_of(text)}",
                source_of(text),
                fix="remove one of them, or give it another name",
            )
        seen[ref.key] = source_of(text)
        documents.append(Document(text, obj, ref))
    return tuple(documents)


def source_of(text: str) -> str:
    """The template that a document came from: Helm's `# Source:` comment."""
    for line in text.split("\n", 4)[:4]:
        if line.startswith("# Source: "):
            return line.removeprefix("# Source: ").strip()
    return ""


async def content_of(revision: Revision, renderer: Renderer, resources: ApiResources) -> Content:
    """The content of a stored revision, to go back to it or to compare with it."""
    documents = await documents_of(revision.manifest, renderer, resources, revision.namespace)
    return Content(
        manifest=revision.manifest,
        documents=documents,
        hooks=revision.hooks,
        config=revision.config,
        chart=revision.chart,
        notes=revision.notes,
        labels=revision.labels,
    )


async def restore(saved: SavedContent, renderer: Renderer, resources: ApiResources, namespace: str) -> Content:
    """The content as it was when the plan was made."""
    return Content(
        manifest=saved.manifest,
        documents=await documents_of(saved.manifest, renderer, resources, namespace),
        hooks=saved.hooks,
        config=saved.config,
        chart=saved.chart,
        notes=saved.notes,
        crds=saved.crds,
        labels=saved.labels,
    )
