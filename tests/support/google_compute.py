"""A stand-in for two of Google's services on loopback: the OAuth token endpoint and Compute's reserved addresses.

The rule not to break: it speaks the published protocols. Tokens are given only for a signed JWT assertion of the
service account (RFC 7523) and are needed for every question; bodies are shaped as the API's Address and Error.
"""

from __future__ import annotations

import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import jwt

ACCOUNT = "fairway@shop-prod.iam.gserviceaccount.com"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCE = "https://oauth2.googleapis.com/token"
"""What Google documents as `aud` of the assertion, wherever the token endpoint is."""
READ_ONLY = "https://www.googleapis.com/auth/compute.readonly"


@dataclass
class GoogleCompute:
    """`addresses` by (project, region or "global", name); fields may be changed while it runs."""

    url: str = ""
    addresses: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    denied_projects: set[str] = field(default_factory=set)
    failures: list[int] = field(default_factory=list)
    """HTTP statuses to answer questions with first, each once."""
    refuse_logins: bool = False
    tokens: list[str] = field(default_factory=list)
    assertions: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    @property
    def endpoint(self) -> str:
        return f"{self.url}/compute/v1"

    def reserve(self, project: str, place: str, name: str, ip: str, **fields: Any) -> None:
        """Add an address; `place` is a region or `global`."""
        is_global = place == "global"
        base = f"https://www.googleapis.com/compute/v1/projects/{project}"
        where = f"{base}/global" if is_global else f"{base}/regions/{place}"
        self.addresses[(project, place, name)] = {
            "kind": "compute#address",
            "id": str(7_000_000_000_000_000_000 + len(self.addresses)),
            "creationTimestamp": "2026-03-02T04:05:06.789-08:00",
            "name": name,
            "description": "",
            "address": ip,
            "status": "RESERVED",
            "selfLink": f"{where}/addresses/{name}",
            "networkTier": "PREMIUM",
            "labelFingerprint": "42WmSpB8rSM=",
            "addressType": "EXTERNAL",
            **({"ipVersion": "IPV4"} if is_global else {"region": where}),
            **fields,
        }

    def write_key_file(self, path: Path) -> Path:
        """A service account's key file whose token endpoint is this server."""
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_text(
            json.dumps(
                {
                    "type": "service_account",
                    "project_id": "shop-prod",
                    "private_key_id": "0123456789abcdef",
                    "private_key": pem.decode(),
                    "client_email": ACCOUNT,
                    "client_id": "100000000000000000000",
                    "token_uri": f"{self.url}/token",
                }
            )
        )
        return path


@contextmanager
def google_compute() -> Iterator[GoogleCompute]:
    """Runs until the block ends."""
    state = GoogleCompute()

    class Handler(_Handler):
        google = state

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    google: GoogleCompute

    def log_message(self, format: str, *args: Any) -> None: ...

    def do_POST(self) -> None:
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
        if self.path != "/token" or form.get("grant_type") != [GRANT]:
            return self._answer(400, {"error": "unsupported_grant_type"})
        if self.google.refuse_logins:
            return self._answer(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        public = self.google.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        claims = jwt.decode(form["assertion"][0], certs=public, audience=AUDIENCE)
        if claims["iss"] != ACCOUNT:
            return self._answer(400, {"error": "invalid_grant", "error_description": "account not found"})
        self.google.assertions.append(dict(claims))
        token = f"ya29.test-{len(self.google.tokens)}"
        self.google.tokens.append(token)
        return self._answer(200, {"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def do_GET(self) -> None:
        self.google.asked.append(self.path)
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in self.google.tokens:
            return self._error(401, "Request had invalid authentication credentials.", "authError")
        if self.google.failures:
            return self._error(self.google.failures.pop(0), "Backend Error", "backendError")
        parts = [urllib.parse.unquote(part) for part in self.path.split("/")[1:]]
        match parts:
            case ["compute", "v1", "projects", project, "global", "addresses", name]:
                return self._address(project, "global", name)
            case ["compute", "v1", "projects", project, "regions", region, "addresses", name]:
                return self._address(project, region, name)
        return self._answer(404, {"error": {"code": 404, "message": "Not Found"}})

    def _address(self, project: str, place: str, name: str) -> None:
        path = f"projects/{project}/{'global' if place == 'global' else f'regions/{place}'}/addresses/{name}"
        if project in self.google.denied_projects:
            message = f"Required 'compute.addresses.get' permission for '{path}'"
            return self._error(403, message, "forbidden")
        found = self.google.addresses.get((project, place, name))
        if found is None:
            return self._error(404, f"The resource '{path}' was not found", "notFound")
        return self._answer(200, found)

    def _error(self, code: int, message: str, reason: str) -> None:
        errors = [{"message": message, "domain": "global", "reason": reason}]
        self._answer(code, {"error": {"code": code, "message": message, "errors": errors}})

    def _answer(self, code: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
