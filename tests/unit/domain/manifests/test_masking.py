"""What is secret in a manifest by its kind, its name or its looks, and what only sounds so."""

from __future__ import annotations

from typing import Any

import pytest

from fairway.domain.manifests.masking import is_secret, is_secret_field, without_secrets
from fairway.domain.manifests.objects import Object
from fairway.domain.values.secrets import MASK


@pytest.mark.parametrize(
    ("obj", "secret"),
    [
        ({"apiVersion": "v1", "kind": "Secret"}, True),
        ({"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret"}, False),
        ({"apiVersion": "example.com/v1", "kind": "Secret"}, False),
        ({"kind": "ConfigMap", "metadata": {"annotations": {"fairway.dev/sensitive": "true"}}}, True),
        ({"kind": "ConfigMap", "metadata": {"annotations": {"fairway.dev/sensitive": "false"}}}, False),
        ({"kind": "ConfigMap", "metadata": {"annotations": None}}, False),
        (None, False),
    ],
)
def test_secret_objects_are_known(obj: Object | None, secret: bool) -> None:
    assert is_secret(obj) is secret


APP = "spec.template.spec.containers[app]"


@pytest.mark.parametrize(
    ("path", "secret"),
    [
        (f"{APP}.env[DB_PASSWORD].value", True),
        (f"{APP}.env[LOG_LEVEL].value", False),
        (f"{APP}.env[DB_PASSWORD].valueFrom.secretKeyRef.key", False),
        (f"{APP}.env[DB_PASSWORD].valueFrom.secretKeyRef.name", False),
        ("data.password", True),
        ('data["db.password"]', True),
        ('data["app.yaml"]', False),
        ("spec.tls[0].secretName", False),
        ("spec.imagePullSecrets[pull].name", False),
        ("spec.auth.token", True),
        ("value", False),
        ("", False),
    ],
)
def test_fields_are_secret_by_their_name(path: str, secret: bool) -> None:
    assert is_secret_field(path) is secret


@pytest.mark.parametrize(
    ("value", "path", "shown"),
    [
        ("hunter22", "data.password", MASK),
        (12345, "data.password", MASK),
        (True, "spec.automountServiceAccountToken", True),
        (None, "data.password", None),
        ("", "data.password", ""),
        (
            {"name": "DB_PASSWORD", "value": "hunter22"},
            f"{APP}.env[DB_PASSWORD]",
            {"name": "DB_PASSWORD", "value": MASK},
        ),
        ({"name": "LEVEL", "value": "debug"}, f"{APP}.env[LEVEL]", {"name": "LEVEL", "value": "debug"}),
        (
            [{"name": "API_TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "token"}}}],
            f"{APP}.env",
            [{"name": "API_TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "token"}}}],
        ),
        ({"auth": {"password": "x1y2"}, "user": "me"}, "spec", {"auth": {"password": MASK}, "user": "me"}),
        ("postgres://me:hunter22@db/shop", f"{APP}.args[0]", MASK),
        (["-v", "https://example.com"], f"{APP}.args", ["-v", "https://example.com"]),
    ],
)
def test_secrets_are_masked_to_any_depth(value: Any, path: str, shown: Any) -> None:
    assert without_secrets(value, path) == shown
