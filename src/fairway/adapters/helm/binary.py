"""The other renderer: the `helm` program (`--engine helm`), for charts or plugins that need exactly one's own helm.

It writes each template's documents to a file of its own (`--output-dir`), because printed output loses the white space
at the end. The rule not to break: values reach helm through a file that only this user can read, never as arguments.
Limits: `.Release.Revision` is always 1, and notes that define templates for others keep those to themselves.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from fairway.adapters.helm import native
from fairway.adapters.helm.api_versions import chart_without, unserved
from fairway.adapters.helm.failures import command_failure
from fairway.adapters.helm.known_chart import KnownChart, check_renderable, know, sort_crds
from fairway.adapters.helm.yaml_reader import YamlReader, parse_manifest
from fairway.domain.charts.archive import read_archive, write_archive
from fairway.domain.charts.rendering import ChartSource, CrdFile, Rendered, RenderRequest
from fairway.domain.errors import Terminal, UserError
from fairway.domain.manifests.objects import Object
from fairway.domain.manifests.rendered import NOTES, sort_documents
from fairway.domain.releases.stored_chart import StoredChart, to_json

_NOTES_TEMPLATE = "templates/fairway-notes.yaml"
_CRD = re.compile(r"[^/]+(?:/charts/[^/]+)*/crds/")


class _Written(NamedTuple):
    documents: dict[str, list[str]]
    crds: tuple[CrdFile, ...]


class BinaryRenderer:
    """Renders with `helm template`; see `services.engine.ports.Renderer`."""

    name = "helm"

    def __init__(
        self, program: str = "helm", *, kubeconfig: str | None = None, context: str | None = None, processes: int = 4
    ) -> None:
        """With `kubeconfig` or `context`, charts that call `lookup` are rendered with `--dry-run=server`."""
        self._program = program
        self._target = [
            *(["--kubeconfig", kubeconfig] if kubeconfig else []),
            *(["--kube-context", context] if context else []),
        ]
        self._slots = asyncio.Semaphore(processes)
        self._known: dict[str, KnownChart] = {}
        self._yaml = YamlReader()

    async def render(self, request: RenderRequest) -> Rendered:
        source = request.chart
        known = self._known.get(source.digest)
        if known is None:
            known = self._known[source.digest] = await asyncio.to_thread(know, source)
        check_renderable(known, source, request.capabilities)
        async with self._slots:
            with tempfile.TemporaryDirectory(prefix="fairway-helm-") as folder:
                written = await self._run(request, known, Path(folder))
        notes = written.documents.pop(f"{known.name}/{_NOTES_TEMPLATE}", None)
        pieces = [(path, text) for path in sorted(written.documents) for text in written.documents[path]]
        text = str(self._yaml.read(notes[0])["text"]) if notes else ""
        rendered = sort_documents(pieces, text, self._yaml.read)
        payload = await asyncio.to_thread(_payload, known, request)
        return Rendered(rendered.manifest, rendered.hooks, rendered.notes, written.crds, payload)

    async def parse(self, text: str) -> list[tuple[str, Object]]:
        """As the SDK's: reading YAML is not what the program is chosen for."""
        return parse_manifest(text, self._yaml)

    def close(self) -> None:
        """Nothing outlives a render; the SDK's renderer has a pool and a connection to close."""

    async def _run(self, request: RenderRequest, known: KnownChart, folder: Path) -> _Written:
        output = folder / "out"
        values = await asyncio.to_thread(_values_file, request, folder)
        chart = await asyncio.to_thread(_prepared, request, known, folder)
        await self._helm(self._arguments(request, chart, values, output), request.chart)
        return await asyncio.to_thread(_written, output)

    def _arguments(self, request: RenderRequest, chart: str, values: Path, output: Path) -> list[str]:
        capabilities = request.capabilities
        live = bool(self._target) and request.chart.uses_lookup
        return [
            *("template", request.name, chart),
            *("--namespace", request.namespace),
            *("--values", str(values)),
            *("--output-dir", str(output)),
            "--include-crds",
            *(["--is-upgrade"] if request.is_upgrade else []),
            *(["--kube-version", capabilities.kube_version] if capabilities.kube_version else []),
            *(["--api-versions", ",".join(capabilities.api_versions)] if capabilities.api_versions else []),
            *(["--dry-run=server", *self._target] if live else []),
        ]

    async def _helm(self, arguments: list[str], source: ChartSource) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                self._program,
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
        except FileNotFoundError as error:
            raise UserError(
                f"the program {self._program} was not found",
                fix="install helm, or leave --engine out to render with the built-in SDK",
            ) from error
        except OSError as error:
            raise Terminal(f"the program {self._program} could not be started: {error}") from error
        try:
            _, stderr = await process.communicate()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                process.kill()
            raise
        if process.returncode:
            raise command_failure(stderr.decode(errors="replace"), source.origin)


def _values_file(request: RenderRequest, folder: Path) -> Path:
    path = folder / "values.json"
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(to_json(request.values))
    return path


def _prepared(request: RenderRequest, known: KnownChart, folder: Path) -> str:
    """The chart's path, or that of a copy: API versions narrowed, notes turned into a document that helm writes."""
    source = request.chart
    narrowed = chart_without(source, unserved(request.capabilities))
    if narrowed is None and not known.has_notes:
        return source.path
    if narrowed is None:
        with native.NativeChart(source.path, source.origin) as chart:
            narrowed = chart.archive(folder)
    files = read_archive(narrowed, source.origin)
    notes = files.pop(f"templates/{NOTES}", None)
    if notes is not None:
        text = json.dumps(notes.decode(errors="replace"))
        files[_NOTES_TEMPLATE] = f'{{{{ dict "text" (tpl {text} .) | toJson }}}}'.encode()
    path = folder / f"{known.name}.tgz"
    path.write_bytes(write_archive(known.name, files))
    return str(path)


def _written(output: Path) -> _Written:
    """Cut what helm wrote at its own `# Source:` lines: white space at the end of a document stays."""
    documents: dict[str, list[str]] = {}
    crds: list[CrdFile] = []
    for file in sorted(output.rglob("*")) if output.exists() else []:
        if not file.is_file():
            continue
        path = file.relative_to(output).as_posix()
        opening = f"---\n# Source: {path}\n"
        texts = file.read_bytes().decode().removeprefix(opening).removesuffix("\n").split(f"\n{opening}")
        if _CRD.match(path):
            crds += [CrdFile(path, text) for text in texts]
        else:
            documents[path] = texts
    return _Written(documents, sort_crds(crds))


def _payload(known: KnownChart, request: RenderRequest) -> StoredChart:
    """The chart for the record, by the SDK: helm itself does not print it for another cluster's capabilities."""
    if not known.has_dependencies:
        return known.payload
    options = native.render_options(
        name=request.name,
        namespace=request.namespace,
        revision=request.revision,
        is_upgrade=request.is_upgrade,
        kube_version=request.capabilities.kube_version,
        api_versions=request.capabilities.api_versions,
    )
    with native.NativeChart(request.chart.path, request.chart.origin) as chart:
        # Only what rendering does to dependencies is wanted; helm has judged the templates already.
        with suppress(UserError):
            chart.render(request.values, options)
        return known.payload_after(chart)
