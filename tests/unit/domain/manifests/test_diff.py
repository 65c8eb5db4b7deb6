"""Differences are complete, minimal, readable, and never tell a secret."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.manifests.diff import changed_lines, differences, masked_keys
from fairway.domain.manifests.objects import Object
from fairway.domain.releases.plan import ABSENT, MASKED, FieldChange
from fairway.domain.values.secrets import MASK, SecretRegister


def obj(spec: Any, **metadata: Any) -> Object:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", **metadata}, "spec": spec}


def pod(**container: Any) -> Object:
    return obj({"template": {"spec": {"containers": [{"name": "app", **container}]}}})


def rows(old: Object | None, new: Object | None) -> list[tuple[str, Any, Any]]:
    return [(c.path, c.old, c.new) for c in differences(old, new)]


APP = "spec.template.spec.containers[app]"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (pod(image="a:1"), pod(image="a:2"), [(f"{APP}.image", "a:1", "a:2")]),
        (obj({"replicas": 1}), obj({"replicas": 2}), [("spec.replicas", 1, 2)]),
        (obj({"paused": True}), obj({"paused": 1}), [("spec.paused", True, 1)]),
        (obj({"n": 1}), obj({"n": 1.0}), []),
        (obj({}), obj({"a": {"b": 1}}), [("spec.a", ABSENT, {"b": 1})]),
        (obj({"a": None}), obj({}), [("spec.a", None, ABSENT)]),
        (
            pod(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]),
            pod(env=[{"name": "A", "value": "1"}, {"name": "C", "value": "3"}]),
            [
                (f"{APP}.env[B]", {"name": "B", "value": "2"}, ABSENT),
                (f"{APP}.env[C]", ABSENT, {"name": "C", "value": "3"}),
            ],
        ),
        (
            pod(env=[{"name": "A"}, {"name": "B"}]),
            pod(env=[{"name": "B"}, {"name": "A"}]),
            [(f"{APP}.env (order)", ["A", "B"], ["B", "A"])],
        ),
        (
            pod(ports=[{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 53, "protocol": "UDP"}]),
            pod(ports=[{"containerPort": 80, "name": "http"}, {"containerPort": 53, "protocol": "UDP"}]),
            [(f"{APP}.ports[80].name", ABSENT, "http"), (f"{APP}.ports[80].protocol", "TCP", ABSENT)],
        ),
        (pod(args=["-a", "-b", "-c"]), pod(args=["-a", "-c"]), [(f"{APP}.args[1]", "-b", ABSENT)]),
        (pod(args=["-a", "-c"]), pod(args=["-a", "-b", "-c"]), [(f"{APP}.args[1]", ABSENT, "-b")]),
        (pod(args=["-a", "-b"]), pod(args=["-a", "-x"]), [(f"{APP}.args[1]", "-b", "-x")]),
        (
            obj({"rules": [{"host": "a", "port": 1}, {"host": "b", "port": 1}]}),
            obj({"rules": [{"host": "a", "port": 2}, {"host": "b", "port": 1}]}),
            [("spec.rules[0].port", 1, 2)],
        ),
        (
            obj({}, annotations={"example.com/x": "1"}),
            obj({}, annotations={"example.com/x": "2"}),
            [('metadata.annotations["example.com/x"]', "1", "2")],
        ),
    ],
)
def test_fields_are_named_as_people_name_them(old: Object, new: Object, expected: list[Any]) -> None:
    assert rows(old, new) == expected


def test_what_the_server_sets_is_no_difference() -> None:
    live = obj(
        {"replicas": 1},
        uid="1",
        resourceVersion="5",
        generation=3,
        creationTimestamp="2026-01-01T00:00:00Z",
        managedFields=[{"manager": "helm"}],
        annotations={"kubectl.kubernetes.io/last-applied-configuration": "{}"},
    )
    live["status"] = {"readyReplicas": 1}
    assert rows(live, obj({"replicas": 1})) == []


def test_a_missing_object_is_the_empty_one() -> None:
    assert ("spec", ABSENT, {"replicas": 1}) in rows(None, obj({"replicas": 1}))
    assert ("spec", {"replicas": 1}, ABSENT) in rows(obj({"replicas": 1}), None)


def secret(**data: str) -> Object:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "tls"}, "data": data, "type": "Opaque"}


def test_values_of_secrets_are_masked_and_their_keys_counted() -> None:
    changes = differences(secret(a="b2xk", same="eA==", gone="eQ=="), secret(a="bmV3", same="eA==", fresh="eg=="))
    assert changes == (
        FieldChange("data.a", MASKED, MASKED),
        FieldChange("data.fresh", ABSENT, MASKED),
        FieldChange("data.gone", MASKED, ABSENT),
    )
    assert masked_keys(changes) == 3


def test_a_new_secret_counts_each_key_and_tells_none() -> None:
    changes = differences(None, secret(a="b2xk", b="bmV3"))
    assert masked_keys(changes) == 2
    assert "b2xk" not in repr(changes)
    assert "bmV3" not in repr(changes)


def test_an_object_can_be_marked_as_sensitive() -> None:
    marked = {"annotations": {"fairway.dev/sensitive": "true"}}
    old: Object = {"kind": "ConfigMap", "metadata": marked, "data": {"a": "1"}}
    new: Object = {"kind": "ConfigMap", "metadata": marked, "data": {"a": "2"}}
    assert differences(old, new) == (FieldChange("data.a", MASKED, MASKED),)
    assert differences(obj({"a": 1}), obj({"a": 2}), secret=True) == (FieldChange("spec.a", MASKED, MASKED),)


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("0ld-secret", "n3w-secret", (MASK, MASK)),
        ("u:0ld-secret@db", "u:n3w-secret@db", (f"u:{MASK}@db", f"u:{MASK}@db")),
        ("n3w-secret", "rotated", (MASK, MASK)),
        ("other", "u:n3w-secret@db", ("other", f"u:{MASK}@db")),
        ("0ld", "new", ("0ld", "new")),
    ],
)
def test_the_other_side_of_a_known_secret_is_masked_too(old: str, new: str, shown: tuple[str, str]) -> None:
    secrets = SecretRegister()
    secrets.add("n3w-secret")
    before, after = ({"kind": "ConfigMap", "data": {"x": value}} for value in (old, new))
    [change] = differences(before, after, secrets=secrets)
    assert (change.old, change.new) == shown


def test_known_secrets_are_masked_in_any_object() -> None:
    secrets = SecretRegister()
    secrets.add("hunter22")
    old, new = pod(env=[{"name": "URL", "value": "db"}]), pod(env=[{"name": "URL", "value": "u:hunter22@db"}])
    [change] = differences(old, new, secrets=secrets)
    assert (change.path, change.old, change.new) == (f"{APP}.env[URL].value", "db", f"u:{MASK}@db")


def test_what_sounds_secret_is_masked_on_both_sides() -> None:
    old, new = (
        pod(env=[{"name": "DB_PASSWORD", "value": "before"}]),
        pod(env=[{"name": "DB_PASSWORD", "value": "after"}]),
    )
    [change] = differences(old, new)
    assert (change.path, change.old, change.new) == (f"{APP}.env[DB_PASSWORD].value", MASK, MASK)
    [change] = differences(pod(env=[]), new)
    assert change.new == {"name": "DB_PASSWORD", "value": MASK}


def test_long_texts_are_compared_by_lines_and_cut() -> None:
    old = "\n".join(f"line {n}" for n in range(200))
    assert changed_lines(old, old.replace("line 7\n", "line seven\n"), context=1) == (
        "@@ -7,3 +7,3 @@",
        " line 6",
        "-line 7",
        "+line seven",
        " line 8",
    )
    lines = changed_lines(old, old.replace("line", "row"), limit=10)
    assert len(lines) == 11
    assert lines[-1] == "… 391 more lines"


scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2)
names = st.sampled_from(["a", "b", "c", "name"])
trees = st.recursive(
    scalars,
    lambda inner: (
        st.dictionaries(names, inner, max_size=3)
        | st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["x", "y", "z"]), st.dictionaries(names, inner, max_size=2), max_size=3).map(
            lambda items: [{**item, "name": key} for key, item in items.items()]
        )
    ),
    max_leaves=12,
)
specs = st.dictionaries(names, trees, max_size=4).map(obj)


@given(specs)
def test_nothing_differs_from_itself(a: Object) -> None:
    assert differences(a, copy.deepcopy(a)) == ()


@given(specs, specs)
def test_a_difference_mirrors_when_the_sides_change_places(a: Object, b: Object) -> None:
    assert bool(differences(a, b)) == bool(differences(b, a)) == (not same(a, b))


def same(a: Any, b: Any) -> bool:
    """JSON equality, which tells true from 1."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


keyed = st.recursive(
    scalars,
    lambda inner: (
        st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)
        | st.dictionaries(st.sampled_from(["x", "y", "z"]), st.dictionaries(st.just("v"), inner), max_size=3).map(
            lambda items: [{"name": key, **items[key]} for key in sorted(items)]
        )
    ),
    max_leaves=12,
)
keyed_specs = st.dictionaries(st.sampled_from(["a", "b"]), keyed, max_size=2).map(obj)


@given(keyed_specs, keyed_specs)
def test_carrying_out_the_reported_changes_gives_the_new_object(a: Object, b: Object) -> None:
    result = copy.deepcopy(a)
    for change in differences(a, b):
        carry_out(result, change)
    assert same(sorted_lists(result), sorted_lists(b))


def carry_out(root: Object, change: FieldChange) -> None:
    steps = re.findall(r"\[([^\]]*)\]|([^.\[]+)", change.path)
    node: Any = root
    for item, name in steps[:-1]:
        node = next(i for i in node if i["name"] == item) if item else node[name]
    item, name = steps[-1]
    if item:
        node[:] = [i for i in node if i["name"] != item] + ([] if change.new is ABSENT else [change.new])
    elif change.new is ABSENT:
        del node[name]
    else:
        node[name] = change.new


def sorted_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: sorted_lists(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted((sorted_lists(item) for item in value), key=lambda item: str(item["name"]))
    return value
