"""Who asks over the API: proven by a key of the team or a token of the repository, or refused."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.adapters.memory.team_keys import MemoryTeamKeys
from fairway.domain.dispatch.answers import Unacceptable
from fairway.domain.dispatch.requests import RepositoryName
from fairway.domain.dispatch.team_signatures import check_team_signature, read_signature, sign
from fairway.domain.errors import Refused, Transient
from fairway.services.hookd.authenticating import Authenticating, Caller, Credentials, Said

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
BODY = b'{"team":"shop"}'
ORDERS = RepositoryName("Example", "Orders")
DAY = 86400.0


class Judge:
    """Knows the tokens that it is given."""

    def __init__(self, tokens: Mapping[str, Mapping[str, Any]], away: bool = False) -> None:
        self._tokens = tokens
        self._away = away

    async def claims(self, token: str) -> Mapping[str, Any]:
        if self._away:
            raise Transient("the keys at https://issuer.example cannot be had")
        if token not in self._tokens:
            raise Refused("the token is not good: ExpiredSignatureError")
        return self._tokens[token]


class UnreadableKeys(MemoryTeamKeys):
    async def keys(self, team: str) -> list[bytes]:
        raise Transient("the ledger postgresql://db can't be reached")


TOKENS = Judge({"good": {"repository": "example/orders", "actor": "anna"}, "odd": {"repository": 5}, "none": {}})


def made(keys: MemoryTeamKeys, tokens: Judge | None = TOKENS, provision_keys: tuple[bytes, ...] = ()) -> Authenticating:
    return Authenticating(keys, lambda: NOW, tokens=tokens, provision_keys=provision_keys)


@pytest.fixture
def keys() -> MemoryTeamKeys:
    return MemoryTeamKeys(lambda: NOW)


async def refusal(auth: Authenticating, credentials: Credentials, said: Said, signed: bytes = BODY) -> tuple[int, str]:
    with pytest.raises(Unacceptable) as error:
        await auth.caller(credentials, signed, said)
    return error.value.code, error.value.message


class TestTeams:
    async def test_each_of_a_team_s_keys_proves_the_team(self, keys: MemoryTeamKeys) -> None:
        for key in [await keys.rotate("shop", keep_old_for=DAY) for _ in range(3)]:
            found = await made(keys).caller(Credentials(sign(BODY, key)), BODY, Said(SECONDS, "Shop"))
            assert found == Caller(team="shop")

    async def test_another_team_s_key_does_not(self, keys: MemoryTeamKeys) -> None:
        await keys.rotate("shop", keep_old_for=DAY)
        other = await keys.rotate("web", keep_old_for=DAY)
        code, message = await refusal(made(keys), Credentials(sign(BODY, other)), Said(SECONDS, "shop"))
        assert (code, message.startswith("the signature is not good")) == (401, True)

    async def test_a_wrong_key_and_a_team_without_one_are_answered_alike(self, keys: MemoryTeamKeys) -> None:
        await keys.rotate("shop", keep_old_for=DAY)
        wrong = Credentials(sign(BODY, bytes(32)))
        assert await refusal(made(keys), wrong, Said(SECONDS, "shop")) == await refusal(
            made(keys), wrong, Said(SECONDS, "nobody")
        )

    async def test_the_signature_is_over_every_byte_of_the_body(self, keys: MemoryTeamKeys) -> None:
        key = await keys.rotate("shop", keep_old_for=DAY)
        signed = Credentials(sign(BODY, key))
        assert (await refusal(made(keys), signed, Said(SECONDS, "shop"), BODY + b" "))[0] == 401

    async def test_a_revoked_key_is_good_no_longer(self, keys: MemoryTeamKeys) -> None:
        key = await keys.rotate("shop", keep_old_for=DAY)
        await keys.revoke("shop")
        assert (await refusal(made(keys), Credentials(sign(BODY, key)), Said(SECONDS, "shop")))[0] == 401

    @pytest.mark.parametrize("off", [-30, 0, 30])
    async def test_half_a_minute_to_either_side_is_near_enough(self, keys: MemoryTeamKeys, off: int) -> None:
        key = await keys.rotate("shop", keep_old_for=DAY)
        assert await made(keys).caller(Credentials(sign(BODY, key)), BODY, Said(SECONDS + off, "shop"))

    @pytest.mark.parametrize(("off", "where"), [(-31, "in the past"), (31, "in the future"), (10**11, "in the future")])
    async def test_anything_else_is_too_old_or_not_yet(self, keys: MemoryTeamKeys, off: int, where: str) -> None:
        key = await keys.rotate("shop", keep_old_for=DAY)
        assert await refusal(made(keys), Credentials(sign(BODY, key)), Said(SECONDS + off, "shop")) == (
            401,
            f"timestamp is more than 30 seconds {where}; sign the request when it is sent",
        )

    @pytest.mark.parametrize("header", ["x", "0" * 63, "0" * 65, "g" * 64, "sha256=" + "0" * 64, "٠" * 64, "0 " * 32])
    async def test_what_is_no_signature_is_told(self, keys: MemoryTeamKeys, header: str) -> None:
        assert await refusal(made(keys), Credentials(header), Said(SECONDS, "shop")) == (
            401,
            "X-NAIS-Signature is malformed: expected 64 hexadecimal digits",
        )

    async def test_upper_case_digits_are_digits(self, keys: MemoryTeamKeys) -> None:
        key = await keys.rotate("shop", keep_old_for=DAY)
        assert await made(keys).caller(Credentials(sign(BODY, key).upper()), BODY, Said(SECONDS, "shop"))

    async def test_while_keys_cannot_be_read_nobody_gets_in_and_nothing_is_told(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        auth = made(UnreadableKeys(lambda: NOW))
        code, message = await refusal(auth, Credentials("0" * 64), Said(SECONDS, "shop"))
        assert (code, message) == (503, "the team's keys cannot be read now; try again later")
        assert [one.message for one in caplog.records] == ["api.keys_unreadable"]


class TestRepositories:
    async def test_a_token_proves_the_repository_and_brings_its_claims(self, keys: MemoryTeamKeys) -> None:
        found = await made(keys).caller(Credentials(token="good"), BODY, Said(SECONDS, "shop", ORDERS))
        assert (found.repository, found.team, found.claims["actor"]) == ("example/orders", "", "anna")

    async def test_a_token_is_for_no_other_repository(self, keys: MemoryTeamKeys) -> None:
        for other in (RepositoryName("example", "web"), None):
            assert await refusal(made(keys), Credentials(token="good"), Said(SECONDS, "shop", other)) == (
                403,
                "the token is for repository 'example/orders', the request for another one",
            )

    @pytest.mark.parametrize("token", ["odd", "none"])
    async def test_a_token_without_a_repository_is_not_one_of_actions(self, keys: MemoryTeamKeys, token: str) -> None:
        code, message = await refusal(made(keys), Credentials(token=token), Said(SECONDS, "shop", ORDERS))
        assert (code, "names no repository" in message) == (401, True)

    async def test_a_token_that_is_not_good_is_refused_with_the_reason(self, keys: MemoryTeamKeys) -> None:
        assert await refusal(made(keys), Credentials(token="bad"), Said(SECONDS, "shop", ORDERS)) == (
            401,
            "the token is not good: ExpiredSignatureError",
        )

    async def test_an_old_request_is_refused_also_with_a_token(self, keys: MemoryTeamKeys) -> None:
        assert (await refusal(made(keys), Credentials(token="good"), Said(SECONDS - 31, "shop", ORDERS)))[0] == 401

    async def test_while_the_issuer_does_not_answer_the_caller_shall_try_again(self, keys: MemoryTeamKeys) -> None:
        away = made(keys, Judge({}, away=True))
        code, message = await refusal(away, Credentials(token="good"), Said(SECONDS, "shop", ORDERS))
        assert (code, "issuer.example" in message) == (503, False)

    async def test_where_no_issuer_is_configured_no_token_is_taken(self, keys: MemoryTeamKeys) -> None:
        assert await refusal(made(keys, None), Credentials(token="good"), Said(SECONDS, "shop", ORDERS)) == (
            401,
            "tokens are not taken here; this needs X-NAIS-Signature",
        )


async def test_without_credentials_it_is_said_what_is_needed(keys: MemoryTeamKeys) -> None:
    assert await refusal(made(keys), Credentials(), Said(SECONDS, "shop")) == (
        401,
        "this needs X-NAIS-Signature or a bearer token of GitHub Actions",
    )


async def test_two_ways_at_once_are_refused(keys: MemoryTeamKeys) -> None:
    assert (await refusal(made(keys), Credentials("0" * 64, "good"), Said(SECONDS, "shop", ORDERS)))[0] == 401


class TestProvisioning:
    KEYS = (b"new provision key", b"old provision key")

    def test_each_provision_key_may(self, keys: MemoryTeamKeys) -> None:
        for key in self.KEYS:
            made(keys, None, self.KEYS).provisioner(Credentials(sign(BODY, key)), BODY, Said(SECONDS))

    async def test_a_team_s_own_key_may_not(self, keys: MemoryTeamKeys) -> None:
        key = await keys.rotate("shop", keep_old_for=DAY)
        with pytest.raises(Unacceptable) as error:
            made(keys, None, self.KEYS).provisioner(Credentials(sign(BODY, key)), BODY, Said(SECONDS, "shop"))
        assert error.value.code == 401

    @pytest.mark.parametrize("credentials", [Credentials(), Credentials(token="good")])
    def test_a_token_or_nothing_may_not(self, keys: MemoryTeamKeys, credentials: Credentials) -> None:
        with pytest.raises(Unacceptable, match="made with the provision key"):
            made(keys, TOKENS, self.KEYS).provisioner(credentials, BODY, Said(SECONDS))

    def test_an_old_one_may_not(self, keys: MemoryTeamKeys) -> None:
        with pytest.raises(Unacceptable, match="more than 30 seconds in the past"):
            made(keys, None, self.KEYS).provisioner(Credentials(sign(BODY, self.KEYS[0])), BODY, Said(SECONDS - 31))

    def test_without_a_provision_key_nobody_may(self, keys: MemoryTeamKeys) -> None:
        nobody = made(keys)
        assert not nobody.provisions
        with pytest.raises(Unacceptable):
            nobody.provisioner(Credentials(sign(BODY, bytes(32))), BODY, Said(SECONDS))


def test_credentials_and_claims_are_not_shown() -> None:
    caller = Caller(repository="a/b", claims={"jti": "s3cret"})
    assert "s3cret" not in repr([Credentials("s3cret", "s3cret"), caller])


@given(body=st.binary(max_size=50), key=st.binary(min_size=1, max_size=40), others=st.lists(st.binary(max_size=40)))
def test_a_key_verifies_what_it_signed_wherever_it_stands_among_others(
    body: bytes, key: bytes, others: list[bytes]
) -> None:
    check_team_signature(body, read_signature(sign(body, key)), [*others, key, *others])


@given(body=st.binary(max_size=50), signature=st.binary(min_size=32, max_size=32))
def test_no_keys_verify_nothing(body: bytes, signature: bytes) -> None:
    for attempt in (signature, bytes.fromhex(sign(body, bytes(32)))):
        with pytest.raises(Unacceptable):
            check_team_signature(body, attempt, [])


def test_refusals_are_not_logged_with_what_was_sent(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(Unacceptable):
        read_signature("hunter2")
    assert "hunter2" not in caplog.text
