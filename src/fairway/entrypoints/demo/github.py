"""A stand-in for GitHub on loopback: deployments and their statuses, each shown as it arrives.

It takes what the REST API takes of them, and nothing else: who asks for more is told 404.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_STATUSES = re.compile(r"/repos/([^/]+/[^/]+)/deployments/(\d+)/statuses")
FINAL = frozenset({"success", "failure", "error", "inactive"})

Show = Callable[[str, int, dict[str, Any]], None]
"""Told of each status: repository, number of the deployment, and what was posted."""


class Github:
    def __init__(self, show: Show) -> None:
        self._show = show
        self._lock = threading.Lock()
        self.statuses: dict[int, list[dict[str, Any]]] = {}
        """By deployment, in the order in which they came."""

    def states(self, deployment: int) -> list[str]:
        with self._lock:
            return [str(one["state"]) for one in self.statuses.get(deployment, [])]

    def ended(self) -> list[int]:
        """Deployments that have a final status."""
        with self._lock:
            return [key for key, given in self.statuses.items() if any(one["state"] in FINAL for one in given)]

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and answer of one call."""
        found = _STATUSES.fullmatch(path)
        if found is None:
            return 404, {"message": "Not Found"}
        repository, deployment = found[1], int(found[2])
        if len(body.get("description") or "") > 140:
            return 422, {"message": "Validation Failed"}
        with self._lock:
            self.statuses.setdefault(deployment, []).append(body)
        self._show(repository, deployment, body)
        return 201, {"id": deployment, **body}


@contextmanager
def serve_github(github: Github) -> Iterator[str]:
    """Serve on a free loopback port; gives the base URL of the REST API."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            read = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, answer = github.post(self.path, json.loads(read or b"{}"))
            self._answer(status, answer)

        def do_GET(self) -> None:
            self._answer(404, {"message": "Not Found"})

        def _answer(self, status: int, answer: dict[str, Any]) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the terminal belongs to the story."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
