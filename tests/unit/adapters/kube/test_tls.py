"""Trust in both directions, over real handshakes on loopback."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from typing import Any

import pytest
import trustme
from aiohttp import web

from fairway.adapters.kube.credentials import Credential, credentials_of
from fairway.adapters.kube.target import Target, User
from fairway.adapters.kube.tls import load_client_certificate, tls_context
from fairway.adapters.kube.transport import Call, Transport
from fairway.domain.errors import Transient, UserError

READ = Call("get", "GET", "/", "read")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def server(authority: trustme.CA) -> AsyncIterator[str]:
    """An https server for the name `kube.example.com` that asks for client certificates and answers with their name."""

    async def who(request: web.Request) -> web.Response:
        assert request.transport is not None
        certificate = request.transport.get_extra_info("ssl_object").getpeercert()
        return web.Response(text=certificate["subjectAltName"][0][1] if certificate else "nobody")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_OPTIONAL
    authority.issue_cert("kube.example.com").configure_cert(context)
    authority.configure_trust(context)
    app = web.Application()
    app.router.add_get("/", who)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def trust(authority: trustme.CA) -> bytes:
    return authority.cert_pem.bytes()


def identity(authority: trustme.CA, name: str = "anna@example.com") -> dict[str, bytes]:
    issued = authority.issue_cert(name)
    return {
        "certificate": b"".join(pem.bytes() for pem in issued.cert_chain_pems),
        "key": issued.private_key_pem.bytes(),
    }


async def ask(server: str, user: User | None = None, **of: Any) -> str:
    target = Target("test", server, user or User(), **of)
    credentials = credentials_of(target, clock=lambda: 0.0, env={})
    async with Transport(target, credentials, tls_context(target)) as transport:
        return (await transport.send(READ)).decode()


async def test_a_known_authority_and_the_right_name_are_trusted(server: str, authority: trustme.CA) -> None:
    assert await ask(server, ca=trust(authority), server_name="kube.example.com") == "nobody"


async def test_a_client_certificate_says_who_we_are(server: str, authority: trustme.CA) -> None:
    user = User(**identity(authority))
    assert await ask(server, user, ca=trust(authority), server_name="kube.example.com") == "anna@example.com"


@pytest.mark.parametrize("name", ["", "other.example.com"])
async def test_another_name_is_not_trusted(server: str, authority: trustme.CA, name: str) -> None:
    with pytest.raises(UserError, match="can't be trusted") as caught:
        await ask(server, ca=trust(authority), server_name=name)
    assert "tls-server-name" in (caught.value.fix or "")


async def test_another_authority_is_not_trusted(server: str) -> None:
    with pytest.raises(UserError, match="can't be trusted"):
        await ask(server, ca=trust(trustme.CA()), server_name="kube.example.com")


async def test_without_an_authority_the_systems_are_asked(server: str) -> None:
    with pytest.raises(UserError, match="can't be trusted"):
        await ask(server)


async def test_verification_can_be_turned_off(server: str) -> None:
    assert await ask(server, insecure=True) == "nobody"


async def test_plain_http_to_a_tls_server_is_unreachable(server: str) -> None:
    with pytest.raises((Transient, UserError)):
        await ask(server.replace("https", "http"))


def test_an_authority_that_is_no_certificate_is_said() -> None:
    with pytest.raises(UserError, match="is not a PEM certificate"):
        tls_context(Target("test", "https://x", User(), ca=b"rubbish"))


def test_a_key_of_another_certificate_is_said(authority: trustme.CA) -> None:
    mine, other = identity(authority), identity(authority)
    with pytest.raises(UserError, match="can't be used"):
        load_client_certificate(
            ssl.create_default_context(), mine["certificate"], other["key"], Target("test", "https://x", User())
        )


class Plugin:
    """Gives another certificate each time it is asked."""

    changes = True

    def __init__(self, *given: dict[str, bytes]) -> None:
        self.given = list(given)

    async def current(self, *, rejected: bool = False) -> Credential:
        return Credential(**self.given[0])


async def test_a_renewed_certificate_is_used_for_new_connections(server: str, authority: trustme.CA) -> None:
    target = Target("test", server, User(), ca=trust(authority), server_name="kube.example.com")
    plugin = Plugin(identity(authority, "one@example.com"), identity(authority, "two@example.com"))
    context = tls_context(target)
    async with Transport(target, plugin, context) as transport:
        assert await transport.send(READ) == b"one@example.com"
        plugin.given.pop(0)
        # The pooled connection goes on as it was greeted; one of its own shows the new certificate.
        async with transport.stream(READ, seconds=5, silence=5) as body:
            assert await body.read() == b"two@example.com"
