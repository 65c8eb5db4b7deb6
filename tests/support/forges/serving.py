"""What the loopback forges share: routes, tokens, pages, faults, and checks against the published description.

The rule not to break: whatever does not follow the description fails the test, on either side of the wire.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.support.forges.published import Mismatch, Published
from tests.support.forges.world import World

PAGE = 3
"""Items on a page, so that even small tests need several."""


@dataclass
class Asked:
    method: str
    path: str
    """Below the API's base, decoded."""
    query: dict[str, str]
    headers: dict[str, str]
    """Names in lower case."""
    body: Any


@dataclass
class Answer:
    status: int
    data: Any = None
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[..., Answer]


class Refused(Exception):
    def __init__(self, status: int, data: Any) -> None:
        super().__init__(status)
        self.answer = Answer(status, data)


@dataclass
class ForgeServer:
    """One repository behind one API. Subclasses fill `routes`; the fields may be changed while it runs."""

    world: World = field(default_factory=World)
    base: str = "/"
    token: str = "t0ken-of-the-tests"
    published: Published | None = None
    url: str = ""
    failures: list[Answer] = field(default_factory=list)
    """Answers to give first, each once."""
    lose: str = ""
    """The method whose next answer gets lost, after the work was done."""
    asked: list[Asked] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """What did not follow the published description."""
    beyond: tuple[tuple[str, str, int], ...] = ()
    """Answers that it gives although its description leaves them out: method, end of the path, status."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def api(self) -> str:
        return self.url + self.base.rstrip("/")

    def routes(self) -> Mapping[str, Handler]:
        """`GET /repos/{owner}/{repo}/pulls` → handler(asked, *values in braces)."""
        raise NotImplementedError

    def authorized(self, asked: Asked) -> bool:
        raise NotImplementedError

    def count(self, method: str, part: str = "") -> int:
        return sum(1 for one in self.asked if one.method == method and part in one.path)

    def page(self, asked: Asked, items: list[Any]) -> Answer:
        """One page, with a Link header to the next one."""
        size = min(int(asked.query.get("per_page") or asked.query.get("limit") or PAGE), PAGE)
        number = int(asked.query.get("page", "1"))
        part = items[(number - 1) * size : number * size]
        if number * size >= len(items):
            return Answer(200, part)
        query = "&".join(f"{k}={v}" for k, v in {**asked.query, "page": str(number + 1)}.items())
        return Answer(200, part, {"Link": f'<{self.api}{asked.path}?{query}>; rel="next", <{self.api}/x>; rel="last"'})

    def serve(self, asked: Asked) -> Answer:
        with self.lock:
            self.asked.append(asked)
            if self.failures:
                return self.failures.pop(0)
            try:
                return self._checked(asked)
            except Refused as refused:
                return refused.answer
            except AssertionError as mismatch:
                self.wrong.append(str(mismatch))
                return Answer(599, {"message": f"not as published: {mismatch}"})

    def _checked(self, asked: Asked) -> Answer:
        for route, handler in self.routes().items():
            method, _, pattern = route.partition(" ")
            expression = re.sub(r"\{\w+\}", "([^/]+)", re.sub(r"\{\w+\*\}", "(.+)", pattern))
            match = re.fullmatch(expression, asked.path)
            if method != asked.method or not match:
                continue
            described = self.published if "graphql" not in asked.path else None
            if described:
                described.check_request(asked.method, asked.path, asked.query, asked.body)
            if not self.authorized(asked):
                return Answer(401, {"message": "Bad credentials"})
            answer = handler(asked, *match.groups())
            beyond = (asked.method, asked.path.rpartition("/")[2], answer.status) in self.beyond
            if described and answer.status < 300 and not beyond:
                described.check_response(asked.method, asked.path, answer.status, answer.data)
            return answer
        raise Mismatch(f"no call {asked.method} {asked.path} is known here")


@contextmanager
def serving(forge: ForgeServer) -> Iterator[ForgeServer]:
    """Run it on a free port of loopback; what did not follow the description fails at the end."""

    class Handling(_Handling):
        server_state = forge

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handling)
    server.daemon_threads = True
    forge.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield forge
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
    assert not forge.wrong, forge.wrong


class _Handling(BaseHTTPRequestHandler):
    server_state: ForgeServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes, and the second would wait for an acknowledgement

    def _handle(self) -> None:
        forge = self.server_state
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length) if length else b""
        below = parts.path.removeprefix(forge.base.rstrip("/"))
        body = json.loads(raw) if raw else None
        # An encoded slash stays one while routes are matched: GitLab's projects are named so.
        path = below.replace("%2F", "\0")
        asked = Asked(
            self.command,
            unquote(path).replace("\0", "%2F"),
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()},
            body,
        )
        answer = forge.serve(asked)
        if forge.lose == self.command:
            forge.lose = ""
            self.close_connection = True
            self.connection.close()
            return
        text = b"" if answer.data is None else json.dumps(answer.data).encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle

    def log_message(self, *args: object) -> None:
        """Tests read `asked` instead."""
