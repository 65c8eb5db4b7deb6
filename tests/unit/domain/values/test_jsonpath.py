"""The JSONPath that outputs are picked with."""

from __future__ import annotations

from typing import Any

import pytest

from fairway.domain.errors import Position, UserError
from fairway.domain.values.jsonpath import select

SERVICE = {
    "metadata": {"name": "web", "labels": {"app.kubernetes.io/name": "web"}},
    "spec": {
        "ports": [{"name": "http", "port": 80, "extra": {"n": 1}}, {"name": "grpc", "port": 90, "tls": True}],
        "empty": [],
    },
    "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.9"}, {"ip": "203.0.113.10"}]}},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("{.status.loadBalancer.ingress[0].ip}", "203.0.113.9"),
        ("$.status.loadBalancer.ingress[0].ip", "203.0.113.9"),
        ("status.loadBalancer.ingress[0].ip", "203.0.113.9"),
        (" { .status.loadBalancer.ingress[-1].ip } ", "203.0.113.10"),
        ('{.spec.ports[?(@.name=="grpc")].port}', 90),
        ("{.spec.ports[?(@.port == 80)].name}", "http"),
        ("spec.ports[?(@.tls==true)].name", "grpc"),
        ("spec.ports[?(@.extra.n==1)].name", "http"),
        ("metadata.labels['app.kubernetes.io/name']", "web"),
        (r"metadata.labels.app\.kubernetes\.io/name", "web"),
        ('{.metadata["name"]}', "web"),
        ("spec.ports[0]", {"name": "http", "port": 80, "extra": {"n": 1}}),
        ("status.nothing.here", None),
        ("spec.ports[7].port", None),
        ("spec.empty[-1]", None),
        ("spec.ports.name", None),
        ("spec[0]", None),
        ("spec.ports[?(@.name=='x')].port", None),
        ("metadata.name.deeper", None),
    ],
)
def test_one_value_is_picked(path: str, value: Any) -> None:
    assert select(SERVICE, path) == value


@pytest.mark.parametrize("path", ["", "{}", "$", "a..b", "a[", "a[*]", "a[b]", "a b", "a[?(@.x>1)]", ".a.", "a[0]b"])
def test_a_path_that_cannot_be_read_is_an_error_with_its_place(path: str) -> None:
    where = Position("releases/prod.yaml", 3, 1)
    with pytest.raises(UserError, match="cannot read the path") as caught:
        select(SERVICE, path, where)
    assert caught.value.where == where
