"""GitHub's tokens: renewed before they end, once for all requests of a browser, and taken back at the end."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.support.forges.github_portal import CLIENT_ID, CLIENT_SECRET
from tests.support.forges.serving import Answer
from tests.support.portal import Place, Visitor

from fairway.adapters.forges.github.signing_in import GithubWebFlow
from fairway.domain.access.people import SignedOut, UserToken
from fairway.domain.errors import Refused, Terminal, Transient

WEB = "/repositories/shop/web"


def flow(place: Place, secret: str = CLIENT_SECRET, redirect: str = "") -> GithubWebFlow:
    github = place.github
    return GithubWebFlow(github.url, github.url, CLIENT_ID, secret, redirect or github.callback)


async def test_a_token_that_ends_is_renewed_once_for_all(visitor: Visitor, place: Place) -> None:
    place.github.tokens_end = 60
    await visitor.sign_in("anna")
    first = next(iter(place.github.tokens))
    place.github.tokens_end = 28800
    answers = await asyncio.gather(*(visitor.client.get(WEB) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(place.github.tokens) == 2
    assert len(place.github.refreshes) == 1
    used = [one.headers["authorization"] for one in place.github.asked if one.path == "/repos/shop/web"]
    assert used
    assert f"Bearer {first}" not in used


async def test_a_refresh_that_is_refused_asks_to_sign_in_again(visitor: Visitor, place: Place) -> None:
    place.github.tokens_end = 60
    await visitor.sign_in("anna")
    place.github.refreshes.clear()
    answer = await visitor.get(WEB)
    assert answer.status_code == 401
    assert "Sign in with GitHub" in answer.text


async def test_a_refresh_that_github_does_not_answer_keeps_the_session(visitor: Visitor, place: Place) -> None:
    place.github.tokens_end = 60
    await visitor.sign_in("anna")
    place.github.failures += [Answer(502, {})] * 2
    assert (await visitor.get(WEB)).status_code == 503
    assert (await visitor.get(WEB)).status_code == 200


async def test_signing_out_while_github_is_away_signs_out(anna: Visitor, place: Place) -> None:
    await anna.get(WEB)
    place.github.failures += [Answer(500, {})] * 4
    assert (await anna.send("/auth/logout")).status_code == 303
    assert (await anna.get(WEB)).status_code == 401


async def test_a_code_is_good_for_its_verifier_and_once(place: Place) -> None:
    with pytest.raises(Refused, match="bad_verification_code"):
        await flow(place).exchange("unknown", "v" * 64)


async def test_a_wrong_secret_is_the_operator_s_mistake_and_is_not_repeated(place: Place) -> None:
    with pytest.raises(Terminal, match="does not know the portal's client") as wrong:
        await flow(place, secret="wr0ng-secret").exchange("code", "v")
    assert "wr0ng-secret" not in f"{wrong.value} {wrong.value.fix}"
    assert "--github-client-id" in (wrong.value.fix or "")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(200, {"error": "redirect_uri_mismatch"}), Terminal),
        (Answer(200, {"error": "something new"}), Refused),
        (Answer(200, ["what"]), Terminal),
        (Answer(200, {}), Terminal),
        (Answer(200, {"access_token": ""}), Terminal),
        (Answer(404, {"message": "Not Found"}), Exception),
    ],
)
async def test_answers_that_hold_no_token(place: Place, answer: Answer, error: type[Exception]) -> None:
    place.github.failures.append(answer)
    with pytest.raises(error):
        await flow(place).exchange("code", "v")


async def test_github_that_is_away_is_an_error_that_passes(place: Place) -> None:
    away = GithubWebFlow("http://127.0.0.1:9", "http://127.0.0.1:9", CLIENT_ID, CLIENT_SECRET, "x")
    with pytest.raises(Transient):
        await away.exchange("code", "v")
    async with away.as_person(UserToken("t")) as github:
        with pytest.raises(Transient):
            await github.me()


async def test_a_token_that_is_none_is_signed_out(place: Place) -> None:
    async with flow(place).as_person(UserToken("unknown")) as github:
        with pytest.raises(SignedOut):
            await github.me()


async def test_revoking_twice_is_fine(place: Place) -> None:
    place.github.tokens["ghu_x"] = "anna"
    for _ in range(2):
        await flow(place).revoke(UserToken("ghu_x"))
    assert place.github.tokens == {}


async def test_an_oauth_app_asks_for_its_scopes(place: Place) -> None:
    github = place.github
    asking = GithubWebFlow(github.url, github.url, CLIENT_ID, CLIENT_SECRET, "x", scopes="repo read:org")
    assert "scope=repo+read%3Aorg" in asking.authorize_url("s", "c")


def test_tokens_are_not_shown() -> None:
    token = UserToken("ghu_secret", "ghr_secret", datetime.now(UTC) + timedelta(hours=1))
    assert "secret" not in repr(token)
    assert "secret" not in repr(replace(token, refresh="x_secret"))
