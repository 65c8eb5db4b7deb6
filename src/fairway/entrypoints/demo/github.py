"""A stand-in for GitHub on loopback: statuses of deployments, each shown as it arrives, and one person who signs in.

It takes what GitHub takes of the calls that hookd and the portal make, and nothing else: who asks for more is told 404.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

_STATUSES = re.compile(r"/repos/([^/]+/[^/]+)/deployments/(\d+)/statuses")
PERSON = "ada"
"""Admin of shop/web, and maintainer of the team shop."""
_WEB = {
    "full_name": "shop/web",
    "private": True,
    "archived": False,
    "description": "The shop's web page",
    "owner": {"login": "shop", "type": "Organization"},
    "permissions": {"admin": True},
}
_KNOWN: dict[str, Any] = {
    "/user": {"login": PERSON, "id": 1},
    "/user/repos": [_WEB],
    "/user/memberships/orgs/shop": {"state": "active", "role": "member"},
    "/repos/shop/web": _WEB,
    "/repos/shop/web/teams": [{"slug": "shop", "name": "Shop"}, {"slug": "platform", "name": "Platform"}],
    f"/orgs/shop/teams/shop/memberships/{PERSON}": {"role": "maintainer", "state": "active"},
    f"/orgs/shop/teams/platform/memberships/{PERSON}": {"role": "member", "state": "active"},
}
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

    def get(self, path: str) -> tuple[int, Any]:
        """Status and answer of one call."""
        return (200, _KNOWN[path]) if path in _KNOWN else (404, {"message": "Not Found"})

    def back(self, query: str) -> str:
        """Where the page on which one agrees to sign in leads; here the person has agreed already."""
        asked = dict(parse_qsl(query))
        return f"{asked['redirect_uri']}?{urlencode({'code': 'demo-code', 'state': asked['state']})}"

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and answer of one call."""
        if path == "/login/oauth/access_token":
            return 200, {"access_token": "demo-token-of-a-person", "token_type": "bearer"}
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
            url = urlsplit(self.path)
            if url.path == "/login/oauth/authorize":
                self._answer(302, {}, {"Location": github.back(url.query)})
            else:
                self._answer(*github.get(url.path))

        def do_DELETE(self) -> None:
            self.send_response(204)
            self.end_headers()

        def _answer(self, status: int, answer: Any, headers: Mapping[str, str] | None = None) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
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
