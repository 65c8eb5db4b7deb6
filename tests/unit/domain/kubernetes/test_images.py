"""Images of containers, and which of them may be another one tomorrow."""

from typing import Any

import pytest

from fairway.domain.kubernetes.images import images_of, why_unpinned
from fairway.domain.kubernetes.validating import path_text


@pytest.mark.parametrize(
    ("image", "why"),
    [
        ("nginx", "no tag"),
        ("registry.example:5000/shop/web", "no tag"),
        ("nginx:latest", "the tag latest"),
        ("registry.example:5000/web:latest", "the tag latest"),
        ("nginx:1.27", None),
        ("registry.example:5000/web:1", None),
        ("nginx@sha256:0000", None),
        ("nginx:latest@sha256:0000", None),
        ("nginx:", "no tag"),
    ],
)
def test_an_image_is_pinned_by_a_tag_or_a_digest(image: str, why: str | None) -> None:
    assert why_unpinned(image) == why


POD = {"initContainers": [{"image": "a:1"}], "containers": [{"image": "b:1"}, {"name": "none"}, {"image": 7}]}


@pytest.mark.parametrize(
    ("obj", "prefix"),
    [
        ({"kind": "Pod", "spec": POD}, "spec"),
        ({"kind": "Deployment", "spec": {"template": {"spec": POD}}}, "spec.template.spec"),
        ({"kind": "Job", "spec": {"template": {"spec": POD}}}, "spec.template.spec"),
        ({"kind": "PodTemplate", "template": {"spec": POD}}, "template.spec"),
        (
            {"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {"spec": POD}}}}},
            "spec.jobTemplate.spec.template.spec",
        ),
    ],
)
def test_images_are_found_in_every_kind_that_makes_pods(obj: dict[str, Any], prefix: str) -> None:
    found = [(path_text(path), image) for path, image in images_of(obj)]
    assert found == [(f"{prefix}.initContainers[0].image", "a:1"), (f"{prefix}.containers[0].image", "b:1")]


@pytest.mark.parametrize(
    "obj",
    [
        {"kind": "ConfigMap", "data": {"image": "nginx"}},
        {"kind": "Pod"},
        {"kind": "Pod", "spec": "text"},
        {"kind": "Pod", "spec": {"containers": "text"}},
        {"kind": "Pod", "spec": {"containers": ["text"]}},
        {"kind": "Deployment", "spec": {"template": None}},
        {},
    ],
)
def test_objects_without_containers_have_no_images(obj: dict[str, Any]) -> None:
    assert list(images_of(obj)) == []
