"""A defaulting admission webhook on loopback: what meshes, policies and cloud providers do to every object.

It adds a label to all, a side-car and a default to Deployments, and an annotation to their pods; never twice.
"""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

NAME = "bench-defaults"
LABEL = "bench.example/defaulted"
RULES = [
    ("apps", "v1", "deployments"),
    ("", "v1", "services"),
    ("", "v1", "serviceaccounts"),
    ("networking.k8s.io", "v1", "ingresses"),
]


@asynccontextmanager
async def defaulting_webhook(folder: Path, namespace: str) -> AsyncIterator[dict[str, Any]]:
    """Serves for as long as the block lasts; gives the MutatingWebhookConfiguration that leads to it."""
    from aiohttp import web

    certificate, key = _certificate(folder)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(str(certificate), str(key))

    async def admit(request: web.Request) -> web.Response:
        asked = (await request.json())["request"]
        patch = base64.b64encode(json.dumps(_patch(asked["object"])).encode()).decode()
        answer = {"uid": asked["uid"], "allowed": True, "patchType": "JSONPatch", "patch": patch}
        return web.json_response({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": answer})

    app = web.Application()
    app.router.add_post("/", admit)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        yield _configuration(runner.addresses[0][1], certificate.read_bytes(), namespace)
    finally:
        await runner.cleanup()


def _patch(obj: dict[str, Any]) -> list[dict[str, Any]]:
    metadata = obj["metadata"]
    steps: list[dict[str, Any]] = []
    if "labels" not in metadata:
        steps.append({"op": "add", "path": "/metadata/labels", "value": {}})
    if LABEL not in (metadata.get("labels") or {}):
        steps.append({"op": "add", "path": f"/metadata/labels/{LABEL.replace('/', '~1')}", "value": "yes"})
    if obj["kind"] != "Deployment":
        return steps
    template = obj["spec"]["template"]
    if "annotations" not in template["metadata"]:
        steps.append({"op": "add", "path": "/spec/template/metadata/annotations", "value": {"bench.example/at": "1"}})
    containers = template["spec"]["containers"]
    if all(one["name"] != "proxy" for one in containers):
        proxy = {"name": "proxy", "image": "mesh/proxy:1"}
        steps.append({"op": "add", "path": "/spec/template/spec/containers/-", "value": proxy})
    for n, one in enumerate(containers):
        if one.get("imagePullPolicy") != "Always":
            path = f"/spec/template/spec/containers/{n}/imagePullPolicy"
            steps.append({"op": "add", "path": path, "value": "Always"})
    return steps


def _configuration(port: int, authority: bytes, namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": NAME},
        "webhooks": [
            {
                "name": "defaults.bench.example",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Fail",
                "reinvocationPolicy": "IfNeeded",
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
                "clientConfig": {
                    "url": f"https://127.0.0.1:{port}/",
                    "caBundle": base64.b64encode(authority).decode(),
                },
                "rules": [
                    {
                        "apiGroups": [group],
                        "apiVersions": [version],
                        "resources": [plural],
                        "operations": ["CREATE", "UPDATE"],
                    }
                    for group, version, plural in RULES
                ],
            }
        ],
    }


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of its own authority, for 127.0.0.1."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "webhook.crt", folder / "webhook.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    return paths
