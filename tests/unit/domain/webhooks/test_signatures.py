"""Only who knows a secret is believed to be who he says."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.webhooks.delivery import Delivery
from fairway.domain.webhooks.signatures import has_token, is_signed, is_token

AT = datetime(2026, 11, 21, tzinfo=UTC)
SECRETS = st.text(min_size=1, max_size=30)


def signature(body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_github_s_own_example_is_signed() -> None:
    """From "Validating webhook deliveries" of GitHub's manual."""
    header = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert is_signed(b"Hello, World!", header, ["It's a Secret to Everybody"])


@given(body=st.binary(), secrets=st.lists(SECRETS, min_size=1, max_size=4), data=st.data())
def test_any_of_several_secrets_will_do(body: bytes, secrets: list[str], data: st.DataObject) -> None:
    secret = data.draw(st.sampled_from(secrets))
    header = data.draw(st.sampled_from(["", "sha256="])) + signature(body, secret)
    assert is_signed(body, header, secrets)
    assert is_token(secret, secrets)


@given(body=st.binary(), secret=SECRETS, other=SECRETS, more=st.binary(min_size=1))
def test_another_secret_or_another_body_will_not(body: bytes, secret: str, other: str, more: bytes) -> None:
    assert not is_signed(body + more, signature(body, secret), [secret])
    if other != secret:
        assert not is_signed(body, signature(body, other), [secret])
        assert not is_token(other, [secret])


@given(text=st.text(), secret=SECRETS)
def test_any_text_may_stand_where_a_signature_should(text: str, secret: str) -> None:
    assert not is_signed(b"body", text, [secret])


@pytest.mark.parametrize("given", ["", "sha256=", "x"])
def test_an_empty_secret_matches_nothing(given: str) -> None:
    assert not is_signed(b"", given, [""])
    assert not is_signed(b"", signature(b"", ""), ["", ""])
    assert not is_signed(b"", signature(b"", ""), [])
    assert not is_token(given, [""])
    assert not is_token("", ["secret", ""])


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"authorization": "Bearer s3cret"}, {}),
        ({"authorization": "bearer  s3cret "}, {}),
        ({"authorization": "s3cret"}, {}),
        ({"authorization": "Basic " + base64.b64encode(b"anyone:s3cret").decode()}, {}),
        ({"x-gitlab-token": "s3cret"}, {}),
        ({}, {"token": "s3cret"}),
        ({"authorization": "Bearer wrong"}, {"token": "s3cret"}),
    ],
)
def test_a_token_is_found_wherever_senders_can_put_one(headers: dict[str, str], query: dict[str, str]) -> None:
    assert has_token(Delivery(headers, b"", AT, query), ["other", "s3cret"])


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, {}),
        ({"authorization": ""}, {"token": ""}),
        ({"authorization": "Bearer"}, {}),
        ({"authorization": "Basic %%%"}, {}),
        ({"authorization": "Basic " + base64.b64encode(b"s3cret").decode()}, {}),
        ({"authorization": "Basic s3cret"}, {}),
        ({"x-hub-signature-256": "s3cret"}, {"Token": "s3cret"}),
    ],
)
def test_elsewhere_it_is_none(headers: dict[str, str], query: dict[str, str]) -> None:
    assert not has_token(Delivery(headers, b"", AT, query), ["s3cret"])
