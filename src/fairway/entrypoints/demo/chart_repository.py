"""A small chart repository over HTTP on loopback, there while the demo runs.

Later commands do without it: the chart's version is exact, so it is taken from the cache without any request.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the terminal belongs to the story."""


@contextmanager
def serve_charts(folder: Path) -> Iterator[str]:
    """Serve `folder` on a free loopback port; gives its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def publish(chart: Path, folder: Path, url: str) -> None:
    """Package a chart into `folder` and write its index.yaml, as `helm package` and `helm repo index` do."""
    import helm_python

    folder.mkdir(parents=True, exist_ok=True)
    helm_python.package(chart, destination=folder)
    helm_python.repo_index_generate(folder, base_url=url)
