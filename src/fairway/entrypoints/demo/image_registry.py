"""A small image registry on loopback, and the push to it: what a build server does at its end.

It speaks as much of the OCI distribution specification as it takes to push an image and to look at it, keeps all in
memory, and tells a webhook of each push, as registries do (the envelope of the distribution project's notifications).
"""

from __future__ import annotations

import hashlib
import json
import threading
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class ImageRegistry:
    """`host` is 127.0.0.1:PORT. `on_push` gets the envelope of each push, from the thread that answered it."""

    def __init__(self, on_push: Callable[[bytes], None] = lambda envelope: None) -> None:
        self.host = ""
        self._on_push = on_push
        self._blobs: dict[str, bytes] = {}
        self._tags: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()

    def get(self, path: str) -> tuple[int, str, bytes]:
        """Status, media type and body."""
        if path in ("/v2", "/v2/"):
            return 200, "application/json", b"{}"
        name, kind, reference = _parts(path)
        with self._lock:
            tags = self._tags.get(name)
            if kind == "tags" and tags is not None:
                return 200, "application/json", json.dumps({"name": name, "tags": sorted(tags)}).encode()
            digest = (tags or {}).get(reference, reference)
            body = self._blobs.get(digest)
        if kind not in ("manifests", "blobs") or body is None:
            return 404, "application/json", b'{"errors": [{"code": "NAME_UNKNOWN"}]}'
        return 200, MANIFEST if kind == "manifests" else "application/octet-stream", body

    def put(self, path: str, query: Mapping[str, list[str]], body: bytes) -> tuple[int, str]:
        """Status and digest; 400 when what was sent is not what it was announced to be."""
        name, kind, reference = _parts(path)
        digest = _digest(body)
        if kind == "blobs" and query.get("digest", [digest]) != [digest]:
            return 400, digest
        with self._lock:
            self._blobs[digest] = body
            if kind == "manifests":
                self._tags.setdefault(name, {})[reference] = digest
        if kind == "manifests":
            self._on_push(_envelope(self.host, name, reference, digest, len(body)))
        return 201, digest


@contextmanager
def serve_images(registry: ImageRegistry) -> Iterator[str]:
    """Serve on a free loopback port; gives its host."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, kind, body = registry.get(urlsplit(self.path).path)
            self._answer(status, body, {"Content-Type": kind, "Docker-Content-Digest": _digest(body)})

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_POST(self) -> None:
            where = f"{urlsplit(self.path).path.rstrip('/')}/{uuid.uuid4()}"
            self._answer(202, b"", {"Location": where})

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            url = urlsplit(self.path)
            status, digest = registry.put(url.path, parse_qs(url.query), body)
            self._answer(status, b"", {"Docker-Content-Digest": digest})

        def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the terminal belongs to the story."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    registry.host = f"127.0.0.1:{server.server_port}"
    try:
        yield registry.host
    finally:
        server.shutdown()
        server.server_close()


def push_image(host: str, name: str, tag: str, labels: Mapping[str, str] | None = None) -> str:
    """Push an image without layers by the calls that every client makes; its digest."""
    about = {
        "architecture": "amd64",
        "os": "linux",
        "created": datetime.now(UTC).isoformat(),
        "config": {"Labels": dict(labels or {})},
        "rootfs": {"type": "layers", "diff_ids": []},
    }
    config = json.dumps(about).encode()
    upload, _ = _call(host, "POST", f"/v2/{name}/blobs/uploads/")
    _call(host, "PUT", f"{upload}?digest={_digest(config)}", config)
    described = {"mediaType": CONFIG, "digest": _digest(config), "size": len(config)}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": []}
    _, digest = _call(host, "PUT", f"/v2/{name}/manifests/{tag}", json.dumps(manifest).encode())
    return digest


def _call(host: str, method: str, path: str, body: bytes = b"") -> tuple[str, str]:
    """Location and digest of the answer."""
    request = urllib.request.Request(f"http://{host}{path}", data=body, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.headers.get("Location", ""), answer.headers.get("Docker-Content-Digest", "")


def _parts(path: str) -> tuple[str, str, str]:
    """`/v2/shop/orders/manifests/1.4.3` → name, kind, reference; uploads count as blobs."""
    words = path.removeprefix("/v2/").strip("/").split("/")
    for kind in ("manifests", "blobs", "tags"):
        if kind in words[1:]:
            place = words.index(kind, 1)
            return "/".join(words[:place]), kind, "/".join(words[place + 1 :])
    return "", "", ""


def _envelope(host: str, name: str, tag: str, digest: str, size: int) -> bytes:
    target = {"mediaType": MANIFEST, "digest": digest, "length": size, "repository": name, "tag": tag}
    event = {
        "id": str(uuid.uuid4()),
        "timestamp": datetime.now(UTC).isoformat(),
        "action": "push",
        "target": target,
        "request": {"host": host, "method": "PUT"},
    }
    return json.dumps({"events": [event]}).encode()


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
