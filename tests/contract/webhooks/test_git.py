"""Every forge's reader against the shapes that its forge publishes."""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.webhooks.payloads import ARRIVED, delivery, payload

from fairway.domain.webhooks.delivery import Delivery, Malformed, Parsed
from fairway.domain.webhooks.git import GIT_SENDERS

GITHUB = {"x-github-event": "push", "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958"}
GITEA = {"x-gitea-event": "push", "x-gitea-delivery": "f6266f16-1bf3-46a5-9ea4-602e06ead473", "x-github-event": "push"}
FORGEJO = {"x-forgejo-event": "push", "x-forgejo-delivery": "f6266f16"}
CLOUD = {"x-event-key": "repo:push", "x-request-uuid": "9dc4"}
DATA_CENTER = {"x-event-key": "repo:refs_changed", "x-request-id": "9dc5"}


@pytest.mark.parametrize(
    ("sender", "name", "headers", "repository", "branches", "id"),
    [
        (
            "github",
            "github/push",
            GITHUB,
            "https://github.com/Codertocat/Hello-World",
            {"master": "6113728f27ae82c7b1a177c8d03f9e96e0adf246"},
            GITHUB["x-github-delivery"],
        ),
        (
            "gitlab",
            "gitlab/push",
            {"idempotency-key": "k"},
            "git@gitlab.example:shop/deployments.git",
            {"main": "da1560886d4f094c3e6c9ef40349f7d38b5d27d7"},
            "k",
        ),
        (
            "gitea",
            "gitea/push",
            GITEA,
            "ssh://git@gitea.example/shop/deployments",
            {"main": "bffeb74224043ba2feb48d137756c8a9331c449a"},
            GITEA["x-gitea-delivery"],
        ),
        (
            "gitea",
            "gitea/push",
            FORGEJO,
            "https://gitea.example/shop/deployments.git",
            {"main": "bffeb74224043ba2feb48d137756c8a9331c449a"},
            "f6266f16",
        ),
        (
            "bitbucket",
            "bitbucket/repo-push",
            CLOUD,
            "git@bitbucket.org:shop/deployments.git",
            {"main": "709d658dc5b6d6afcd46049c2f332ee3f515a67d", "next": "22d658dc5b6d6afcd46049c2f332ee3f515a67d0"},
            "9dc4",
        ),
        (
            "bitbucket",
            "bitbucket/refs-changed",
            DATA_CENTER,
            "ssh://git@bitbucket.example:7999/shop/deployments.git",
            {"main": "178864a7d521b6f5e720b386b2c2b0ef8563e0dc"},
            "9dc5",
        ),
    ],
)
def test_a_push_gives_one_event_for_each_branch(
    sender: str, name: str, headers: dict[str, str], repository: str, branches: dict[str, str], id: str
) -> None:
    parsed = GIT_SENDERS[sender](delivery(name, headers))
    assert {one.branch: one.commit for one in parsed.pushes} == branches
    assert all(one.concerns(repository) and one.concerns(repository, one.branch) for one in parsed.pushes)
    assert not any(one.concerns(repository, "other") or one.concerns(f"{repository}x") for one in parsed.pushes)
    assert {one.source for one in parsed.pushes} == {sender}
    assert {parsed.id, *(one.id for one in parsed.pushes)} == {id}


@pytest.mark.parametrize(
    ("sender", "name", "headers", "reason"),
    [
        ("github", "github/ping", {"x-github-event": "ping"}, "ping"),
        ("github", "github/push-tag", GITHUB, "not a branch"),
        ("github", "github/package-npm", {"x-github-event": "package"}, "not a push: package"),
        ("github", "github/push", {}, "not a push: no event is named"),
        ("gitlab", "gitlab/tag-push", {}, "not a push: tag_push"),
        ("gitlab", "gitlab/pipeline", {}, "not a push: pipeline"),
        ("gitlab", "gitlab/branch-deleted", {}, "a branch was deleted"),
        ("gitea", "gitea/push", {"x-gitea-event": "create"}, "not a push: create"),
        ("bitbucket", "bitbucket/ping", {"x-event-key": "diagnostics:ping"}, "ping"),
        ("bitbucket", "bitbucket/repo-push", {"x-event-key": "repo:fork"}, "not a push: repo:fork"),
    ],
)
def test_what_is_no_push_gives_nothing_and_says_why(
    sender: str, name: str, headers: dict[str, str], reason: str
) -> None:
    parsed = GIT_SENDERS[sender](delivery(name, headers))
    assert (parsed.pushes, parsed.ignored) == ((), reason)


def test_tags_and_deleted_branches_alone_are_no_push_to_bitbucket_either() -> None:
    body = json.dumps(
        {"repository": {"full_name": "a/b", "links": {}}, "push": {"changes": [{"new": None}]}},
    ).encode()
    assert GIT_SENDERS["bitbucket"](Delivery(CLOUD, body, ARRIVED)).ignored == "no branch was pushed"


@pytest.mark.parametrize(
    ("sender", "headers", "body", "message"),
    [
        ("github", GITHUB, {"ref": "refs/heads/main"}, "after is missing"),
        ("github", GITHUB, {"ref": "refs/heads/main", "after": "1"}, "repository is missing"),
        ("github", GITHUB, {"ref": "refs/heads/main", "after": "1", "repository": {}}, "repository.clone_url is"),
        ("github", GITHUB, {"ref": "refs/heads/" + "x" * 2000}, "ref is not at most 2000 characters"),
        ("gitlab", {}, {"object_kind": "push"}, "project is missing"),
        ("gitlab", {}, {"object_kind": ["push"]}, "object_kind is not a text"),
        ("gitea", GITEA, {"ref": 1}, "ref is not a text"),
        ("bitbucket", CLOUD, {}, "repository is missing"),
        ("bitbucket", DATA_CENTER, {"repository": {}, "changes": [{}]}, "changes[0].ref.type is missing"),
    ],
)
def test_a_malformed_body_is_told_by_its_field(
    sender: str, headers: dict[str, str], body: object, message: str
) -> None:
    with pytest.raises(Malformed) as error:
        GIT_SENDERS[sender](Delivery(headers, json.dumps(body).encode(), ARRIVED))
    assert message in error.value.message


def test_github_may_send_a_form_as_it_does_unless_told_otherwise() -> None:
    headers = {**GITHUB, "content-type": "application/x-www-form-urlencoded"}
    body = urlencode({"payload": payload("github/push").decode()}).encode()
    (push,) = GIT_SENDERS["github"](Delivery(headers, body, ARRIVED)).pushes
    assert push.branch == "master"
    assert GIT_SENDERS["github"](delivery("github/push", headers)).pushes == (push,)
    for spoiled in (b"", b"x=1", b"payload=", b"a=1&" * 1000):
        with pytest.raises(Malformed, match="the form has no payload"):
            GIT_SENDERS["github"](Delivery(headers, spoiled, ARRIVED))


@pytest.mark.parametrize("url", ["https://[::1", "http://host:port/x", "", " ", "file:///srv/x.git"])
def test_a_strange_address_does_no_harm(url: str) -> None:
    body = {"ref": "refs/heads/main", "after": "1", "repository": {"clone_url": url, "html_url": "https://h/x"}}
    (push,) = GIT_SENDERS["github"](Delivery(GITHUB, json.dumps(body).encode(), ARRIVED)).pushes
    assert push.concerns("https://h/x.git", "main")


@given(
    body=st.binary(max_size=200)
    | st.dictionaries(st.text(max_size=9), st.text(max_size=9)).map(lambda d: json.dumps(d).encode()),
    sender=st.sampled_from(sorted(GIT_SENDERS)),
)
def test_any_bytes_are_read_or_malformed(body: bytes, sender: str) -> None:
    try:
        parsed = GIT_SENDERS[sender](Delivery({**GITHUB, **GITEA, **CLOUD}, body, ARRIVED))
    except Malformed:
        return
    assert isinstance(parsed, Parsed)
