"""A registry on loopback that speaks the distribution API, with the habits of the registry that a test is about.

The rule not to break: what it answers is what the real one answers, as its documentation or its wire shows.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Habits:
    """How one kind of registry behaves."""

    challenge: str = ""
    """WWW-Authenticate; `URL` and `REPO` are filled in. Empty: everybody may ask."""
    token_path: str = "/token"
    token_field: str = "token"
    expires_in: int | None = None
    basic: str = ""
    """Authorization that opens the registry itself."""
    page: int = 1000
    """Most tags per page, whatever is asked for."""
    absolute_links: bool = False
    link_rel: str = 'rel="next"'
    etag: bool = False
    manifests: bool = False
    """Lists the digests of tags too, as Google does."""
    denied: int = 401
    """What the realm answers to a wrong login."""


@dataclass
class Standing:
    """The fields may be changed while it runs."""

    habits: Habits
    url: str = ""
    tags: dict[str, list[str]] = field(default_factory=dict)
    login: str = ""
    """Authorization that the realm wants; empty gives everybody a token."""
    refresh_token: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Method and path with query."""
    tokens: list[dict[str, list[str]]] = field(default_factory=list)
    """The questions for tokens."""
    valid: set[str] = field(default_factory=set)
    trickle: float = 0.0
    """Seconds between the bytes of an answer."""
    body: bytes | None = None
    """An answer to everything."""

    @property
    def host(self) -> str:
        return urllib.parse.urlsplit(self.url).netloc

    def lists(self) -> int:
        return sum(1 for _, path in self.asked if "/tags/list" in path)


@contextmanager
def registry(habits: Habits) -> Iterator[Standing]:
    state = Standing(habits)

    class Handler(_Handler):
        state_ = state

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    state_: Standing

    def do_GET(self) -> None:
        self._serve(b"")

    do_HEAD = do_GET

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("content-length") or 0)))

    def _serve(self, body: bytes) -> None:
        state, habits = self.state_, self.state_.habits
        state.asked.append((self.command, self.path))
        parts = urllib.parse.urlsplit(self.path)
        if parts.path == habits.token_path:
            self._token(urllib.parse.parse_qs(parts.query or body.decode()))
            return
        name = parts.path.removeprefix("/v2/").partition("/tags/")[0].partition("/manifests/")[0]
        if not self._let_in():
            challenge = habits.challenge.replace("URL", state.url).replace("REPO", name)
            self._answer(401, {"errors": [{"code": "UNAUTHORIZED"}]}, {"WWW-Authenticate": challenge})
        elif state.body is not None:
            self._answer(200, state.body, {})
        elif name in state.tags and parts.path.endswith("/tags/list"):
            self._tags(name, urllib.parse.parse_qs(parts.query))
        else:
            self._answer(404, {"errors": [{"code": "NAME_UNKNOWN"}]}, {})

    def _let_in(self) -> bool:
        state, given = self.state_, self.headers.get("authorization", "")
        if not state.habits.challenge:
            return True
        return given in (state.habits.basic, *(f"Bearer {token}" for token in state.valid)) and bool(given)

    def _token(self, query: dict[str, list[str]]) -> None:
        state = self.state_
        state.tokens.append(query)
        given = self.headers.get("authorization", "")
        if self.command == "POST":
            good = bool(state.refresh_token) and query.get("refresh_token") == [state.refresh_token]
        else:
            good = not state.login or given == state.login
        if not good:
            self._answer(state.habits.denied, {"errors": [{"code": "UNAUTHORIZED"}]}, {})
            return
        token = f"token-{len(state.tokens)}"
        state.valid.add(token)
        lifetime = {} if state.habits.expires_in is None else {"expires_in": state.habits.expires_in}
        self._answer(200, {state.habits.token_field: token, **lifetime}, {})

    def _tags(self, name: str, query: dict[str, list[str]]) -> None:
        state, habits = self.state_, self.state_.habits
        tags = sorted(state.tags[name])
        last = (query.get("last") or [""])[0]
        rest = [tag for tag in tags if tag > last]
        size = min(int((query.get("n") or ["1000"])[0]), habits.page)
        page = rest[:size]
        body: dict[str, Any] = {"name": name, "tags": page}
        if habits.manifests:
            body["manifest"] = {
                f"sha256:{hashlib.sha256(tag.encode()).hexdigest()}": {"tag": [tag], "timeCreatedMs": "0"}
                for tag in page
            }
        headers = {}
        if len(rest) > size:
            base = state.url if habits.absolute_links else ""
            link = f"{base}/v2/{name}/tags/list?last={page[-1]}&n={size}"
            headers["Link"] = f"<{link}>; {habits.link_rel}"
        etag = f'"{hashlib.sha256(json.dumps(body).encode()).hexdigest()[:20]}"'
        if habits.etag:
            headers["ETag"] = etag
            if self.headers.get("if-none-match") == etag:
                self._answer(304, b"", headers)
                return
        self._answer(200, body, headers)

    def _answer(self, status: int, body: object, headers: dict[str, str]) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "HEAD" or status == 304:
            return
        if not self.state_.trickle:
            self.wfile.write(data)
            return
        try:
            for number in range(len(data)):
                self.wfile.write(data[number : number + 1])
                self.wfile.flush()
                time.sleep(self.state_.trickle)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None: ...
