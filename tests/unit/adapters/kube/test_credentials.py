"""Where credentials come from, when they are fetched again, and what is never shown."""

from __future__ import annotations

import asyncio
import base64
import os
import stat
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from tests.unit.adapters.kube.conftest import Server, ok, status

from fairway.adapters.kube.credentials import Credential, Renewed, TokenFile, credentials_of
from fairway.adapters.kube.exec_plugin import ExecSource
from fairway.adapters.kube.oidc import OidcSource, expiry_of
from fairway.adapters.kube.target import ExecPlugin, OidcProvider, Target, User
from fairway.domain.errors import Transient, UserError

V1 = "client.authentication.k8s.io/v1"


class Clock:
    def __init__(self, time: float = 1000.0) -> None:
        self.time = time

    def __call__(self) -> float:
        return self.time


# --- token files


async def test_a_token_file_is_read_again_after_a_minute(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "token"
    path.write_text("one\n")
    source = TokenFile(path, clock)
    assert (await source.current()).authorization == "Bearer one"
    path.write_text("two\n")
    assert (await source.current()).authorization == "Bearer one"
    clock.time += 61
    assert (await source.current()).authorization == "Bearer two"


async def test_a_refused_token_file_is_read_again_at_once(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("one")
    source = TokenFile(path, Clock())
    await source.current()
    path.write_text("two")
    assert (await source.current(rejected=True)).authorization == "Bearer two"


@pytest.mark.parametrize(("content", "message"), [(None, "can't be read"), ("\n", "is empty")])
async def test_a_token_file_without_a_token_is_said(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserError, match=message):
        await TokenFile(path, Clock()).current()


# --- renewing


class Counted:
    def __init__(self, expires: float | None) -> None:
        self.expires = expires
        self.fetched = 0

    async def fetch(self) -> Credential:
        self.fetched += 1
        await asyncio.sleep(0)
        return Credential(f"Bearer {self.fetched}", expires=self.expires)


async def test_a_credential_is_kept_until_shortly_before_it_expires() -> None:
    clock = Clock(1000)
    source = Counted(expires=1100)
    renewed = Renewed(source, clock)
    await renewed.current()
    clock.time = 1069
    assert (await renewed.current()).authorization == "Bearer 1"
    clock.time = 1071
    assert (await renewed.current()).authorization == "Bearer 2"


async def test_one_that_never_expires_is_fetched_once() -> None:
    source = Counted(expires=None)
    renewed = Renewed(source, Clock())
    for _ in range(3):
        await renewed.current()
    assert source.fetched == 1


async def test_many_who_are_refused_at_once_renew_once() -> None:
    source = Counted(expires=None)
    renewed = Renewed(source, Clock())
    await renewed.current()
    answers = await asyncio.gather(*(renewed.current(rejected=True) for _ in range(20)))
    assert source.fetched == 2
    assert {answer.authorization for answer in answers} == {"Bearer 2"}


# --- exec plugins


def plugin(tmp_path: Path, script: str, **of: Any) -> tuple[ExecPlugin, Target]:
    path = tmp_path / "plugin"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    made = ExecPlugin("./plugin", (), {}, of.pop("api_version", V1), folder=tmp_path, **of)
    return made, Target("test", "https://x", User(exec=made), ca=b"PEM")


def answer(**fields: str) -> str:
    body = {"apiVersion": V1, "kind": "ExecCredential", "status": fields}
    return f"echo '{orjson.dumps(body).decode()}'"


async def fetch(tmp_path: Path, script: str, **of: Any) -> Credential:
    made, target = plugin(tmp_path, script, **of)
    return await ExecSource(made, target, {"PATH": os.environ["PATH"]}).fetch()


async def test_a_plugin_gives_a_token_with_its_end(tmp_path: Path) -> None:
    found = await fetch(tmp_path, answer(token="t", expirationTimestamp="1970-01-01T00:10:00Z"))
    assert (found.authorization, found.expires) == ("Bearer t", 600.0)


async def test_a_plugin_gives_a_certificate(tmp_path: Path) -> None:
    found = await fetch(tmp_path, answer(clientCertificateData="C", clientKeyData="K"))
    assert (found.authorization, found.certificate, found.key, found.expires) == ("", b"C", b"K", None)


async def test_a_plugin_is_told_what_it_may_know(tmp_path: Path) -> None:
    script = f'printf "%s" "$KUBERNETES_EXEC_INFO" > {tmp_path}/info\n{answer(token="t")}'
    await fetch(tmp_path, script, provide_cluster_info=True, cluster_config={"audience": "x"})
    info = orjson.loads((tmp_path / "info").read_bytes())
    assert (info["apiVersion"], info["kind"], info["spec"]["interactive"]) == (V1, "ExecCredential", False)
    assert info["spec"]["cluster"] == {
        "server": "https://x",
        "config": {"audience": "x"},
        "certificate-authority-data": base64.b64encode(b"PEM").decode(),
    }


async def test_a_plugin_is_not_told_of_the_cluster_unless_it_asks(tmp_path: Path) -> None:
    await fetch(tmp_path, f'printf "%s" "$KUBERNETES_EXEC_INFO" > {tmp_path}/info\n{answer(token="t")}')
    assert "cluster" not in orjson.loads((tmp_path / "info").read_bytes())["spec"]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo please log in >&2; exit 3", "failed with exit code 3: please log in"),
        ("echo geheim", "printed something that is no ExecCredential"),
        ("echo '{}'", "printed something that is no ExecCredential"),
        (answer(), "gave neither a token nor a client certificate"),
        (answer(clientCertificateData="C"), "gave neither a token nor a client certificate"),
        (answer(token="geheim", expirationTimestamp="soon"), "no ExecCredential"),
        (answer(token="geheim").replace("/v1", "/v1beta1"), "answered in client.authentication.k8s.io/v1beta1"),
    ],
)
async def test_a_plugin_that_fails_is_said_without_what_it_printed(tmp_path: Path, script: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        await fetch(tmp_path, script)
    assert message in caught.value.message
    assert "geheim" not in caught.value.message


async def test_a_plugin_that_is_missing_comes_with_its_install_hint(tmp_path: Path) -> None:
    made = ExecPlugin("no-such-plugin", (), {}, V1, install_hint="get it from example.com")
    with pytest.raises(UserError) as caught:
        await ExecSource(made, Target("t", "https://x", User()), {"PATH": ""}).fetch()
    assert caught.value.fix == "get it from example.com"


async def test_a_plugin_that_must_ask_needs_a_terminal(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="needs a terminal"):
        await fetch(tmp_path, answer(token="t"), interactive_mode="Always")


# --- OpenID Connect


def jwt(expires: float) -> str:
    claims = base64.urlsafe_b64encode(orjson.dumps({"exp": expires})).decode().rstrip("=")
    return f"e30.{claims}.x"


def oidc(server: Server, **of: str) -> OidcSource:
    return OidcSource(OidcProvider(server.url, "fairway", **of), Clock(1000))


def found(server: Server) -> Any:
    return ok({"token_endpoint": f"{server.url}/token"})


async def test_an_id_token_is_used_while_it_holds(server: Server) -> None:
    credential = await oidc(server, id_token=jwt(5000), refresh_token="r").fetch()
    assert (credential.authorization, credential.expires) == (f"Bearer {jwt(5000)}", 5000.0)
    assert server.seen == []


async def test_an_id_token_that_ran_out_is_renewed_at_the_issuer(server: Server) -> None:
    server.answers = [found(server), ok({"id_token": jwt(9000), "refresh_token": "next"}), found(server), ok()]
    source = oidc(server, id_token=jwt(1001), refresh_token="first", client_secret="s")
    assert (await source.fetch()).expires == 9000.0
    assert server.seen[1][3] == b"grant_type=refresh_token&refresh_token=first&client_id=fairway&client_secret=s"
    with pytest.raises(UserError, match="gave no id token"):
        await source.fetch()
    assert b"refresh_token=next" in server.seen[3][3]


async def test_a_refused_refresh_token_asks_for_a_login(server: Server) -> None:
    server.answers = [found(server), status(400)]
    with pytest.raises(UserError) as caught:
        await oidc(server, refresh_token="r").fetch()
    assert "log in again" in (caught.value.fix or "")


async def test_an_issuer_that_is_down_is_transient(server: Server) -> None:
    server.answers = [status(503)]
    with pytest.raises(Transient):
        await oidc(server, refresh_token="r").fetch()


async def test_without_a_refresh_token_the_end_is_said(server: Server) -> None:
    with pytest.raises(UserError, match="has run out"):
        await oidc(server, id_token=jwt(1)).fetch()


@pytest.mark.parametrize("token", ["", "a.b.c", "e30.e30.x", "no dots"])
def test_what_is_no_token_has_no_end(token: str) -> None:
    assert expiry_of(token) is None


# --- choosing


async def test_the_kind_of_credential_is_chosen_in_kubectls_order(tmp_path: Path) -> None:
    token = tmp_path / "t"
    token.write_text("file")
    made, target = plugin(tmp_path, answer(token="exec"))
    table = [
        (User(exec=made, token_file=token, token="inline"), "Bearer exec"),
        (User(token_file=token, token="inline"), "Bearer file"),
        (User(token="inline", username="u"), "Bearer inline"),
        (User(), ""),
    ]
    for user, expected in table:
        chosen = Target("t", target.server, user)
        source = credentials_of(chosen, clock=Clock(), env={"PATH": os.environ["PATH"]})
        assert (await source.current()).authorization == expected


async def test_a_plugins_token_reaches_the_server(server: Server, tmp_path: Path) -> None:
    async def echo(request: web.Request) -> web.StreamResponse:
        return web.Response(text=request.headers["Authorization"])

    from fairway.adapters.kube.transport import Call

    server.answers = [echo]
    made, _ = plugin(tmp_path, answer(token="abc"))
    transport = await server.transport(User(exec=made))
    assert await transport.send(Call("get", "GET", "/x", "x")) == b"Bearer abc"
