"""Tokens of GitHub Actions, from an issuer that publishes its keys, by the way that a job goes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.support.asking import Asked, asking, deploy
from tests.support.tokens import KEYS, Issuer

from fairway.adapters.memory.team_keys import MemoryTeamKeys
from fairway.adapters.oidc.published_keys import PublishedKeys
from fairway.domain.configuration.listening import Listen
from fairway.domain.dispatch.answers import Unacceptable
from fairway.entrypoints.web.serving import serving
from fairway.services.hookd.authenticating import Credentials, Said
from fairway.wiring.clock import now
from fairway.wiring.team_keys import api_authenticating

AUDIENCE = "https://fairway.example"


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    made = Issuer()
    async with serving(made, Listen("127.0.0.1", 0)) as address:
        made.url = f"http://{address}"
        yield made


@pytest.fixture
async def asked(issuer: Issuer) -> AsyncIterator[Asked]:
    tokens = PublishedKeys(issuer.url + KEYS, AUDIENCE, [issuer.url])
    async with asking(tokens=tokens) as one:
        yield one


async def sent(asked: Asked, token: str) -> tuple[int, str]:
    headers = {"authorization": f"Bearer {token}"}
    answer = await asked.client.post("/api/v1/deploy", json=deploy(), headers=headers)
    return answer.status_code, answer.json()["message"]


async def test_a_job_of_the_repository_may_deploy(asked: Asked, issuer: Issuer) -> None:
    assert await sent(asked, issuer.token(AUDIENCE)) == (201, "accepted")
    (kept,) = await asked.store.find()
    assert kept.origin.web_url == "https://github.com/example/orders/actions/runs/4711"


@pytest.mark.parametrize(
    "claims",
    [
        {"audience": "https://another.example"},
        {"iss": "https://another.example"},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"iat": None},
        {"forged": True},
        {"repository": None},
        {"repository": "orders"},
    ],
    ids=lambda claims: next(iter(claims)),
)
async def test_a_token_that_is_not_for_us_not_good_or_of_nobody_is_not_taken(
    asked: Asked, issuer: Issuer, claims: dict[str, Any]
) -> None:
    code, message = await sent(asked, issuer.token(**{"audience": AUDIENCE, **claims}))
    assert (code, message.startswith("the token")) == (401, True), message
    assert await asked.store.find() == []


@pytest.mark.parametrize("token", ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "ü"])
async def test_what_is_no_token_is_refused(asked: Asked, token: str) -> None:
    headers = {b"authorization": b"Bearer " + token.encode()}
    answer = await asked.client.post("/api/v1/deploy", json=deploy(), headers=headers)
    assert answer.status_code == 401


async def test_while_the_issuer_is_away_nobody_is_taken_at_his_word(asked: Asked, issuer: Issuer) -> None:
    issuer.is_away = True
    assert (await sent(asked, issuer.token(AUDIENCE)))[0] == 503
    issuer.is_away = False
    assert (await sent(asked, issuer.token(AUDIENCE)))[0] == 201


async def test_put_together_tokens_need_an_audience(issuer: Issuer) -> None:
    keys, said = MemoryTeamKeys(now), Said(int(time.time()), "shop")
    closed = api_authenticating(keys, issuer=issuer.url)
    with pytest.raises(Unacceptable, match="tokens are not taken here"):
        await closed.caller(Credentials(token=issuer.token("")), b"", said)
    opened = api_authenticating(keys, audience=AUDIENCE, issuer=issuer.url)
    with pytest.raises(Unacceptable, match="the request for another one"):
        await opened.caller(Credentials(token=issuer.token(AUDIENCE)), b"", said)
