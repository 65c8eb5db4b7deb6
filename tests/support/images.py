"""Tiny images, pushed to a registry by plain HTTP requests: config, manifest, and an index when it is asked for."""

from __future__ import annotations

import hashlib
import http.client
import json
import urllib.parse
from collections.abc import Mapping
from datetime import UTC, datetime

CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def push_image(
    host: str,
    repository: str,
    tag: str,
    created: datetime | None = None,
    *,
    platforms: tuple[str, ...] = (),
    labels: Mapping[str, str] | None = None,
) -> str:
    """Push an image, or an index with one for each of `platforms` (the later, the younger by a day); its digest."""
    if not platforms:
        return _push_manifest(host, repository, tag, _image(host, repository, created, "amd64", labels), MANIFEST)
    entries = []
    for number, platform in enumerate(platforms):
        system, _, machine = platform.partition("/")
        date = created.replace(day=created.day + number) if created else None
        body = _image(host, repository, date, machine, labels)
        digest = _push_manifest(host, repository, _digest(body), body, MANIFEST)
        about = {"os": system, "architecture": machine}
        entries.append({"mediaType": MANIFEST, "digest": digest, "size": len(body), "platform": about})
    body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()
    return _push_manifest(host, repository, tag, body, INDEX)


def _image(
    host: str, repository: str, created: datetime | None, machine: str, labels: Mapping[str, str] | None
) -> bytes:
    about: dict[str, object] = {"architecture": machine, "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}
    if labels:
        about["config"] = {"Labels": dict(labels)}
    if created:
        about["created"] = created.astimezone(UTC).isoformat().replace("+00:00", "Z")
    config = json.dumps(about).encode()
    _push_blob(host, repository, config)
    described = {"mediaType": CONFIG, "digest": _digest(config), "size": len(config)}
    return json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": []}).encode()


def _push_blob(host: str, repository: str, data: bytes) -> None:
    status, headers = _call(host, "POST", f"/v2/{repository}/blobs/uploads/")
    assert status == 202, status
    target = urllib.parse.urlsplit(headers["location"])
    query = f"{target.query}&" if target.query else ""
    path = f"{target.path}?{query}digest={urllib.parse.quote(_digest(data))}"
    status, _ = _call(host, "PUT", path, data, {"Content-Type": "application/octet-stream"})
    assert status == 201, status


def _push_manifest(host: str, repository: str, reference: str, body: bytes, kind: str) -> str:
    status, _ = _call(host, "PUT", f"/v2/{repository}/manifests/{reference}", body, {"Content-Type": kind})
    assert status == 201, status
    return _digest(body)


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _call(
    host: str, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> tuple[int, dict[str, str]]:
    connection = http.client.HTTPConnection(host, timeout=20)
    try:
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        answer.read()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()
