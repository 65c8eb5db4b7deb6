"""Every registry's reader against the shapes that its registry publishes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.webhooks.payloads import ARRIVED, DIGEST, FOLDER, PUSHED, delivery, payload

from fairway.domain.webhooks.delivery import Delivery, Malformed, Parsed
from fairway.domain.webhooks.registries import PUBSUB, REGISTRY_SENDERS

GITHUB = {"x-github-event": "package", "x-github-delivery": "d-1"}
REGISTRY_PACKAGE = {**GITHUB, "x-github-event": "registry_package"}

PUSHES: list[tuple[str, str, dict[str, str], list[tuple[str, str, str | None]]]] = [
    ("docker-hub", "docker-hub/push", {}, [("docker.io/example/web", "1.4.2", None)]),
    ("ghcr", "ghcr/package-published", GITHUB, [("ghcr.io/example/shop/web", "1.4.2", DIGEST)]),
    ("ghcr", "ghcr/registry-package-published", REGISTRY_PACKAGE, [("ghcr.io/example/shop/web", "1.4.2", DIGEST)]),
    (
        "quay",
        "quay/repository-push",
        {},
        [("quay.io/example/web", "1.4.2", None), ("quay.io/example/web", "1.4", None)],
    ),
    ("quay", "quay/repository-push-old", {}, [("quay.io/example/web", "1.4.2", None)]),
    ("harbor", "harbor/push-artifact", {}, [("harbor.example/shop/web", "1.4.2", DIGEST)]),
    ("harbor", "harbor/push-artifact-cloudevents", {}, [("harbor.example/shop/web", "1.4.2", DIGEST)]),
    ("ecr", "ecr/image-push", {}, [("123456789012.dkr.ecr.eu-north-1.amazonaws.com/shop/web", "1.4.2", DIGEST)]),
    (
        "ecr",
        "ecr/image-push-china",
        {},
        [("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/shop/web", "1.4.2", DIGEST)],
    ),
    ("gcr", "gcr/tag-inserted", {}, [("europe-north1-docker.pkg.dev/example/shop/web", "1.4.2", DIGEST)]),
    ("gcr", "gcr/tag-inserted-unwrapped", {}, [("europe-north1-docker.pkg.dev/example/shop/web", "1.4.2", DIGEST)]),
    ("acr", "acr/push", {}, [("example.azurecr.io/shop/web", "1.4.2", DIGEST)]),
    *(
        (
            sender,
            "distribution/push",
            {},
            [("registry.example:5000/shop/web", "1.4.2", DIGEST), ("registry.example:5000/shop/web", "latest", DIGEST)],
        )
        for sender in ("generic", "gitlab")
    ),
    ("generic", "generic/image", {}, [("registry.example/shop/web", "1.4.2", DIGEST)]),
    ("gitlab", "generic/image", {}, [("registry.example/shop/web", "1.4.2", DIGEST)]),
    ("generic", "generic/image-and-tag", {}, [("registry.example/shop/web", "1.4.2", None)]),
    (
        "generic",
        "generic/images",
        {},
        [("registry.example/shop/web", "1.4.2", None), ("docker.io/library/nginx", "1.29.3", None)],
    ),
    ("cdevents", "cdevents/artifact-published", {}, [("registry.example/shop/web", "1.4.2", DIGEST)]),
    (
        "cdevents",
        "cdevents/artifact-published",
        {"ce-id": "9", "ce-specversion": "1.0", "ce-type": "dev.cdevents.artifact.published.0.2.0"},
        [("registry.example/shop/web", "1.4.2", DIGEST)],
    ),
    ("cdevents", "cdevents/artifact-published-structured", {}, [("registry.example/shop/web", "1.4.2", DIGEST)]),
    (
        "cdevents",
        "cdevents/artifact-published-batch",
        {},
        [("registry.example/shop/web", "1.4.2", DIGEST), ("registry.example/shop/api", "2.0.0", None)],
    ),
]

NOTHING = [
    ("ghcr", "ghcr/package-without-tag", GITHUB, "no tag"),
    ("ghcr", "github/package-npm", GITHUB, "not an image: npm"),
    ("ghcr", "github/ping", {"x-github-event": "ping"}, "ping"),
    ("ghcr", "github/push", {"x-github-event": "push"}, "not a package: push"),
    ("ghcr", "ghcr/package-published", {}, "not a package: no event is named"),
    ("quay", "quay/build-failure", {}, "not a push"),
    ("harbor", "harbor/push-artifact-without-tag", {}, "no tag"),
    ("harbor", "harbor/scanning-completed", {}, "not a push: SCANNING_COMPLETED"),
    ("ecr", "ecr/image-delete", {}, "not a finished push"),
    ("ecr", "ecr/image-push-without-tag", {}, "no tag"),
    ("gcr", "gcr/tag-deleted", {}, "not a push: DELETE"),
    ("gcr", "gcr/image-inserted-without-tag", {}, "no tag"),
    ("acr", "acr/ping", {}, "ping"),
    ("acr", "acr/chart-push", {}, "not a push: chart_push"),
    ("generic", "distribution/pull", {}, "no tag was pushed"),
    ("gitlab", "gitlab/pipeline", {}, "GitLab's own webhooks name no image"),
    ("cdevents", "cdevents/artifact-packaged", {}, "not a published artifact: dev.cdevents.artifact.packaged.0.2.0"),
    ("cdevents", "cdevents/artifact-published-golang", {}, "the artifact is not an image"),
]


@pytest.mark.parametrize(
    ("sender", "name", "headers", "images"), PUSHES, ids=lambda one: one if isinstance(one, str) else ""
)
def test_a_push_gives_one_event_for_each_tag(
    sender: str, name: str, headers: dict[str, str], images: list[tuple[str, str, str | None]]
) -> None:
    parsed = REGISTRY_SENDERS[sender](delivery(name, headers))
    assert [(one.repository, one.tag, one.digest) for one in parsed.images] == images
    assert {one.source for one in parsed.images} == {sender}
    assert parsed.ignored == ""


@pytest.mark.parametrize(("sender", "name", "headers", "reason"), NOTHING)
def test_what_is_no_push_gives_nothing_and_says_why(
    sender: str, name: str, headers: dict[str, str], reason: str
) -> None:
    parsed = REGISTRY_SENDERS[sender](delivery(name, headers))
    assert (parsed.images, parsed.ignored) == ((), reason)


def test_every_sender_has_a_recorded_push() -> None:
    assert {sender for sender, *_ in PUSHES} == set(REGISTRY_SENDERS)


def test_every_payload_is_used() -> None:
    used = {name for _, name, *_ in [*PUSHES, *NOTHING]}
    git = {"github", "gitlab", "gitea", "bitbucket"}
    files = {str(file.relative_to(FOLDER).with_suffix("")) for file in FOLDER.rglob("*.json")}
    assert {name for name in files - used if name.split("/")[0] not in git} == set()


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ("docker-hub", "docker-hub/push"),
        ("ghcr", "ghcr/package-published"),
        ("harbor", "harbor/push-artifact"),
        ("harbor", "harbor/push-artifact-cloudevents"),
        ("ecr", "ecr/image-push"),
        ("acr", "acr/push"),
        ("cdevents", "cdevents/artifact-published"),
    ],
)
def test_the_time_is_the_senders(sender: str, name: str) -> None:
    (event,) = REGISTRY_SENDERS[sender](delivery(name, GITHUB)).images
    assert event.at.replace(microsecond=0) == PUSHED


def test_without_a_time_of_its_own_an_event_has_that_of_its_arrival() -> None:
    assert {one.at for one in REGISTRY_SENDERS["quay"](delivery("quay/repository-push")).images} == {ARRIVED}


@pytest.mark.parametrize(
    ("sender", "name", "id"),
    [
        ("ghcr", "ghcr/package-published", "d-1"),
        ("harbor", "harbor/push-artifact-cloudevents", "66aaf9f4-8c4b-4c3c-9e3a-6b7b4ac28d1f"),
        ("ecr", "ecr/image-push", "13cde686-328b-6117-af20-0e5566167482"),
        ("gcr", "gcr/tag-inserted", "136969346945"),
        ("acr", "acr/push", "cb8c3971-9adc-488b-8bdd-43cbb4974ff5"),
        ("cdevents", "cdevents/artifact-published-structured", "271069a8-fc18-44f1-b38f-9d70a1695819"),
        ("generic", "generic/images", "job-4711"),
    ],
)
def test_the_senders_id_of_the_delivery_is_known(sender: str, name: str, id: str) -> None:
    assert REGISTRY_SENDERS[sender](delivery(name, GITHUB)).id == id


def test_a_registry_behind_a_proxy_can_be_given_its_name() -> None:
    parsed = REGISTRY_SENDERS["generic"](delivery("distribution/push", query={"registry": "images.example"}))
    assert {one.repository for one in parsed.images} == {"images.example/shop/web"}


@pytest.mark.parametrize(
    ("purl", "image"),
    [
        (
            f"pkg:oci/web@{DIGEST.replace(':', '%3A')}?repository_url=registry.example/shop/web",
            "registry.example/shop/web",
        ),
        ("pkg:oci/web?repository_url=https://registry.example/shop&tag=1", "registry.example/shop/web"),
        ("pkg:docker/nginx@1.29", "docker.io/library/nginx"),
        ("pkg:docker/shop%2Fweb@1.29?repository_url=gcr.io", "gcr.io/shop/web"),
        ("pkg:OCI/web@1?repository_url=registry.example/web", "registry.example/web"),
    ],
)
def test_package_urls_of_images_are_understood(purl: str, image: str) -> None:
    body = {"context": {"id": "1", "type": "dev.cdevents.artifact.published.0.2.0"}, "subject": {"id": purl}}
    (event,) = REGISTRY_SENDERS["cdevents"](Delivery({}, json.dumps(body).encode(), ARRIVED)).images
    assert event.repository == image


MALFORMED: list[tuple[str, Any, str]] = [
    ("docker-hub", {"push_data": {"tag": "1"}}, "repository is missing"),
    ("docker-hub", {"push_data": {"tag": 1}, "repository": {"repo_name": "a/b"}}, "push_data.tag is not a text"),
    ("docker-hub", {"push_data": {"tag": "a b"}, "repository": {"repo_name": "a/b"}}, 'no image: "a b" is not a tag'),
    ("docker-hub", [], "the body is not an object"),
    ("quay", {"docker_url": "q/a/b", "updated_tags": "latest"}, "updated_tags is not a list"),
    ("quay", {"docker_url": "q.io/A", "updated_tags": ["x"]}, "names are in lower case"),
    ("harbor", {"event_data": {}}, "type is missing"),
    ("harbor", {"type": "PUSH_ARTIFACT", "event_data": {"resources": [{"tag": "x"}]}}, "resources[0].resource_url is"),
    ("ecr", {"detail-type": "ECR Image Action"}, "detail is missing"),
    ("gcr", {"message": {"data": "%%%"}}, "message.data is not base64"),
    ("gcr", {"message": {"data": "bm8="}}, "the body is not JSON"),
    ("gcr", {}, "action is missing"),
    ("acr", {"action": "push"}, "target is missing"),
    ("generic", {"events": [{"action": "push", "target": {"tag": "x", "repository": "a"}}]}, "events[0].request.host"),
    ("generic", {"image": "registry.example/web"}, "tag is missing"),
    ("generic", {"image": "web", "tag": "1", "digest": "sha256:1"}, '"sha256:1" is not a digest'),
    ("generic", {"images": [{"tag": "1"}]}, "images[0].image is missing"),
    ("cdevents", {"context": {"type": "dev.cdevents.artifact.published.1"}}, "subject is missing"),
    ("cdevents", "text", "the body is not an object"),
    ("generic", {"image": "a/" * 1001, "tag": "1"}, "image is not at most 2000 characters"),
    ("quay", {"docker_url": "q.io/a", "updated_tags": {"x" * 200: "1"}}, "is not a tag"),
    ("gcr", {"message": {"data": "A" * 100_001}}, "message.data is not at most 100000 characters"),
]


@pytest.mark.parametrize(("sender", "body", "message"), MALFORMED)
def test_a_malformed_body_is_told_by_its_field(sender: str, body: Any, message: str) -> None:
    with pytest.raises(Malformed) as error:
        REGISTRY_SENDERS[sender](Delivery({}, json.dumps(body).encode(), ARRIVED))
    assert message in error.value.message


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a": NaN}', b'{"a": "\\ud800"}'])
@pytest.mark.parametrize("sender", sorted(REGISTRY_SENDERS))
def test_what_is_not_json_is_malformed(sender: str, body: bytes) -> None:
    with pytest.raises(Malformed, match="not JSON"):
        REGISTRY_SENDERS[sender](Delivery({"x-github-event": "package"}, body, ARRIVED))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


def spoiled(value: Any, data: st.DataObject) -> Any:
    """The document with one of its values replaced by something else, or taken out."""
    if isinstance(value, dict) and value:
        key = data.draw(st.sampled_from(sorted(value)))
        if data.draw(st.booleans()):
            return {k: spoiled(v, data) if k == key else v for k, v in value.items()}
        return {k: v for k, v in value.items() if k != key}
    if isinstance(value, list) and value:
        return [spoiled(value[0], data), *value[1:]]
    return data.draw(JSON)


@given(sender=st.sampled_from(sorted(REGISTRY_SENDERS)), data=st.data())
def test_a_spoiled_payload_is_read_or_malformed_and_never_anything_else(sender: str, data: st.DataObject) -> None:
    name, headers = data.draw(st.sampled_from([(name, headers) for one, name, headers, _ in PUSHES if one == sender]))
    body = spoiled(json.loads(payload(name)), data)
    for read in (REGISTRY_SENDERS[sender], PUBSUB):
        try:
            parsed = read(Delivery(headers, json.dumps(body).encode(), ARRIVED))
        except Malformed:
            continue
        assert isinstance(parsed, Parsed)
        assert bool(parsed.images) is not bool(parsed.ignored)


@given(body=st.binary(max_size=200), sender=st.sampled_from(sorted(REGISTRY_SENDERS)))
def test_any_bytes_are_read_or_malformed(body: bytes, sender: str) -> None:
    try:
        parsed = REGISTRY_SENDERS[sender](Delivery({"x-github-event": "package"}, body, ARRIVED))
    except Malformed:
        return
    assert parsed.ignored
