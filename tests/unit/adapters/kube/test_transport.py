"""What is sent again, what is not, and what becomes of refusals."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web
from tests.unit.adapters.kube.conftest import Server, hang_up, ok, status

from fairway.adapters.kube.credentials import Credential
from fairway.adapters.kube.target import Impersonation, User
from fairway.adapters.kube.transport import ATTEMPTS, Call
from fairway.domain.errors import Transient
from fairway.domain.kube_errors import ApiRefusal, Forbidden

READ = Call("get", "GET", "/api/v1/x", "read x")
CREATE = Call("create", "POST", "/api/v1/x", "create x", b"{}", repeatable=False)


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
async def test_a_read_is_repeated_until_it_is_answered(server: Server, code: int) -> None:
    server.answers = [ok(), status(code), status(code), ok()]
    transport = await server.transport()
    for _ in range(2):
        assert await transport.send(READ) == b'{"ok": true}'
    assert transport.requests == {"get": 4}
    assert server.pauses == [0.2, 0.4]


async def test_a_read_is_repeated_when_the_connection_is_lost(server: Server) -> None:
    server.answers = [ok(), hang_up, hang_up, hang_up, ok()]
    transport = await server.transport()
    await transport.send(READ)
    assert await transport.send(READ) == b'{"ok": true}'


@pytest.mark.parametrize("answer", [status(500), status(503), hang_up])
async def test_a_create_is_never_repeated_when_the_server_may_have_done_it(server: Server, answer: Any) -> None:
    server.answers = [ok(), answer, ok()]
    transport = await server.transport()
    await transport.send(READ)
    with pytest.raises(Transient):
        await transport.send(CREATE)
    assert len(server.seen) == 2


@pytest.mark.parametrize("answer", [status(409, kind="resourcequotas"), status(429)])
async def test_a_create_is_repeated_when_nothing_was_done(server: Server, answer: Any) -> None:
    server.answers = [answer, ok()]
    await (await server.transport()).send(CREATE)
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    "answer", [status(500, ".x: field not declared in schema"), status(403), status(422), status(409)]
)
async def test_a_refusal_is_never_repeated(server: Server, answer: Any) -> None:
    server.answers = [answer, ok()]
    with pytest.raises(ApiRefusal):
        await (await server.transport()).send(READ)
    assert len(server.seen) == 1


async def test_a_create_is_repeated_after_as_long_as_the_server_asks(server: Server) -> None:
    server.answers = [status(429, headers={"Retry-After": "3"}), ok()]
    transport = await server.transport()
    await transport.send(CREATE)
    assert server.pauses == [3.0]


async def test_repeating_ends(server: Server) -> None:
    server.answers = [status(503, "etcd is gone")]
    transport = await server.transport()
    with pytest.raises(Transient, match="read x: etcd is gone"):
        await transport.send(READ)
    assert len(server.seen) == ATTEMPTS
    assert max(server.pauses) <= 5.0
    assert server.pauses == sorted(server.pauses)


async def test_a_server_that_never_answered_is_given_up_at_once(server: Server) -> None:
    transport = await server.transport()
    transport.target = transport.target.__class__(name="test", server="http://127.0.0.1:1", user=User())
    with pytest.raises(Transient, match=r"http://127.0.0.1:1 \(context test\) can't be reached") as caught:
        await transport.send(READ)
    assert caught.value.fix
    assert server.pauses == []


class Rotating:
    """A token that somebody renews."""

    changes = True

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)

    async def current(self, *, rejected: bool = False) -> Credential:
        if rejected:
            self.tokens.pop(0)
        return Credential(f"Bearer {self.tokens[0]}")


async def test_a_refused_token_is_renewed_once(server: Server) -> None:
    server.answers = [status(401), ok()]
    transport = await server.transport(credentials=Rotating("old", "new"))
    await transport.send(READ)
    assert [headers["Authorization"] for _, _, headers, _ in server.seen] == ["Bearer old", "Bearer new"]


async def test_a_token_that_stays_refused_is_said(server: Server) -> None:
    server.answers = [status(401, "Unauthorized")]
    transport = await server.transport(credentials=Rotating("old", "new", "newer"))
    with pytest.raises(Forbidden) as caught:
        await transport.send(READ)
    assert "log in again" in (caught.value.fix or "")
    assert len(server.seen) == 2


async def test_a_renewal_costs_none_of_the_attempts(server: Server) -> None:
    server.answers = [status(401), ok()]
    transport = await server.transport(credentials=Rotating("old", "new"))
    assert await transport.send(Call("get", "GET", "/x", "read x", attempts=1)) == b'{"ok": true}'


async def test_long_refusals_keep_all_their_causes(server: Server) -> None:
    causes = [{"reason": "FieldValueInvalid", "message": "m" * 100, "field": f"f{n}"} for n in range(200)]
    server.answers = [status(422, "x" * 50_000, "Invalid", causes=causes)]
    with pytest.raises(ApiRefusal) as caught:
        await (await server.transport()).send(READ)
    assert len(caught.value.causes) == 200


async def test_a_stream_renews_a_refused_token_too(server: Server) -> None:
    server.answers = [status(401), ok()]
    transport = await server.transport(credentials=Rotating("old", "new"))
    async with transport.stream(READ, seconds=5, silence=5) as body:
        assert await body.read() == b'{"ok": true}'


async def test_a_stream_says_what_was_refused(server: Server) -> None:
    server.answers = [status(401, "Unauthorized")]
    transport = await server.transport(credentials=Rotating("old", "new", "newer"))
    with pytest.raises(Forbidden):
        async with transport.stream(READ, seconds=5, silence=5):
            pass
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        (User(), None),
        (User(token="t"), "Bearer t"),
        (User(username="anna", password="geheim"), "Basic YW5uYTpnZWhlaW0="),
        (User(token="t", username="anna", password="x"), "Bearer t"),
    ],
)
async def test_credentials_become_a_header(server: Server, user: User, expected: str | None) -> None:
    server.answers = [ok()]
    await (await server.transport(user)).send(READ)
    assert server.seen[0][2].get("Authorization") == expected


async def test_acting_as_somebody_is_said_in_headers(server: Server) -> None:
    seen: list[Any] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers)
        return await ok()(request)

    server.answers = [answer]
    whom = Impersonation("bot", ("a", "b"), "7", {"team": ("x",)})
    await (await server.transport(User(impersonation=whom))).send(READ)
    (headers,) = seen
    assert headers["Impersonate-User"] == "bot"
    assert headers.getall("Impersonate-Group") == ["a", "b"]
    assert (headers["Impersonate-Uid"], headers["Impersonate-Extra-team"]) == ("7", "x")


async def test_warnings_are_counted_by_text(server: Server) -> None:
    server.answers = [ok(Warning='299 - "policy/v1beta1 PodSecurityPolicy is deprecated"')]
    transport = await server.transport()
    await transport.send(READ)
    await transport.send(READ)
    assert transport.warnings == {"policy/v1beta1 PodSecurityPolicy is deprecated": 2}


async def test_requests_are_counted_by_verb(server: Server) -> None:
    server.answers = [ok()]
    transport = await server.transport()
    await transport.send(READ)
    await transport.send(CREATE)
    assert transport.requests == {"get": 1, "create": 1}
