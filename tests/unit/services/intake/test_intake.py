"""Who is let in, what is heard once, and whom it wakes."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fairway.domain.errors import Refused, Transient, UserError
from fairway.domain.webhooks.delivery import Delivery, Malformed
from fairway.domain.webhooks.git import GIT_SENDERS
from fairway.domain.webhooks.registries import REGISTRY_SENDERS
from fairway.services.intake import NoMetrics, PendingWakes
from fairway.services.intake.intake import Heard, Intake, NoSuchEndpoint, PubSubAccount

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DIGEST = "sha256:" + "3f" * 32
PUSH = {"ref": "refs/heads/main", "after": "1", "repository": {"clone_url": "https://h/a/b"}}
IMAGE = {"image": "registry.example/web:1", "digest": DIGEST}
SECRETS = {"github": ["gh"], "gitlab": ["gl"], "gitea": ["gt"], "bitbucket": ["bb"], "registry": ["old", "reg"]}


class Counted(NoMetrics):
    def __init__(self) -> None:
        self.webhooks: list[tuple[str, str]] = []

    def webhook(self, kind: str, result: str) -> None:
        self.webhooks.append((kind, result))


def intake(secrets: Mapping[str, Sequence[str]] = SECRETS, **more: Any) -> tuple[Intake, PendingWakes, Counted]:
    wake, metrics = PendingWakes(), Counted()
    return Intake(wake, lambda kind: secrets.get(kind, ()), metrics=metrics, **more), wake, metrics


def posted(body: object, headers: Mapping[str, str] = {}, at: datetime = NOON, **query: str) -> Delivery:
    return Delivery(headers, json.dumps(body).encode(), at, query)


def signed(body: object, secret: str, header: str = "x-hub-signature-256", **headers: str) -> Delivery:
    raw = json.dumps(body).encode()
    digest = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Delivery({header: f"sha256={digest}", **named}, raw, NOON)


def test_a_push_to_git_wakes_once_for_each_delivery() -> None:
    entry, wake, metrics = intake()
    delivery = signed(PUSH, "gh", x_github_event="push", x_github_delivery="d1")
    assert entry.git("github", delivery) == Heard(accepted=1)
    assert entry.git("github", delivery) == Heard(duplicates=1)
    assert entry.git("github", signed(PUSH, "gh", x_github_event="push", x_github_delivery="d2")) == Heard(1)
    assert [one.branch for one in wake.take().pushes] == ["main"]
    assert metrics.webhooks == [("github", "accepted"), ("github", "duplicate"), ("github", "accepted")]


@pytest.mark.parametrize(
    ("sender", "delivery"),
    [
        ("github", signed(PUSH, "gh", x_github_event="push")),
        ("gitea", signed(PUSH, "gt", "x-gitea-signature", x_gitea_event="push")),
        (
            "bitbucket",
            signed({"repository": {"full_name": "a/b", "links": {}}}, "bb", "x-hub-signature", x_event_key="repo:push"),
        ),
        (
            "gitlab",
            posted({**PUSH, "object_kind": "push", "project": {"web_url": "https://h/a"}}, {"x-gitlab-token": "gl"}),
        ),
    ],
)
def test_each_forge_proves_itself_in_its_own_way(sender: str, delivery: Delivery) -> None:
    heard = intake()[0].git(sender, delivery)
    assert heard.accepted or heard.ignored == "no branch was pushed"


@pytest.mark.parametrize(
    ("sender", "delivery"),
    [
        ("github", posted(PUSH, {"x-github-event": "push"})),
        ("github", posted(PUSH, {"x-github-event": "push", "authorization": "Bearer gh"}, token="gh")),
        ("github", signed(PUSH, "gl", x_github_event="push")),
        ("gitlab", signed({**PUSH, "object_kind": "push"}, "gl")),
        ("gitlab", posted(PUSH, {"x-gitlab-token": "gl " + "x"})),
    ],
)
def test_who_cannot_prove_it_is_refused_before_his_body_is_read(sender: str, delivery: Delivery) -> None:
    entry, wake, metrics = intake()
    with pytest.raises(Refused):
        entry.git(sender, Delivery(delivery.headers, b"not json", NOON, delivery.query))
    with pytest.raises(Refused):
        entry.git(sender, delivery)
    assert not wake.take()
    assert metrics.webhooks == [(sender, "refused")] * 2


@pytest.mark.parametrize("sender", sorted(GIT_SENDERS))
def test_a_forge_without_a_secret_has_no_endpoint(sender: str) -> None:
    with pytest.raises(NoSuchEndpoint):
        intake({"registry": ["reg"]})[0].git(sender, signed(PUSH, ""))


@pytest.mark.parametrize("sender", sorted(REGISTRY_SENDERS))
def test_registries_without_a_secret_have_no_endpoint(sender: str) -> None:
    with pytest.raises(NoSuchEndpoint):
        intake({"gitlab": ["x"]})[0].registry(sender, posted(IMAGE))


@pytest.mark.parametrize("sender", ["", "nope", "generic/../github", "github"])
def test_there_are_no_other_registries(sender: str) -> None:
    with pytest.raises(NoSuchEndpoint):
        intake()[0].registry(sender, posted(IMAGE, token="reg"))


@pytest.mark.parametrize("sender", sorted(REGISTRY_SENDERS))
def test_any_of_the_registries_tokens_opens_every_registry(sender: str) -> None:
    entry = intake()[0]
    for token in SECRETS["registry"]:
        with pytest.raises(Malformed):
            entry.registry(sender, Delivery({"authorization": token, "x-github-event": "package"}, b"", NOON))
    with pytest.raises(Refused):
        entry.registry(sender, posted(IMAGE, {"authorization": "Bearer gl"}, token="gh"))


def test_github_signs_packages_with_the_secret_of_its_webhook() -> None:
    entry = intake({"github": ["gh"]})[0]
    assert entry.registry("ghcr", signed({}, "gh", x_github_event="ping")).ignored == "ping"
    with pytest.raises(NoSuchEndpoint):
        entry.registry("generic", signed(IMAGE, "gh"))


def test_our_own_form_may_be_signed_instead() -> None:
    assert intake()[0].registry("generic", signed(IMAGE, "reg", "x-fairway-signature-256")).accepted == 1


def test_the_same_digest_of_a_tag_is_heard_once_whoever_tells_it() -> None:
    entry, wake, _ = intake()
    assert entry.registry("generic", posted(IMAGE, token="reg")) == Heard(1)
    assert entry.registry("gitlab", posted(IMAGE, token="reg")) == Heard(0, 1)
    moved = {**IMAGE, "digest": "sha256:" + "4a" * 32}
    assert entry.registry("generic", posted(moved, token="reg")) == Heard(1)
    assert entry.registry("generic", posted(IMAGE, token="reg")) == Heard(1)
    assert entry.registry("generic", posted(IMAGE, at=NOON + timedelta(hours=1), token="reg")) == Heard(1)
    assert [one.digest for one in wake.take().images] == [DIGEST]


def test_without_a_digest_nobody_knows_whether_it_is_the_same() -> None:
    entry, wake, _ = intake()
    for _ in range(3):
        assert entry.registry("generic", posted({"image": "web:1"}, token="reg")) == Heard(1)
    assert len(wake.take().images) == 1


def test_ninety_events_wake_with_ninety_images_in_one_go() -> None:
    entry, wake, _ = intake()
    for n in range(90):
        entry.registry("generic", posted({"image": f"registry.example/app-{n}:1", "digest": DIGEST}, token="reg"))
    assert len(wake.take().images) == 90


class Judge:
    def __init__(self, claims: dict[str, object]) -> None:
        self.answer = claims

    async def claims(self, token: str) -> Mapping[str, Any]:
        if token == "away":
            raise Transient("no keys")
        if token != "good":
            raise Refused("bad")
        return self.answer


PUSHER = "push@example.iam.gserviceaccount.com"
NOTE = {"action": "INSERT", "tag": "eu.pkg.dev/a/b:1"}


async def test_pubsub_is_let_in_by_its_account_s_token() -> None:
    judge = Judge({"email": PUSHER, "email_verified": True})
    entry, wake, _ = intake({}, tokens=judge, pubsub_account=PubSubAccount(PUSHER))
    assert await entry.pubsub(posted(NOTE, {"authorization": "Bearer good"})) == Heard(1)
    assert wake.take().images[0].repository == "eu.pkg.dev/a/b"
    for header in ("", "good", "Bearer bad", "Basic good"):
        with pytest.raises(Refused):
            await entry.pubsub(posted(NOTE, {"authorization": header}))
    with pytest.raises(Transient):
        await entry.pubsub(posted(NOTE, {"authorization": "Bearer away"}))


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"email": PUSHER},
        {"email": PUSHER, "email_verified": "true"},
        {"email": PUSHER, "email_verified": False},
        {"email": "other@example.iam.gserviceaccount.com", "email_verified": True},
        {"email": [PUSHER], "email_verified": True},
    ],
)
async def test_another_account_s_token_is_refused(claims: dict[str, object]) -> None:
    entry, _, metrics = intake({}, tokens=Judge(claims), pubsub_account=PubSubAccount(PUSHER))
    with pytest.raises(Refused):
        await entry.pubsub(posted(NOTE, {"authorization": "Bearer good"}))
    assert metrics.webhooks == [("pubsub", "refused")]


async def test_without_an_account_there_is_no_endpoint_for_pubsub() -> None:
    with pytest.raises(NoSuchEndpoint):
        await intake()[0].pubsub(posted(NOTE, {"authorization": "Bearer good"}))


def test_a_secret_that_cannot_be_read_is_our_mistake_not_the_sender_s() -> None:
    def missing(kind: str) -> Sequence[str]:
        raise UserError("the variable X is not set")

    with pytest.raises(UserError, match="not set") as error:
        Intake(PendingWakes(), missing).git("github", signed(PUSH, "gh", x_github_event="push"))
    assert not isinstance(error.value, Refused | Malformed | NoSuchEndpoint)


async def test_without_an_issuer_no_token_is_good() -> None:
    entry, _, metrics = intake({}, pubsub_account=PubSubAccount(PUSHER))
    with pytest.raises(Refused, match="no issuer"):
        await entry.pubsub(posted(NOTE, {"authorization": "Bearer good"}))
    assert metrics.webhooks == [("pubsub", "refused")]


def test_what_was_heard_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    many = {"id": "job-1", "images": [{"image": f"registry.example/app-{n}:1"} for n in range(9)]}
    with caplog.at_level("INFO", "fairway"):
        intake()[0].registry("generic", posted(many, token="reg"))
        intake()[0].git("github", signed({}, "gh", x_github_event="ping"))
    first, second = (one.__dict__ for one in caplog.records)
    assert (first["message"], first["sender"], first["result"], first["delivery"]) == (
        "webhook.heard",
        "generic",
        "accepted",
        "job-1",
    )
    assert (first["count"], len(first["names"]), first["names"][0]) == (9, 5, "registry.example/app-0:1")
    assert (second["result"], second["ignored"]) == ("ignored", "ping")
