"""Objects against schemas: what a server would refuse is found, what it takes is left alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.adapters.openapi.recorded import recorded
from fairway.domain.kubernetes.schemas import Schemas, compact
from fairway.domain.kubernetes.validating import Problem, path_text, problems_of
from fairway.domain.manifests.objects import Object

SCHEMAS = recorded()


def found(obj: Object, schemas: Schemas = SCHEMAS) -> list[tuple[str, str]]:
    schema = schemas.of(str(obj["apiVersion"]), str(obj["kind"]))
    assert schema is not None
    return [(problem.kind.value, problem.message) for problem in problems_of(obj, schema, schemas)]


def deployment(**spec: Any) -> Object:
    container = {"name": "app", "image": "shop/web:1"}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    whole = {"selector": {"matchLabels": {"app": "web"}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": whole}


def service(*ports: Any, **spec: Any) -> Object:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": list(ports), **spec}}


RIGHT: list[Object] = [
    deployment(),
    deployment(replicas=3, strategy={"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}}),
    deployment(replicas=None),
    deployment(replicas=2.0),
    service({"port": 80, "targetPort": "http"}, {"port": 81, "targetPort": 8081}),
    service({"port": 80, "protocol": ""}),
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": {"x": None}}, "data": {"k": "v"}},
    {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "a"},
        "data": {"k": "aGFsbG8="},
        "stringData": {"x": ""},
    },
    {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": {"cpu": 2, "pods": "4"}}},
    {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "n"}, "spec": {}},
    {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "xs.example.com", "creationTimestamp": None},
        "spec": {
            "group": "example.com",
            "names": {"kind": "X", "plural": "xs"},
            "scope": "Namespaced",
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "properties": {"spec": {"type": "object", "additionalProperties": True, "default": {}}},
                        }
                    },
                }
            ],
        },
        "status": {"conditions": None, "storedVersions": None, "anything": 1},
    },
]


@pytest.mark.parametrize("obj", RIGHT, ids=lambda obj: str(obj["kind"]))
def test_objects_that_a_server_takes_have_no_problem(obj: Object) -> None:
    assert found(obj) == []


@pytest.mark.parametrize(
    ("obj", "kind", "message"),
    [
        (deployment(replcas=3), "unknown-field", 'unknown field spec.replcas; did you mean "replicas"?'),
        (deployment(replicas="3"), "wrong-field-type", "spec.replicas must be a whole number, it is text"),
        (deployment(replicas=1.5), "wrong-field-type", "spec.replicas must be a whole number, it is a number"),
        (deployment(replicas=True), "wrong-field-type", "spec.replicas must be a whole number, it is true or false"),
        (deployment(template=[]), "wrong-field-type", "spec.template must be a map, it is a list"),
        (deployment(selector=None), "missing-field", "spec.selector is missing and must be there"),
        (service({"port": "80"}), "wrong-field-type", "spec.ports[0].port must be a whole number, it is text"),
        (service({"name": "http"}), "missing-field", "spec.ports[0].port is missing and must be there"),
        (
            service({"port": 80, "protocol": "HTTP"}),
            "bad-field-value",
            'spec.ports[0].protocol "HTTP" is not one of SCTP, TCP, UDP',
        ),
        (
            service({"port": 80, "targetPort": True}),
            "wrong-field-type",
            "spec.ports[0].targetPort must be a whole number or text, it is true or false",
        ),
        (service(type="Loadbalancer"), "bad-field-value", None),
        (
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": {"a.b/c": 1}}},
            "wrong-field-type",
            'metadata.labels["a.b/c"] must be text, it is a number',
        ),
        (
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"password": "hunter2!"}},
            "bad-field-value",
            "data.password is not base64",
        ),
        (
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "dta": {}},
            "unknown-field",
            'unknown field dta; did you mean "data"?',
        ),
    ],
)
def test_what_a_server_would_refuse_is_found(obj: Object, kind: str, message: str | None) -> None:
    problems = found(obj)
    assert [one for one, _ in problems] == [kind]
    if message is not None:
        assert problems[0][1] == message


def test_messages_hold_no_values_of_secrets() -> None:
    obj = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"k": "not base64: hunter2"}}
    assert "hunter2" not in str(found(obj))


def test_every_mistake_of_an_object_is_found_but_not_without_end() -> None:
    assert len(found(deployment(a=1, b=2, replicas="x"))) == 3
    assert len(found(service(*[{"port": "x"}] * 500))) == 50


def test_the_innermost_name_of_a_problem_is_for_finding_its_line() -> None:
    schema = SCHEMAS.of("v1", "Service")
    assert schema is not None
    problem = problems_of(service({"port": "80"}), schema, SCHEMAS)[0]
    assert (problem.key, problem.kind, path_text(problem.path)) == ("port", Problem.TYPE, "spec.ports[0].port")


CRD: Object = {
    "kind": "CustomResourceDefinition",
    "spec": {
        "group": "example.com",
        "names": {"kind": "Tank"},
        "versions": [
            {
                "name": "v1",
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "required": ["spec"],
                        "properties": {
                            "spec": {
                                "type": "object",
                                "required": ["size"],
                                "properties": {
                                    "size": {"type": "integer", "minimum": 1, "maximum": 9},
                                    "colour": {"type": "string", "enum": ["red", "blue"]},
                                    "port": {"x-kubernetes-int-or-string": True},
                                    "code": {"type": "string", "pattern": "^[A-Z]+$"},
                                    "odd": {"type": "string", "pattern": "(?P<bad"},
                                    "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                                    "inner": {
                                        "type": "object",
                                        "x-kubernetes-embedded-resource": True,
                                        "properties": {"spec": {"type": "object"}},
                                    },
                                },
                            }
                        },
                    }
                },
            },
            {"name": "v1alpha1", "served": False, "schema": {"openAPIV3Schema": {"type": "object"}}},
            {"name": "v1beta1"},
        ],
    },
}
WITH_TANKS = SCHEMAS.with_crds([CRD, {"kind": "CustomResourceDefinition", "spec": "broken"}])


def tank(**spec: Any) -> Object:
    return {"apiVersion": "example.com/v1", "kind": "Tank", "metadata": {"name": "t"}, "spec": {"size": 1, **spec}}


@pytest.mark.parametrize(
    ("obj", "messages"),
    [
        (tank(), []),
        (tank(port=80), []),
        (tank(port="http"), []),
        (tank(free={"a": {"b": [1]}}), []),
        (tank(odd="anything"), []),
        (tank(inner={"apiVersion": "v1", "kind": "X", "metadata": {"name": "x"}, "spec": {"a": 1}}), []),
        (tank(size=0), ["spec.size is less than 1"]),
        (tank(size=10), ["spec.size is more than 9"]),
        (tank(colour="green"), ['spec.colour "green" is not one of blue, red']),
        (tank(code="abc"), ["spec.code does not match ^[A-Z]+$"]),
        (tank(sise=1), ['unknown field spec.sise; did you mean "size"?']),
        ({**tank(), "spec": None}, ["spec is missing and must be there"]),
        ({**tank(), "metadata": {"labls": {}}}, ['unknown field metadata.labls; did you mean "labels"?']),
    ],
)
def test_custom_resources_are_checked_against_their_definition(obj: Object, messages: list[str]) -> None:
    assert [message for _, message in found(obj, WITH_TANKS)] == messages


def test_versions_that_are_not_served_or_have_no_schema_are_not_known() -> None:
    assert WITH_TANKS.of("example.com/v1alpha1", "Tank") is None
    assert WITH_TANKS.of("example.com/v1beta1", "Tank") is None
    assert SCHEMAS.of("example.com/v1", "Tank") is None


def test_a_document_is_compacted_to_what_checking_needs() -> None:
    document = {
        "components": {
            "schemas": {
                "io.A": {
                    "type": "object",
                    "description": "long",
                    "properties": {"b": {"allOf": [{"$ref": "#/components/schemas/io.B"}], "default": {}}},
                    "x-kubernetes-group-version-kind": [{"group": "g", "version": "v1", "kind": "A"}],
                },
                "io.B": {"oneOf": [{"type": "string"}, {"type": "number"}]},
                "io.Options": {"x-kubernetes-group-version-kind": [{"kind": "O"}, {"kind": "O", "group": "x"}]},
            }
        }
    }
    definitions, kinds = compact([document])
    assert definitions["io.A"] == {"type": "object", "properties": {"b": {"$ref": "io.B"}}}
    assert definitions["io.B"] == {"type": ["number", "string"]}
    assert kinds == {"g/v1 A": "io.A"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_no_object_makes_the_check_fail(value: Any) -> None:
    found({**deployment(), "spec": value})
    found({"apiVersion": "v1", "kind": "Secret", "data": value, "metadata": value})
    found({**tank(), "spec": value}, WITH_TANKS)


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=4))
def test_any_text_is_welcome_in_labels_and_data(texts: dict[str, str]) -> None:
    assert found({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"labels": texts}, "data": texts}) == []
