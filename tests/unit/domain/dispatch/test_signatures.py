"""Signatures of webhooks: whoever does not know a secret is turned away, and told what was wrong with the form only."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.dispatch.answers import Unacceptable
from fairway.domain.dispatch.signatures import check_signature, signature_of

BODY = b'{"deployment": {}}'
SHA1 = "sha1=" + hmac.new(b"old", BODY, hashlib.sha1).hexdigest()
SHA256 = "sha256=" + hmac.new(b"new", BODY, hashlib.sha256).hexdigest()
SECRETS = ("new", "old")


def refusal(**headers: str) -> str:
    with pytest.raises(Unacceptable) as refused:
        check_signature(BODY, SECRETS, **headers)
    assert refused.value.code == 403
    assert not refused.value.is_told
    return refused.value.message


@pytest.mark.parametrize("headers", [{"sha256": SHA256}, {"sha1": SHA1}, {"sha256": SHA256.replace("a", "A")}])
def test_each_secret_and_both_algorithms_are_good(headers: dict[str, str]) -> None:
    headers = {name: value.replace("shA", "sha") for name, value in headers.items()}
    check_signature(BODY, SECRETS, **headers)


def test_what_githubs_documentation_gives_as_an_example_is_good() -> None:
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    check_signature(b"Hello, World!", ["It's a Secret to Everybody"], sha256=signature)


def test_the_stronger_one_counts_where_both_are_there() -> None:
    wrong = "sha256=" + "0" * 64
    assert refusal(sha256=wrong, sha1=SHA1) == "payload signature check failed"
    check_signature(BODY, SECRETS, sha256=SHA256, sha1="sha1=" + "0" * 40)


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({}, "missing signature"),
        ({"sha256": "", "sha1": "  "}, "missing signature"),
        (
            {"sha256": "0" * 64},
            "malformed signature: there is no algorithm before it; expected sha256=<64 hex digits>",
        ),
        ({"sha1": "0" * 40}, "malformed signature: there is no algorithm before it; expected sha1=<40 hex digits>"),
        ({"sha256": "md5=" + "0" * 32}, "malformed signature: unknown algorithm 'md5'; known: sha256"),
        ({"sha256": SHA1}, "malformed signature: unknown algorithm 'sha1'; known: sha256"),
        ({"sha1": "SHA1=" + "0" * 40}, "malformed signature: unknown algorithm 'SHA1'; known: sha1, sha256"),
        ({"sha256": "sha256=" + "x" * 64}, "malformed signature: it is not hexadecimal"),
        ({"sha256": "sha256=" + "0 " * 32}, "malformed signature: it is not hexadecimal"),
        ({"sha256": "sha256=" + "é" * 64}, "malformed signature: it is not hexadecimal"),
        ({"sha256": "sha256=" + "0" * 40}, "malformed signature: sha256 has 64 hex digits, this has 40"),
        ({"sha1": "sha1="}, "malformed signature: sha1 has 40 hex digits, this has 0"),
        ({"sha256": "sha256=" + "0" * 64}, "payload signature check failed"),
        ({"sha1": "sha1=" + "0" * 40}, "payload signature check failed"),
    ],
)
def test_what_is_wrong_with_a_signature_is_said(headers: dict[str, str], text: str) -> None:
    assert refusal(**headers) == text


def test_an_empty_secret_opens_nothing() -> None:
    for secrets in ([""], []):
        with pytest.raises(Unacceptable, match="payload signature check failed"):
            check_signature(BODY, secrets, sha256=signature_of(BODY, ""))


@given(st.binary(max_size=300), st.text(max_size=20), st.text(max_size=20), st.sampled_from(["sha1", "sha256"]))
def test_only_who_knows_the_secret_can_sign(body: bytes, secret: str, other: str, algorithm: str) -> None:
    secret = secret.encode(errors="replace").decode() + "!"
    signature = signature_of(body, secret, algorithm)
    check_signature(body, ["unused", secret], **{algorithm: signature})
    with pytest.raises(Unacceptable):
        check_signature(body + b" ", [secret], **{algorithm: signature})
    with pytest.raises(Unacceptable):
        check_signature(body, [secret + "?"], **{algorithm: signature})


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_header_leads_to_anything_but_an_answer(sha256: str, sha1: str) -> None:
    with pytest.raises(Unacceptable):
        check_signature(BODY, SECRETS, sha256=sha256, sha1=sha1)
