"""Tokens are judged by the keys that their issuer publishes, on a server of loopback."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from fairway.adapters.oidc.published_keys import FOR, PAUSE, STALE, PublishedKeys
from fairway.domain.configuration.listening import Listen
from fairway.domain.errors import Refused, Transient
from fairway.entrypoints.web.serving import serving

AUDIENCE = "https://fairway.example/hooks/pubsub"


class Issuer:
    """Signs tokens, and publishes its keys."""

    def __init__(self) -> None:
        self.keys: dict[str, rsa.RSAPrivateKey] = {}
        self.asked = 0
        self.status = 200
        self.instead: str | None = None
        self.url = ""

    def new_key(self, id: str) -> None:
        self.keys[id] = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def token(self, id: str, **changed: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": "https://accounts.google.com",
            "aud": AUDIENCE,
            "email": "push@example.com",
            "email_verified": True,
            "iat": now,
            "exp": now + 600,
            **changed,
        }
        claims = {key: value for key, value in claims.items() if value is not None}
        return jwt.encode(claims, self.keys[id], "RS256", {"kid": id})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        keys = [
            {
                **json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())),
                "kid": id,
                "use": "sig",
                "alg": "RS256",
            }
            for id, key in self.keys.items()
        ]
        text = json.dumps({"keys": keys}) if self.instead is None else self.instead
        await PlainTextResponse(text, self.status)(scope, receive, send)


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    made = Issuer()
    made.new_key("one")
    async with serving(made, Listen("127.0.0.1", 0)) as address:
        made.url = f"http://{address}/certs"
        yield made


async def test_a_good_token_gives_its_claims_and_keys_are_asked_for_once(issuer: Issuer) -> None:
    judge = PublishedKeys(issuer.url, AUDIENCE)
    for _ in range(3):
        claims = await judge.claims(issuer.token("one"))
    assert (claims["email"], claims["email_verified"]) == ("push@example.com", True)
    assert issuer.asked == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://elsewhere.example"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": 1000},
        {"exp": None},
        {"iat": None},
        {"nbf": 99999999999},
    ],
)
async def test_a_token_for_others_of_others_or_of_another_time_is_refused(issuer: Issuer, changed: Any) -> None:
    with pytest.raises(Refused) as error:
        await PublishedKeys(issuer.url, AUDIENCE).claims(issuer.token("one", **changed))
    assert issuer.token("one", **changed).split(".")[1] not in error.value.message


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "\udcff"])
async def test_what_is_no_token_is_refused(issuer: Issuer, token: str) -> None:
    with pytest.raises(Refused):
        await PublishedKeys(issuer.url, AUDIENCE).claims(token)


async def test_a_token_that_is_not_signed_with_a_published_key_is_refused(issuer: Issuer) -> None:
    issuer.new_key("two")
    forged = Issuer()
    forged.new_key("one")
    unsigned = jwt.encode({"aud": AUDIENCE, "iss": "accounts.google.com"}, "", "none", {"kid": "one"})
    public = jwt.encode({"aud": AUDIENCE}, "a shared secret of thirty-two bytes", "HS256", {"kid": "one"})
    judge = PublishedKeys(issuer.url, AUDIENCE)
    for token in (forged.token("one"), unsigned, public):
        with pytest.raises(Refused):
            await judge.claims(token)


async def test_a_new_key_is_asked_for_but_not_at_every_unknown_one(issuer: Issuer) -> None:
    clock = Clock()
    judge = PublishedKeys(issuer.url, AUDIENCE, clock=clock)
    await judge.claims(issuer.token("one"))
    issuer.new_key("two")
    for _ in range(5):
        with pytest.raises(Refused):
            await judge.claims(issuer.token("two"))
    assert issuer.asked == 1
    clock.seconds += PAUSE + 1
    await judge.claims(issuer.token("two"))
    clock.seconds += FOR + 1
    del issuer.keys["one"]
    await judge.claims(issuer.token("two"))
    assert issuer.asked == 3


async def test_many_who_come_at_once_ask_the_issuer_once(issuer: Issuer) -> None:
    issuer.status = 500
    judge = PublishedKeys(issuer.url, AUDIENCE)
    answers = await asyncio.gather(*(judge.claims(issuer.token("one")) for _ in range(20)), return_exceptions=True)
    assert [type(one) for one in answers] == [Transient] * 20
    assert issuer.asked == 1
    issuer.status = 200
    await judge.claims(issuer.token("one"))


async def test_known_keys_are_good_for_a_day_while_nobody_answers(issuer: Issuer) -> None:
    clock = Clock()
    judge = PublishedKeys(issuer.url, AUDIENCE, clock=clock)
    await judge.claims(issuer.token("one"))
    issuer.status = 500
    clock.seconds += FOR + 1
    await judge.claims(issuer.token("one"))
    clock.seconds += STALE
    with pytest.raises(Transient):
        await judge.claims(issuer.token("one"))


@pytest.mark.parametrize(("status", "instead"), [(500, None), (302, None), (200, "<html>"), (200, "[]"), (200, "{}")])
async def test_when_there_are_no_keys_the_sender_may_try_again(
    issuer: Issuer, status: int, instead: str | None
) -> None:
    issuer.status, issuer.instead = status, instead
    with pytest.raises(Transient):
        await PublishedKeys(issuer.url, AUDIENCE).claims(issuer.token("one"))


async def test_when_nobody_answers_the_sender_may_try_again(issuer: Issuer) -> None:
    with pytest.raises(Transient, match="cannot be had"):
        await PublishedKeys("http://127.0.0.1:1/certs", AUDIENCE).claims(issuer.token("one"))
