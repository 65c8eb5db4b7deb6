"""Which items of two lists are the same item."""

from __future__ import annotations

from typing import Any

import pytest

from fairway.domain.manifests.merge_keys import compare_keys, identity, identity_text, patch_key

POD = ("spec", "template", "spec")


@pytest.mark.parametrize(
    ("path", "items", "keys"),
    [
        ((*POD, "containers"), [{"name": "a"}, {"name": "b"}], ("name",)),
        ((*POD, "containers", "ports"), [{"containerPort": 80}], ("containerPort", "protocol")),
        (("spec", "ports"), [{"port": 80}, {"port": 80, "protocol": "UDP"}], ("port", "protocol")),
        ((*POD, "containers", "volumeMounts"), [{"mountPath": "/a", "name": "x"}], ("mountPath",)),
        (("status", "conditions"), [{"type": "Ready"}], ("type",)),
        (("subjects",), [{"kind": "User", "name": "a"}], ("kind", "namespace", "name")),
        (("spec", "somethingNew"), [{"name": "a"}, {"name": "b"}], ("name",)),
        (("spec", "somethingNew"), [{"name": "a"}, {"name": "a"}], ()),
        (("spec", "somethingNew"), [{"name": "a"}, {}], ()),
        ((*POD, "containers", "args"), ["a", "b"], ()),
        ((*POD, "tolerations"), [{"key": "a"}], ()),
        (("spec", "listeners"), [{"name": {"odd": 1}}], ()),
    ],
)
def test_items_are_matched_by_their_keys(path: tuple[str, ...], items: list[Any], keys: tuple[str, ...]) -> None:
    assert compare_keys(path, items, items) == keys


def test_both_sides_must_have_the_keys() -> None:
    assert compare_keys(("spec", "x"), [{"name": "a"}], [{"id": 1}]) == ()


@pytest.mark.parametrize(
    ("item", "keys", "text"),
    [
        ({"name": "app"}, ("name",), "app"),
        ({"port": 80}, ("port", "protocol"), "80"),
        ({"port": 80, "protocol": "TCP"}, ("port", "protocol"), "80"),
        ({"port": 80, "protocol": "UDP"}, ("port", "protocol"), "80/UDP"),
        ({"kind": "User", "name": "a"}, ("kind", "namespace", "name"), "User/a"),
    ],
)
def test_items_are_named_shortly(item: dict[str, Any], keys: tuple[str, ...], text: str) -> None:
    assert identity_text(item, keys) == text


def test_a_left_out_protocol_is_tcp() -> None:
    keys = ("port", "protocol")
    assert identity({"port": 80}, keys) == identity({"port": 80, "protocol": "TCP"}, keys)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ((*POD, "containers"), "name"),
        ((*POD, "containers", "ports"), "containerPort"),
        (("spec", "ports"), "port"),
        (("metadata", "finalizers"), ""),
        ((*POD, "tolerations"), None),
        (("spec", "ingress", "ports"), None),
        ((*POD, "containers", "args"), None),
    ],
)
def test_patching_follows_what_kubernetes_declares(path: tuple[str, ...], key: str | None) -> None:
    assert patch_key(path) == key
