"""From inputs to content: render the chart or read the plain files, patch, and take the documents apart."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fairway.domain.charts.rendering import Rendered, RenderRequest
from fairway.domain.errors import Position, UserError
from fairway.domain.manifests.api import ApiResources
from fairway.domain.manifests.order import in_install_order
from fairway.domain.manifests.patching import apply_patches
from fairway.domain.manifests.rendered import manifest_text
from fairway.domain.manifests.split import split_documents
from fairway.domain.yaml import dump
from fairway.services.engine.content import Content, Document, documents_of, source_of
from fairway.services.engine.inputs import PlainFile, ReleaseInputs
from fairway.services.engine.ports import Renderer

PLAIN_CHART = "resources"


async def build(
    inputs: ReleaseInputs, renderer: Renderer, resources: ApiResources, *, revision: int, is_upgrade: bool
) -> Content:
    """The content that a release's inputs give for one cluster. Raises `UserError` for what the author must fix."""
    rendered = await _render(inputs, renderer, resources, revision=revision, is_upgrade=is_upgrade)
    namespace = inputs.environment.namespace
    documents = await documents_of(rendered.manifest, renderer, resources, namespace)
    content = Content(
        manifest=rendered.manifest,
        documents=documents,
        hooks=rendered.hooks,
        config=inputs.values,
        chart=rendered.chart,
        notes=rendered.notes,
        crds=rendered.crds,
        labels=inputs.release.labels,
    )
    return _patched(content, inputs)


async def _render(
    inputs: ReleaseInputs, renderer: Renderer, resources: ApiResources, *, revision: int, is_upgrade: bool
) -> Rendered:
    if inputs.chart is None:
        return await _plain(inputs, renderer)
    return await renderer.render(
        RenderRequest(
            chart=inputs.chart,
            values=inputs.values,
            name=inputs.release.name,
            namespace=inputs.environment.namespace,
            revision=revision,
            is_upgrade=is_upgrade,
            capabilities=resources.capabilities(),
        )
    )


async def _plain(inputs: ReleaseInputs, renderer: Renderer) -> Rendered:
    """Plain files as a chart without templates, in install order; hook annotations mean nothing in them."""
    rows: list[tuple[str, str, str]] = []
    for file in inputs.files:
        for text in split_documents(file.text):
            # A List gives several objects of one text: it stands where its first item belongs, once.
            objects = await _readable(renderer, file, text)
            rows.extend((str(obj.get("kind", "")), file.name, text) for obj in objects[:1])
    manifest = manifest_text((name, text) for _, name, text in in_install_order(rows, lambda row: row[0]))
    return Rendered(manifest, (), "", (), _plain_chart(inputs.files))


async def _readable(renderer: Renderer, file: PlainFile, text: str) -> list[dict[str, Any]]:
    try:
        return [obj for _, obj in await renderer.parse(text)]
    except UserError as error:
        raise UserError(error.message, where=error.where or Position(file.name), fix=error.fix) from error


def _plain_chart(files: tuple[PlainFile, ...]) -> Mapping[str, Any]:
    content = hashlib.sha256("\0".join(f.text for f in files).encode()).hexdigest()[:12]
    metadata = {
        "name": PLAIN_CHART,
        "version": f"0.0.0+{content}",
        "description": "Plain resource files, applied by Fairway",
        "apiVersion": "v2",
        "type": "application",
    }
    return {"metadata": metadata, "lock": None, "templates": [], "values": {}, "schema": None, "files": []}


def _patched(content: Content, inputs: ReleaseInputs) -> Content:
    """Helm stores what a post-renderer gave, so the manifest text follows the patched objects."""
    patches = inputs.release.patches
    if not patches:
        return content
    results = apply_patches(
        [(d.text, d.object) for d in content.documents], patches, namespace=inputs.environment.namespace
    )
    # A `List` is one text for many objects: where one of them is patched, each is written out on its own.
    touched = {d.text for d, patched in zip(content.documents, results, strict=True) if patched.changed}
    documents = [
        replace(document, object=patched.object, text=_text(document, patched.object))
        if document.text in touched
        else document
        for document, patched in zip(content.documents, results, strict=True)
        if patched.object is not None
    ]
    texts = dict.fromkeys(document.text for document in documents)
    return replace(content, manifest="".join(f"---\n{text}\n" for text in texts), documents=tuple(documents))


def _text(document: Document, obj: Mapping[str, Any]) -> str:
    return f"# Source: {source_of(document.text)}\n{dump(obj)}".rstrip("\n")
