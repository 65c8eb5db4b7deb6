"""Image names, and the image of a trigger."""

from typing import Any

import pytest

from fairway.domain.errors import Position, UserError
from fairway.domain.repository.models import ImageTrigger
from fairway.domain.upgrades.images import BadImageName, ImageReference, join_prefix, parse_image, tracked_image

DIGEST = "sha256:" + "0123456789abcdef" * 4
HERE = Position("releases.yaml", 7, 9)


@pytest.mark.parametrize(
    ("text", "expected", "canonical", "familiar"),
    [
        ("nginx", ImageReference("docker.io", "library/nginx"), "docker.io/library/nginx", "nginx"),
        ("nginx:1.27", ImageReference("docker.io", "library/nginx", "1.27"), "docker.io/library/nginx:1.27", "nginx"),
        ("a/b", ImageReference("docker.io", "a/b"), "docker.io/a/b", "a/b"),
        ("docker.io/nginx", ImageReference("docker.io", "library/nginx"), "docker.io/library/nginx", "nginx"),
        ("index.docker.io/a/b", ImageReference("docker.io", "a/b"), "docker.io/a/b", "a/b"),
        ("localhost/web", ImageReference("localhost", "web"), "localhost/web", "localhost/web"),
        ("host:5000/web", ImageReference("host:5000", "web"), "host:5000/web", "host:5000/web"),
        ("host:5000/web:1", ImageReference("host:5000", "web", "1"), "host:5000/web:1", "host:5000/web"),
        ("[::1]:5000/web", ImageReference("[::1]:5000", "web"), "[::1]:5000/web", "[::1]:5000/web"),
        ("GHCR.io/a/b", ImageReference("ghcr.io", "a/b"), "ghcr.io/a/b", "ghcr.io/a/b"),
        (f"gcr.io/p/x@{DIGEST}", ImageReference("gcr.io", "p/x", None, DIGEST), f"gcr.io/p/x@{DIGEST}", "gcr.io/p/x"),
        (
            f"gcr.io/p/a-b__c/x:v1@{DIGEST}",
            ImageReference("gcr.io", "p/a-b__c/x", "v1", DIGEST),
            f"gcr.io/p/a-b__c/x:v1@{DIGEST}",
            "gcr.io/p/a-b__c/x",
        ),
    ],
)
def test_names_are_normalised_as_container_runtimes_do(
    text: str, expected: ImageReference, canonical: str, familiar: str
) -> None:
    image = parse_image(text)
    assert image == expected
    assert str(image) == canonical
    assert image.familiar == familiar
    assert parse_image(canonical) == image


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not the name of a repository"),
        ("Nginx", "lower case"),
        ("web:", "not a tag"),
        ("web:-1", "not a tag"),
        ("web@sha256:12", "not a digest"),
        ("host:port/web", "not a host"),
        ("a//b", "not the name of a repository"),
        ("https://host/web", "not"),
        ("{{image}}", "not the name of a repository"),
    ],
)
def test_a_text_that_names_no_image_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(BadImageName, match=why):
        parse_image(text)


@pytest.mark.parametrize(
    ("prefix", "repository", "joined"),
    [
        ("", "web", "web"),
        ("gcr.io/prod", "web", "gcr.io/prod/web"),
        ("gcr.io/prod/", "web", "gcr.io/prod/web"),
        ("gcr.io/prod/", "/web", "gcr.io/prod/web"),
    ],
)
def test_a_prefix_stands_before_the_repository_with_one_slash(prefix: str, repository: str, joined: str) -> None:
    assert join_prefix(prefix, repository) == joined


def test_another_tag_of_the_same_image_has_no_digest() -> None:
    assert str(parse_image(f"host.example/web:1@{DIGEST}").with_tag("2")) == "host.example/web:2"


@pytest.mark.parametrize(
    ("values", "trigger", "reference", "tag"),
    [
        ({"image": {"repository": "r.example/web", "tag": "1.2"}}, {}, "r.example/web:1.2", "1.2"),
        ({"image": {"repository": "web", "tag": "1", "prefix": "r.example/p/"}}, {}, "r.example/p/web:1", "1"),
        ({"image": {"repository": "web", "tag": 4}}, {}, "docker.io/library/web:4", "4"),
        ({"image": {"repository": "web", "tag": 4.1, "prefix": None}}, {}, "docker.io/library/web:4.1", "4.1"),
        (
            {"zookeeper": {"image": {"repository": "r.example/zk", "tag": "3.9"}}},
            {"tag_value": "zookeeper.image.tag", "repo_value": "zookeeper.image.repository"},
            "r.example/zk:3.9",
            "3.9",
        ),
        (
            {"image": "mysql", "imageTag": "5.7.14"},
            {"tag_value": "imageTag", "repo_value": "image"},
            "docker.io/library/mysql:5.7.14",
            "5.7.14",
        ),
        (
            {"images": [{"name": "r.example/a", "tag": "1"}]},
            {"tag_value": "images[0].tag", "repo_value": "images[0].name"},
            "r.example/a:1",
            "1",
        ),
        ({"image": {"repository": "web", "tag": f"1@{DIGEST}"}}, {}, f"docker.io/library/web:1@{DIGEST}", "1"),
    ],
)
def test_a_trigger_reads_its_image_from_the_merged_values(
    values: dict[str, Any], trigger: dict[str, str], reference: str, tag: str
) -> None:
    image = tracked_image(values, ImageTrigger("PatchLevel", HERE, **trigger))
    assert str(image.reference) == reference
    assert image.current_tag == tag
    assert image.tag_key == trigger.get("tag_value", "image.tag")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "no value image.repository"),
        ({"image": {"repository": "web"}}, "no value image.tag"),
        ({"image": {"repository": "web", "tag": ""}}, "no value image.tag"),
        ({"image": {"repository": "web", "tag": {"a": 1}}}, "image.tag is no text"),
        ({"image": {"repository": "web", "tag": True}}, "image.tag is no text"),
        ({"image": {"repository": "We b", "tag": "1"}}, "cannot be looked up"),
        ({"image": "web"}, "no value image.repository"),
    ],
)
def test_an_image_that_is_not_known_is_reported_at_the_trigger(values: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        tracked_image(values, ImageTrigger("PatchLevel", HERE))
    assert caught.value.where == HERE
    assert caught.value.fix
