"""`POST /events` as GitHub meets it: every row of the table, and whatever else can come over a wire."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.support.asking import OLD_SECRET, SECRET, Asked, asking, event
from tests.support.web import served

from fairway.domain.dispatch.signatures import signature_of
from fairway.entrypoints.web.parts import WebParts


@pytest.fixture
async def asked() -> AsyncIterator[Asked]:
    async with asking() as one:
        yield one


def without(*names: str) -> bytes:
    document = json.loads(event())
    for name in names:
        document.pop(name)
    return json.dumps(document).encode()


def named(full_name: Any) -> bytes:
    document = json.loads(event())
    document["repository"]["full_name"] = full_name
    return json.dumps(document).encode()


ROWS: list[tuple[str, bytes, dict[str, str], int, str]] = [
    ("not a deployment", event(), {"x_github_event": "push"}, 204, ""),
    ("no event", event(), {"x_github_event": ""}, 204, ""),
    ("no signature", event(), {"x_hub_signature_256": ""}, 403, "missing signature"),
    ("wrong algorithm", event(), {"x_hub_signature_256": "md5=00"}, 403, "malformed signature: unknown algorithm"),
    ("no hex", event(), {"x_hub_signature_256": "sha256=" + "g" * 64}, 403, "malformed signature: it is not hexa"),
    ("too short", event(), {"x_hub_signature_256": "sha256=00"}, 403, "malformed signature: sha256 has 64 hex digits"),
    ("wrong signature", event(), {"x_hub_signature_256": "sha256=" + "0" * 64}, 403, "payload signature check failed"),
    ("bad JSON", b'{"a":', {}, 400, "the body is not JSON: unexpected end of data at line 1, column 6"),
    ("no repository", without("repository"), {}, 400, "no repository specified"),
    ("no OWNER/NAME", named("orders"), {}, 400, "repository name orders is not in the format OWNER/NAME"),
    ("no deployment", without("deployment"), {}, 400, "deployment object is empty"),
    ("no environment", event({"environment": ""}), {}, 400, "environment is not specified"),
    ("no payload", event({"payload": {}}), {}, 400, "payload is invalid: it is empty"),
    ("a payload that is no JSON", event({"payload": "{"}), {}, 400, "payload is invalid: the text is not JSON"),
    ("an unknown key", event(payload={"x": 1}), {}, 400, "payload is invalid: unknown key 'x'"),
    ("another major", event(payload={"version": [2, 0, 0]}), {}, 400, "payload is invalid: version: version 2.0.0"),
    ("unknown environment", event({"environment": "prod"}), {}, 400, "environment 'prod' is not known; known: dev"),
    ("no team", event(payload={"team": ""}), {}, 400, "no team was specified in deployment payload"),
    ("no resources", event(payload={"kubernetes": {"resources": []}}), {}, 400, "no resources to deploy"),
    ("not registered", named("example/web"), {}, 403, "repository 'example/web' is not registered"),
    (
        "no access",
        event(payload={"team": "web"}),
        {},
        403,
        "the repository 'example/orders' does not have access to deploy as team 'web'",
    ),
    ("accepted", event(), {}, 201, "accepted"),
    ("accepted, in any case", event(payload={"team": "SHOP"}), {}, 201, "accepted"),
    ("accepted with a text", event({"payload": json.dumps(json.loads(event())["deployment"]["payload"])}), {}, 201, ""),
    ("accepted with 1.x.y", event(payload={"version": [1, 7, 3]}), {}, 201, "accepted"),
]


@pytest.mark.parametrize(("body", "headers", "code", "text"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
async def test_every_row_of_the_table(asked: Asked, body: bytes, headers: dict[str, str], code: int, text: str) -> None:
    answer = await asked.event(body, **headers)
    assert (answer.status_code, answer.text.startswith(text)) == (code, True), answer.text
    if code == 204:
        assert answer.content == b""
    else:
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert "\n" not in answer.text


async def test_while_team_access_is_away_github_shall_ask_again(asked: Asked) -> None:
    asked.access.away = True
    answer = await asked.event()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert answer.text.startswith("unable to check if repository has team access: ")


async def test_a_delivery_is_accepted_once_and_says_where_its_page_is(asked: Asked) -> None:
    body, delivery = event(), str(uuid.uuid4())
    first, second = [await asked.event(body, x_github_delivery=delivery) for _ in range(2)]
    assert (first.status_code, second.status_code, second.text) == (201, 200, "already accepted")
    assert first.headers["location"].startswith(f"https://fairway.example/logs?delivery_id={delivery}&ts=")
    assert len(await asked.store.find()) == 1


async def test_of_deliveries_that_come_at_once_one_is_accepted(asked: Asked) -> None:
    body, delivery = event(), str(uuid.uuid4())
    answers = await asyncio.gather(*(asked.event(body, x_github_delivery=delivery) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]


async def test_both_signatures_and_every_secret_are_understood(asked: Asked) -> None:
    for secret in (SECRET, OLD_SECRET):
        body = event()
        for algorithm, header in (("sha1", "x_hub_signature"), ("sha256", "x_hub_signature_256")):
            signed = {"x_hub_signature_256": "", header: signature_of(body, secret, algorithm)}
            assert (await asked.event(body, **signed)).status_code in (200, 201)


async def test_the_better_signature_counts_where_both_are(asked: Asked) -> None:
    body = event()
    wrong = await asked.event(
        body, x_hub_signature=signature_of(body, SECRET, "sha1"), x_hub_signature_256="sha256=" + "0" * 64
    )
    assert (wrong.status_code, wrong.text) == (403, "payload signature check failed")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_only_posts_are_taken(asked: Asked, method: str) -> None:
    answer = await asked.client.request(method, "/events")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_without_hookd_the_address_does_not_exist() -> None:
    async with served(WebParts()) as client:
        assert (await client.post("/events", content=b"{}")).status_code == 404
        for path in ("/api/v1/deploy", "/api/v1/status", "/api/openapi.json", "/deployments", "/logs"):
            assert (await client.get(path)).status_code == 404


class TestBodies:
    """What comes over the wire before anybody is known."""

    async def test_a_hundred_megabytes_are_refused_before_they_come(self, asked: Asked) -> None:
        head = self.head(b"Content-Length: 104857600")
        reader, writer = await self.connect(asked)
        writer.write(head + b"x" * 100_000)
        assert (await reader.readline()).split()[1] == b"413"
        writer.close()

    async def test_a_hundred_megabytes_without_a_length_are_refused_as_they_come(self, asked: Asked) -> None:
        reader, writer = await self.connect(asked)
        writer.write(self.head(b"Transfer-Encoding: chunked"))
        megabyte = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"

        async def send() -> None:
            try:
                for _ in range(100):
                    writer.write(megabyte)
                    await writer.drain()
            except ConnectionError:
                return

        sending = asyncio.create_task(send())
        assert (await reader.readline()).split()[1] == b"413"
        rest = await reader.read(2000)
        assert b"the body is larger than 26214400 bytes" in rest
        writer.close()
        await sending
        assert (await asked.event()).status_code == 201

    async def test_an_event_that_is_not_looked_at_is_answered_without_its_body(self, asked: Asked) -> None:
        reader, writer = await self.connect(asked)
        head = b"POST /events HTTP/1.1\r\nHost: x\r\nX-GitHub-Event: push\r\nContent-Length: 104857600\r\n\r\n"
        writer.write(head + b"x" * 1000)
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 204")
        assert b"connection: close" in answer.lower()
        writer.close()
        kept = await asked.event(event(), x_github_event="push")
        assert "connection" not in kept.headers

    async def test_a_body_of_twenty_megabytes_is_read(self, asked: Asked) -> None:
        large = event(payload={"kubernetes": {"resources": [self.large(20 * 1024 * 1024)]}})
        assert (await asked.event(large)).status_code == 201

    async def test_a_body_that_does_not_come_is_not_waited_for_forever(self, asked: Asked) -> None:
        reader, writer = await self.connect(asked)
        writer.write(self.head(b"Content-Length: 999") + b'{"a":')
        assert (await reader.readline()).split()[1] == b"408"
        writer.close()

    @pytest.mark.parametrize("rest", [b"5\r\nab", b"zz\r\nab", b"5\r\nabcdefgh\r\n0\r\n\r\n", b"-1\r\n\r\n"])
    async def test_broken_chunks_break_nothing(self, asked: Asked, rest: bytes) -> None:
        reader, writer = await self.connect(asked)
        writer.write(self.head(b"Transfer-Encoding: chunked") + rest)
        writer.write_eof()
        answer = await reader.read()
        assert not answer or answer.split()[1] in (b"400", b"403", b"408")
        writer.close()
        assert (await asked.event()).status_code == 201

    @pytest.mark.parametrize(
        "header", [b"Content-Length: -1", b"Content-Length: x", b"Content-Length: 2\r\nContent-Length: 5"]
    )
    async def test_lengths_that_are_none_are_refused(self, asked: Asked, header: bytes) -> None:
        reader, writer = await self.connect(asked)
        writer.write(self.head(header) + b"{}")
        assert (await reader.readline()).split()[1] == b"400"
        writer.close()

    async def test_a_length_and_chunks_at_once_do_not_smuggle_a_second_request(self, asked: Asked) -> None:
        reader, writer = await self.connect(asked)
        writer.write(
            self.head(b"Content-Length: 5\r\nTransfer-Encoding: chunked") + b"0\r\n\r\nGET /healthz HTTP/1.1\r\n"
        )
        writer.write_eof()
        answer = await reader.read()
        assert answer.count(b"HTTP/1.1 200") == 0
        writer.close()

    async def test_a_body_that_is_shorter_than_it_says_is_not_read_as_whole(self, asked: Asked) -> None:
        body = event()
        reader, writer = await self.connect(asked)
        signature = f"X-Hub-Signature-256: {signature_of(body, SECRET)}\r\n".encode()
        writer.write(self.head(signature + b"Content-Length: %d" % (len(body) + 9)) + body)
        writer.write_eof()
        answer = await reader.read()
        assert b" 201 " not in answer
        writer.close()
        assert await asked.store.find() == []

    async def test_a_compressed_body_is_not_unpacked(self, asked: Asked) -> None:
        packed = gzip.compress(b"0" * 50_000_000)
        answer = await asked.event(packed, content_encoding="gzip")
        assert (answer.status_code, answer.text.startswith("the body is not JSON")) == (400, True)

    async def test_bodies_together_are_bounded_and_given_back(self) -> None:
        async with asking(most_bytes=1000, most_bytes_together=2000) as asked:
            held = [await self.connect(asked) for _ in range(2)]
            for _, writer in held:
                writer.write(self.head(b"Content-Length: 1000") + b"x" * 990)
                await writer.drain()
            small = event(payload={"kubernetes": {"resources": []}})
            async with asyncio.timeout(30):
                while (answer := await asked.event(small)).status_code != 503:
                    await asyncio.sleep(0.01)
                assert (answer.text, answer.headers["retry-after"]) == ("too much at once; try again later", "30")
                for _, writer in held:
                    writer.close()
                while (await asked.event(small)).status_code != 400:
                    await asyncio.sleep(0.01)

    @staticmethod
    async def connect(asked: Asked) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        base = asked.client.base_url
        return await asyncio.open_connection(base.host, base.port)

    @staticmethod
    def head(length: bytes) -> bytes:
        return b"POST /events HTTP/1.1\r\nHost: x\r\nX-GitHub-Event: deployment\r\n" + length + b"\r\n\r\n"

    @staticmethod
    def large(size: int) -> dict[str, Any]:
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "big"}, "data": {"x": "y" * size}}


class TestHeaders:
    async def test_a_header_that_says_two_things_is_refused(self, asked: Asked) -> None:
        body = event()
        headers = [
            ("x-github-event", "deployment"),
            ("x-github-delivery", "a"),
            ("x-hub-signature-256", "sha256=" + "0" * 64),
            ("x-hub-signature-256", signature_of(body, SECRET)),
        ]
        answer = await asked.client.post("/events", content=body, headers=headers)
        assert (answer.status_code, answer.text) == (400, "the header x-hub-signature-256 is there more than once")

    async def test_a_header_that_says_the_same_twice_is_read_once(self, asked: Asked) -> None:
        body = event()
        headers = [("x-github-event", "deployment")] * 2 + [("x-hub-signature-256", signature_of(body, SECRET))] * 2
        assert (await asked.client.post("/events", content=body, headers=headers)).status_code == 201

    @pytest.mark.parametrize("delivery", ["a b", "../../etc", "<script>", "é", "x" * 101])
    async def test_a_delivery_id_that_is_none_is_refused(self, asked: Asked, delivery: str) -> None:
        answer = await asked.client.post(
            "/events",
            content=(body := event()),
            headers={
                "x-github-event": "deployment",
                "x-hub-signature-256": signature_of(body, SECRET),
                "x-github-delivery": delivery.encode(),
            },
        )
        assert (answer.status_code, answer.text) == (400, "malformed delivery id")

    async def test_the_case_of_names_does_not_matter(self, asked: Asked) -> None:
        body = event()
        headers = {"X-GITHUB-EVENT": "deployment", "X-HUB-Signature-256": signature_of(body, SECRET)}
        assert (await asked.client.post("/events", content=body, headers=headers)).status_code == 201

    async def test_a_form_is_not_json(self, asked: Asked) -> None:
        answer = await asked.event(b"payload=%7B%7D", content_type="application/x-www-form-urlencoded")
        assert (answer.status_code, answer.text.startswith("the body is not JSON")) == (400, True)


async def test_nothing_secret_reaches_a_log_or_an_answer(asked: Asked, caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    with caplog.at_level(logging.DEBUG, "fairway"):
        for row in ROWS:
            told.append((await asked.event(row[1], **row[2])).text)
        body = event(payload={"kubernetes": {"resources": [{**TestBodies.large(1), "data": {"password": "hunter2"}}]}})
        told.append((await asked.event(body)).text)
    everything = json.dumps([told, [one.__dict__ for one in caplog.records]], default=str)
    for secret in (SECRET, OLD_SECRET, "hunter2", signature_of(body, SECRET)):
        assert secret not in everything
