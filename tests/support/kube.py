"""A small blocking client of the Kubernetes API: tests look at the cluster with other eyes than the code does."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml


class KubeError(Exception):
    """An answer other than 2xx; `code` is the HTTP status."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text[:300]}")
        self.code = code


@dataclass(frozen=True)
class KubeClient:
    """Speaks to the cluster of a kubeconfig's current context with its client certificate."""

    host: str
    context: ssl.SSLContext

    @classmethod
    def of(cls, kubeconfig: Path) -> KubeClient:
        document = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        current = next(c["context"] for c in document["contexts"] if c["name"] == document["current-context"])
        server = next(c["cluster"] for c in document["clusters"] if c["name"] == current["cluster"])
        user = next(u["user"] for u in document["users"] if u["name"] == current["user"])
        context = ssl.create_default_context(cadata=base64.b64decode(server["certificate-authority-data"]).decode())
        with tempfile.NamedTemporaryFile() as pem:
            pem.write(base64.b64decode(user["client-certificate-data"]))
            pem.write(base64.b64decode(user["client-key-data"]))
            pem.flush()
            context.load_cert_chain(pem.name)
        return cls(urlsplit(server["server"]).netloc, context)

    def get(self, path: str) -> Any:
        return json.loads(self.request("GET", path))

    def text(self, path: str) -> str:
        return self.request("GET", path)

    def create(self, path: str, document: dict[str, Any]) -> Any:
        return json.loads(self.request("POST", path, document))

    def apply(self, path: str, document: dict[str, Any], manager: str = "tests") -> Any:
        query = f"{path}?fieldManager={manager}&force=true"
        return json.loads(self.request("PATCH", query, document, "application/apply-patch+yaml"))

    def delete(self, path: str) -> None:
        self.request("DELETE", path)

    def request(
        self, method: str, path: str, document: dict[str, Any] | None = None, kind: str = "application/json"
    ) -> str:
        connection = http.client.HTTPSConnection(self.host, context=self.context, timeout=30)
        try:
            body = json.dumps(document) if document is not None else None
            connection.request(method, path, body, {"Content-Type": kind} if body else {})
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= 300:
            raise KubeError(answer.status, text)
        return text

    def wait(self, path: str, holds: Callable[[Any], bool], seconds: float = 30) -> Any:
        """The object (or list) at the path as soon as `holds` says yes; AssertionError with its last state if never."""
        until = time.monotonic() + seconds
        last: Any = None
        while time.monotonic() < until:
            try:
                last = self.get(path)
                if holds(last):
                    return last
            except KubeError as error:
                if error.code != 404:
                    raise
            time.sleep(0.05)
        raise AssertionError(f"{path} did not get there within {seconds} s; last: {json.dumps(last)[:2000]}")
