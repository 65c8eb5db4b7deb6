"""The default renderer: the Helm SDK in this process.

A small chart takes half a millisecond, less than a hop to a thread costs, so short renders run in the event loop and
long ones (and those that ask the cluster) in a small pool; the SDK releases the interpreter's lock meanwhile.
The rule not to break: what comes out equals `helm template` byte for byte (tests/contract/helm).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

from helm_python import Config

from fairway.adapters.helm import native
from fairway.adapters.helm.api_versions import chart_without, unserved
from fairway.adapters.helm.known_chart import KnownChart, check_renderable, know
from fairway.adapters.helm.yaml_reader import YamlReader, parse_manifest
from fairway.domain.charts.rendering import Capabilities, ChartSource, Rendered, RenderRequest
from fairway.domain.errors import FairwayError
from fairway.domain.manifests.objects import Object
from fairway.domain.manifests.rendered import sort_rendered

T = TypeVar("T")


LONG = 0.004
"""Seconds: a chart that took longer last time is rendered in a thread."""

LARGE = 200_000
"""Characters: a longer manifest is parsed in a thread."""


class SdkRenderer:
    """Renders through libhelm; see `services.engine.ports.Renderer`.

    With `kubeconfig` or `context`, `lookup` in templates is answered by that cluster; otherwise it finds nothing,
    as with `helm template`.
    """

    name = "sdk"

    def __init__(self, *, kubeconfig: str | None = None, context: str | None = None, threads: int = 2) -> None:
        self._target = (kubeconfig, context) if kubeconfig or context else None
        self._cluster: Config | None = None
        self._connecting = Lock()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="helm")
        self._known: dict[str, asyncio.Future[KnownChart]] = {}
        self._narrowed: dict[tuple[str, frozenset[str]], bytes | None] = {}
        self._yaml = YamlReader()

    async def render(self, request: RenderRequest) -> Rendered:
        known = await self._know(request.chart)
        check_renderable(known, request.chart, request.capabilities)
        if request.chart.uses_lookup or not 0.0 < known.seconds < LONG:
            return await self._off_loop(lambda: self._render(known, request))
        return self._render(known, request)

    async def parse(self, text: str) -> list[tuple[str, Object]]:
        """Documents and what they hold; the items of a `List` come one by one, each with the list's text."""
        if len(text) > LARGE:
            return await self._off_loop(lambda: parse_manifest(text, self._yaml))
        return parse_manifest(text, self._yaml)

    def close(self) -> None:
        self._pool.shutdown(wait=False)
        if self._cluster is not None:
            self._cluster.close()

    async def _off_loop(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def _know(self, source: ChartSource) -> KnownChart:
        """Loaded once for all the releases that ask at the same time; a failure is asked anew next time."""
        loading = self._known.get(source.digest)
        if loading is None:
            loading = self._known[source.digest] = asyncio.ensure_future(self._off_loop(lambda: know(source)))
        try:
            return await asyncio.shield(loading)
        except FairwayError:
            self._known.pop(source.digest, None)
            raise

    def _render(self, known: KnownChart, request: RenderRequest) -> Rendered:
        source = request.chart
        options = native.render_options(
            name=request.name,
            namespace=request.namespace,
            revision=request.revision,
            is_upgrade=request.is_upgrade,
            kube_version=request.capabilities.kube_version,
            api_versions=request.capabilities.api_versions,
        )
        started = time.perf_counter()
        with native.NativeChart(self._narrowed_source(source, request.capabilities), source.origin) as chart:
            files = chart.render(request.values, options, self._lookup_target(source))
            crds, payload = known.crds_after(chart), known.payload_after(chart)
        rendered = sort_rendered(files, known.name, self._yaml.read)
        known.seconds = time.perf_counter() - started
        return Rendered(rendered.manifest, rendered.hooks, rendered.notes, crds, payload)

    def _narrowed_source(self, source: ChartSource, capabilities: Capabilities) -> str | bytes:
        """The chart's path, or a copy of it that sees only the cluster's API versions."""
        key = (source.digest, unserved(capabilities))
        if key not in self._narrowed:
            self._narrowed[key] = chart_without(source, key[1])
        return self._narrowed[key] or source.path

    def _lookup_target(self, source: ChartSource) -> Config | None:
        if not source.uses_lookup or self._target is None:
            return None
        with self._connecting:
            if self._cluster is None:
                self._cluster = native.cluster_config(*self._target)
            return self._cluster
