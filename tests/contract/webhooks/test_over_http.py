"""Webhooks as senders meet them: a real server, real requests."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.webhooks.payloads import FOLDER, payload
from tests.support.web import served

from fairway.domain.errors import Transient, UserError
from fairway.domain.webhooks.git import GIT_SENDERS
from fairway.domain.webhooks.registries import REGISTRY_SENDERS
from fairway.entrypoints.web.bodies import MOST_BYTES, MOST_BYTES_TOGETHER
from fairway.entrypoints.web.parts import WebParts
from fairway.services.intake import PendingWakes
from fairway.services.intake.intake import Intake, PubSubAccount

ALLOWED = {202, 400, 401, 404, 405, 413}
ENDPOINTS = [
    *(f"/hooks/git/{name}" for name in GIT_SENDERS),
    *(f"/hooks/registry/{name}" for name in REGISTRY_SENDERS),
    "/hooks/pubsub",
]


class NoKeys:
    async def claims(self, token: str) -> Mapping[str, object]:
        raise Transient("the keys cannot be had")


class AnyToken:
    async def claims(self, token: str) -> Mapping[str, object]:
        return {"email": "push@example.com", "email_verified": True}


def everything(wake: PendingWakes) -> Intake:
    account = PubSubAccount("push@example.com")
    return Intake(wake, lambda kind: ("s3cret",), tokens=AnyToken(), pubsub_account=account)


@asynccontextmanager
async def hooks(wake: PendingWakes) -> AsyncIterator[httpx2.AsyncClient]:
    async with served(WebParts(everything(wake))) as client:
        yield client


async def test_a_push_is_accepted_and_wakes() -> None:
    wake = PendingWakes()
    async with hooks(wake) as client:
        answer = await client.post("/hooks/registry/docker-hub?token=s3cret", content=payload("docker-hub/push"))
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "duplicates": 0})
    assert [str(one.repository) for one in wake.take().images] == ["docker.io/example/web"]


async def test_a_burst_of_ninety_is_answered_and_gives_one_look() -> None:
    wake = PendingWakes()
    async with hooks(wake) as client:
        asked = [
            client.post(
                "/hooks/registry/generic",
                json={"image": f"registry.example/app-{n}:1.0.{n}"},
                headers={"authorization": "Bearer s3cret"},
            )
            for n in range(90)
        ]
        assert {one.status_code for one in await asyncio.gather(*asked)} == {202}
    assert len(wake.take().images) == 90
    assert not wake.take()


async def test_what_is_no_push_is_accepted_with_the_reason() -> None:
    async with hooks(PendingWakes()) as client:
        answer = await client.post("/hooks/registry/acr?token=s3cret", content=payload("acr/ping"))
    assert (answer.status_code, answer.json()) == (202, {"accepted": 0, "duplicates": 0, "ignored": "ping"})


@pytest.mark.parametrize(
    ("path", "content", "status", "error"),
    [
        ("/hooks/registry/generic", b"{}", 401, "the signature or token is missing or wrong"),
        ("/hooks/registry/generic?token=wrong", b"{}", 401, "the signature or token is missing or wrong"),
        ("/hooks/registry/generic?token=s3cret", b"{}", 400, "image is missing"),
        ("/hooks/registry/generic?token=s3cret", b"{", 400, "the body is not JSON: line 1, column 2"),
        ("/hooks/registry/nope?token=s3cret", b"{}", 404, "not found"),
        ("/hooks/git/nope?token=s3cret", b"{}", 404, "not found"),
    ],
)
async def test_what_is_wrong_is_said(path: str, content: bytes, status: int, error: str) -> None:
    async with hooks(PendingWakes()) as client:
        answer = await client.post(path, content=content)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


@pytest.mark.parametrize("path", ENDPOINTS)
async def test_without_secrets_no_endpoint_exists(path: str) -> None:
    async with served(WebParts(Intake(PendingWakes()))) as client:
        answer = await client.post(f"{path}?token=s3cret", content=b"{}")
    assert answer.status_code == 404


async def test_a_body_may_have_a_mebibyte_and_no_more() -> None:
    full = json.dumps({"image": "web:1", "more": ""}).encode()
    full = full[:-2] + b"x" * (MOST_BYTES - len(full)) + full[-2:]

    async def in_parts(body: bytes) -> AsyncIterator[bytes]:
        for n in range(0, len(body), 65536):
            yield body[n : n + 65536]

    async with hooks(PendingWakes()) as client:
        path = "/hooks/registry/generic?token=s3cret"
        assert (await client.post(path, content=full)).status_code == 202
        assert (await client.post(path, content=full + b" ")).status_code == 413
        assert (await client.post(path, content=in_parts(full + b" " * 70000))).status_code == 413


async def test_a_body_that_does_not_come_is_not_waited_for_forever() -> None:
    async with served(WebParts(everything(PendingWakes()), longest_body=0.05)) as client:
        reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        writer.write(b"POST /hooks/registry/generic HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
        assert (await reader.readline()).split()[1] == b"408"
        writer.close()


async def test_what_strangers_send_together_is_bounded_and_given_back() -> None:
    wake = PendingWakes()
    async with served(WebParts(everything(wake))) as client:
        head = b"POST /hooks/registry/generic HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % MOST_BYTES
        held = []
        for _ in range(MOST_BYTES_TOGETHER // MOST_BYTES):
            reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
            writer.write(head + b" " * (MOST_BYTES - 1))
            held.append((reader, writer))
            await writer.drain()
        small = {"image": "web:1", "more": "x" * 99}
        path = "/hooks/registry/generic?token=s3cret"
        async with asyncio.timeout(30):
            while (answer := await client.post(path, json=small)).status_code != 503:
                await asyncio.sleep(0.01)
        assert answer.headers["retry-after"] == "60"
        for _, writer in held:
            writer.close()
        async with asyncio.timeout(30):
            while (await client.post(path, json=small)).status_code != 202:
                await asyncio.sleep(0.01)


async def test_when_our_own_secret_cannot_be_read_the_sender_shall_try_again(caplog: pytest.LogCaptureFixture) -> None:
    def missing(kind: str) -> Sequence[str]:
        raise UserError("the variable HOOK is not set")

    async with served(WebParts(Intake(PendingWakes(), missing))) as client:
        answer = await client.post("/hooks/git/github", content=b"{}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "HOOK" not in answer.text
    assert [one.__dict__["reason"] for one in caplog.records if one.message == "webhook.unable"] == [
        "the variable HOOK is not set"
    ]


async def test_when_google_s_keys_cannot_be_had_the_sender_shall_try_again() -> None:
    intake = Intake(PendingWakes(), tokens=NoKeys(), pubsub_account=PubSubAccount("a@b"))
    async with served(WebParts(intake)) as client:
        assert (await client.post("/hooks/pubsub", content=b"{}")).status_code == 503


async def test_no_secret_and_no_token_reaches_a_log_or_an_answer(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    with caplog.at_level(logging.DEBUG):
        async with hooks(PendingWakes()) as client:
            for path in ENDPOINTS:
                for token in ("s3cret", "n0tright"):
                    answer = await client.post(
                        f"{path}?token={token}",
                        content=json.dumps({"hidden": "b0dytext"}),
                        headers={"authorization": f"Bearer {token}", "x-gitlab-token": token},
                    )
                    told.append(answer.text)
    own = [one.__dict__ for one in caplog.records if one.name.startswith("fairway")]
    assert len(own) >= len(told)
    for secret in ("s3cret", "n0tright", "b0dytext"):
        assert secret not in json.dumps([own, told], default=str)


@pytest.fixture(scope="module")
def server() -> Iterator[httpx2.Client]:
    """One server for many examples, in a thread with a loop of its own."""
    import threading

    loop = asyncio.new_event_loop()
    address: asyncio.Future[str] = loop.create_future()
    ended = asyncio.Event()

    async def run() -> None:
        async with hooks(PendingWakes()) as client:
            address.set_result(str(client.base_url))
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()

    async def base() -> str:
        return await address

    with httpx2.Client(base_url=asyncio.run_coroutine_threadsafe(base(), loop).result(10), trust_env=False) as client:
        yield client
    loop.call_soon_threadsafe(ended.set)
    thread.join(10)
    loop.close()


HEADER = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20).map(str.strip)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "authorization",
            "x-hub-signature-256",
            "x-gitlab-token",
            "x-github-event",
            "x-gitea-event",
            "x-event-key",
            "content-type",
            "content-encoding",
            "ce-id",
        ]
    ),
    HEADER | st.sampled_from(["push", "package", "ping", "Bearer s3cret", "s3cret", "repo:push", "Basic " + "A" * 9]),
)
BODIES = st.binary(max_size=300) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["events", "image", "tag", "type", "message", "data", "ref"]), inner)
    ),
    max_leaves=9,
).map(lambda value: json.dumps(value).encode())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(ENDPOINTS), token=st.sampled_from(["s3cret", "x"]), headers=HEADERS, body=BODIES)
def test_any_bytes_to_any_endpoint_are_answered_and_never_break_it(
    server: httpx2.Client, path: str, token: str, headers: dict[str, str], body: bytes
) -> None:
    answer = server.post(f"{path}?token={token}", content=body, headers=headers)
    assert answer.status_code in ALLOWED
    assert set(answer.json()) <= {"accepted", "duplicates", "ignored", "error"}


@given(path=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x10FFF, exclude_categories=["Cs"]), max_size=40))
def test_any_path_is_answered(server: httpx2.Client, path: str) -> None:
    from urllib.parse import quote

    assert server.post(f"/hooks/{quote(path)}", content=b"{}").status_code in ALLOWED


@settings(max_examples=40)
@given(raw=st.binary(max_size=400))
def test_any_bytes_on_the_wire_do_not_stop_it(server: httpx2.Client, raw: bytes) -> None:
    import socket

    with socket.create_connection((server.base_url.host, server.base_url.port or 0), timeout=5) as connection:
        connection.sendall(b"POST /hooks/registry/generic?token=s3cret HTTP/1.1\r\n" + raw)
    assert server.get("/healthz").status_code == 200


@pytest.mark.parametrize("path", ENDPOINTS)
def test_every_endpoint_has_its_row_in_the_docs(path: str) -> None:
    page = FOLDER.parents[1] / "docs" / "spec" / "webhooks.md"
    assert f"| `{path}` |" in page.read_text(encoding="utf-8")
