"""Servers on loopback that charts come from: web, registry, bucket; each counts what it is asked and fails on demand.

The rule not to break: they speak the real protocols over real sockets; nothing inside of Fairway is replaced.
"""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme
import yaml
from tests.support.charts import sha256

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.cncf.helm.config.v1+json"
LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]


@dataclass
class WebServer:
    """Serves `files` by path. The fields may be changed while it runs."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    authorization: str = ""
    """Required value of the Authorization header."""
    etags: bool = True
    failures: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """Answers to give first, each once: status and headers."""
    drop: int = 0
    """Connections to close without an answer."""
    asked: list[Asked] = field(default_factory=list)
    pages: int = 0
    """Tags per page of the registry; 0 gives all at once."""
    next_page: str = ""
    """An address that the registry names as the next page of tags."""
    realm_login: str = ""
    """Makes the registry ask for a token: value of the Authorization header that its realm wants."""
    refresh_token: str = ""
    server: ThreadingHTTPServer | None = None

    def count(self, part: str) -> int:
        """Requests whose path holds `part` and that were let through."""
        return sum(1 for item in self.asked if part in item.path)

    def publish(self, name: str, version: str, archive: bytes, *, digest: str | None = None, url: str = "") -> None:
        """Add an archive, and list it in index.yaml the way Helm writes it."""
        path = f"/charts/{name}-{version}.tgz"
        self.files[path] = archive
        index = yaml.safe_load(self.files.get("/index.yaml", b"apiVersion: v1\nentries: {}\n"))
        entry = {"apiVersion": "v2", "name": name, "version": version, "digest": digest or sha256(archive)}
        index["entries"].setdefault(name, []).append({**entry, "urls": [url or path.lstrip("/")]})
        self.files["/index.yaml"] = yaml.safe_dump(index).encode()

    def push(self, repository: str, tag: str, archive: bytes, *, layer: bytes | None = None) -> str:
        """Add a chart to the registry; `layer` puts other bytes behind the layer's digest. Returns the manifest's."""
        digest = f"sha256:{sha256(archive)}"
        config = b"{}"
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": {"mediaType": CONFIG, "digest": f"sha256:{sha256(config)}", "size": len(config)},
                "layers": [{"mediaType": LAYER, "digest": digest, "size": len(archive)}],
            }
        ).encode()
        name = f"sha256:{sha256(manifest)}"
        base = f"/v2/{repository}"
        self.files[f"{base}/blobs/{digest}"] = archive if layer is None else layer
        self.files[f"{base}/manifests/{tag}"] = self.files[f"{base}/manifests/{name}"] = manifest
        tags = json.loads(self.files.get(f"{base}/tags/list", b'{"tags": []}'))["tags"]
        self.files[f"{base}/tags/list"] = json.dumps({"name": repository, "tags": [*tags, tag]}).encode()
        return name

    @property
    def host(self) -> str:
        return urllib.parse.urlsplit(self.url).netloc

    def stop(self) -> None:
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


@contextmanager
def web_server(context: ssl.SSLContext | None = None) -> Iterator[WebServer]:
    state = WebServer()

    class Handler(_Handler):
        web = state

    state.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.server.daemon_threads = True
    if context:
        state.server.socket = context.wrap_socket(state.server.socket, server_side=True)
    scheme = "https" if context else "http"
    state.url = f"{scheme}://127.0.0.1:{state.server.server_port}"
    threading.Thread(target=state.server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield state
    finally:
        state.stop()


@dataclass(frozen=True)
class Certificates:
    """Files of one authority: its own, and a client certificate; `server` is ready to listen with."""

    ca_file: str
    cert_file: str
    key_file: str
    server: ssl.SSLContext


def certificates(folder: Path, *, want_client: bool) -> Certificates:
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(server)
    if want_client:
        server.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(server)
    client = authority.issue_cert("client@example.org")
    files = [str(folder / name) for name in ("ca.pem", "client.pem", "client.key")]
    authority.cert_pem.write_to_path(files[0])
    Path(files[1]).write_bytes(b"".join(part.bytes() for part in client.cert_chain_pems))
    client.private_key_pem.write_to_path(files[2])
    return Certificates(files[0], files[1], files[2], server)


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Otherwise head and body go in two packets, and each answer waits 40 ms for the client's delayed ACK.
    wbufsize = -1
    disable_nagle_algorithm = True
    web: WebServer

    def do_GET(self) -> None:
        self._serve(b"")

    def do_HEAD(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("content-length") or 0)))

    def _serve(self, body: bytes) -> None:
        web = self.web
        web.asked.append(Asked(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}))
        if web.drop:
            web.drop -= 1
            self.close_connection = True
            return
        if web.failures:
            status, headers = web.failures.pop(0)
            self._answer(status, b"broken on demand", headers)
            return
        path = urllib.parse.urlsplit(self.path).path
        if path == "/token":
            self._token(body)
        elif web.realm_login and self.headers.get("authorization") != "Bearer access-granted":
            challenge = f'Bearer realm="{web.url}/token",service="test",scope="repository:x:pull"'
            self._answer(401, b"", {"WWW-Authenticate": challenge})
        elif web.authorization and self.headers.get("authorization") != web.authorization:
            self._answer(401, b"no", {"WWW-Authenticate": 'Basic realm="test"'})
        elif path in web.redirects:
            self._answer(302, b"", {"Location": web.redirects[path]})
        elif path.endswith("/tags/list") and path in web.files:
            self._tags(path)
        elif path in web.files:
            self._file(web.files[path])
        else:
            self._answer(404, b"nothing here", {})

    def _file(self, data: bytes) -> None:
        if not self.web.etags:
            self._answer(200, data, {})
            return
        etag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        if self.headers.get("if-none-match") == etag:
            self._answer(304, b"", {"ETag": etag})
        else:
            self._answer(200, data, {"ETag": etag})

    def _tags(self, path: str) -> None:
        listed = json.loads(self.web.files[path])
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        start = int((query.get("from") or ["0"])[0])
        size = self.web.pages or len(listed["tags"])
        headers = {}
        if start + size < len(listed["tags"]):
            headers["Link"] = f'<{path}?from={start + size}>; rel="next"'
        if self.web.next_page:
            headers["Link"] = f'<{self.web.next_page}>; rel="next"'
        page = {**listed, "tags": listed["tags"][start : start + size]}
        self._answer(200, json.dumps(page).encode(), headers)

    def _token(self, body: bytes) -> None:
        web = self.web
        form = urllib.parse.parse_qs(body.decode())
        if self.command == "POST":
            good = bool(web.refresh_token) and form.get("refresh_token") == [web.refresh_token]
        else:
            good = web.realm_login in ("anonymous", self.headers.get("authorization"))
        self._answer(200, b'{"token": "access-granted"}', {}) if good else self._answer(401, b"{}", {})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body and status != 304 and self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None: ...
