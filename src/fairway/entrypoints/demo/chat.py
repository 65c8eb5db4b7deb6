"""A stand-in for Slack on loopback: two calls of its Web API, and every message shown as it arrives."""

from __future__ import annotations

import html
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


class Said(Enum):
    NEW = "new"
    ANSWER = "answer"
    """In the thread of an earlier message."""
    CHANGED = "changed"
    """In the place of an earlier message."""


class Chat:
    """`show` gets each message: channel, text, and how it stands to earlier ones."""

    def __init__(self, show: Callable[[str, str, Said], None]) -> None:
        self._show = show
        self._sent = 0
        self._lock = threading.Lock()

    def call(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The answer of one call of the Web API."""
        channel = str(arguments.get("channel", ""))
        if method not in ("chat.postMessage", "chat.update"):
            return {"ok": False, "error": "unknown_method"}
        if not channel:
            return {"ok": False, "error": "channel_not_found"}
        with self._lock:
            self._sent += 1
            stamp = str(arguments.get("ts") or f"1700000000.{self._sent:06}")
        self._show(channel, _text(arguments), _how(method, arguments))
        return {"ok": True, "channel": channel, "ts": stamp, "message": {"text": arguments.get("text", "")}}


@contextmanager
def serve_chat(chat: Chat) -> Iterator[str]:
    """Serve on a free loopback port; gives the base URL of the Web API."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = json.dumps(chat.call(self.path.rpartition("/")[2], _arguments(self.headers, body))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the terminal belongs to the story."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/"
    finally:
        server.shutdown()
        server.server_close()


def _how(method: str, arguments: dict[str, Any]) -> Said:
    if method == "chat.update":
        return Said.CHANGED
    return Said.ANSWER if arguments.get("thread_ts") else Said.NEW


def _text(arguments: dict[str, Any]) -> str:
    """What people see: the blocks, or the text where there are none."""
    blocks = arguments.get("blocks") or []
    blocks = json.loads(blocks) if isinstance(blocks, str) else blocks
    shown = [block["text"]["text"] for block in blocks if block.get("type") == "section"]
    return html.unescape("\n".join(shown)).replace("*", "") or str(arguments.get("text", ""))


def _arguments(headers: Any, body: bytes) -> dict[str, Any]:
    if "json" in (headers.get("Content-Type") or ""):
        found = json.loads(body or b"{}")
        return found if isinstance(found, dict) else {}
    return {name: values[-1] for name, values in parse_qs(body.decode()).items()}
