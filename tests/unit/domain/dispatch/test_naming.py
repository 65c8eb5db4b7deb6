"""What a request is about."""

from __future__ import annotations

from typing import Any

import pytest

from fairway.domain.dispatch.naming import namespace_of, subject_of, summary_of


def an_object(kind: str, name: str, **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, **metadata}}


@pytest.mark.parametrize(
    ("resources", "subject"),
    [
        ([an_object("ConfigMap", "settings"), an_object("Application", "web")], "web"),
        ([an_object("Deployment", "web-v7", labels={"app": "web"})], "web"),
        ([an_object("Deployment", "web-v7", labels={"app.kubernetes.io/name": "web"})], "web"),
        ([an_object("Deployment", "w", labels={"app": "web", "app.kubernetes.io/name": "other"})], "web"),
        ([an_object("Deployment", "w", labels={"app": 7, "app.kubernetes.io/name": "web"})], "web"),
        ([an_object("ConfigMap", "a", labels={"app": "other"}), an_object("Job", "b")], "b"),
        ([an_object("ConfigMap", "settings"), an_object("Secret", "key")], "settings"),
        ([an_object("ConfigMap", "settings", labels={"app": "web"})], "web"),
        ([an_object("Deployment", "w", labels={"app": "a\0b"})], "a�b"),
    ],
)
def test_the_first_workload_names_the_application(resources: Any, subject: str) -> None:
    assert subject_of(resources) == subject


def test_lists_stand_for_their_items_and_what_is_malformed_in_them_names_nothing() -> None:
    items = ["x", {"kind": "Deployment", "metadata": "web"}, {"metadata": {}, "kind": 7}]
    web = an_object("Deployment", "web", namespace="shop", labels=["app"])
    listed = an_object("List", "all") | {"items": [*items, an_object("ConfigMap", "a"), web]}
    assert (subject_of([listed]), namespace_of([listed])) == ("web", "shop")
    assert subject_of([an_object("List", "all") | {"items": items}]) == "all"
    odd = an_object("List", "all") | {"items": [an_object("Job", "a\0b", namespace="c\0d")]}
    assert (subject_of([odd]), namespace_of([odd])) == ("a�b", "c�d")


def test_the_application_gives_the_namespace() -> None:
    role = an_object("ClusterRole", "reader")
    assert namespace_of([role, an_object("Deployment", "web", namespace="shop")]) == "shop"
    assert namespace_of([an_object("ConfigMap", "a", namespace="shop"), an_object("ConfigMap", "b")]) == "shop"
    assert namespace_of([an_object("ConfigMap", "a")]) == ""


def test_the_ledger_gets_kinds_and_names_and_no_contents() -> None:
    secret = an_object("Secret", "key") | {"stringData": {"password": "hunter2"}}
    summary = summary_of([an_object("ConfigMap", "a"), secret])
    assert summary.objects == (("apply", "ConfigMap a"), ("apply", "Secret key"))
    assert "hunter2" not in repr(summary)
