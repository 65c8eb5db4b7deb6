"""No secret is shown, and nothing else is hidden."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.manifests.masking import MASK, Masker, is_secret
from fairway.domain.manifests.objects import Object


@pytest.mark.parametrize(
    ("obj", "secret"),
    [
        ({"apiVersion": "v1", "kind": "Secret"}, True),
        ({"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret"}, False),
        ({"apiVersion": "example.com/v1", "kind": "Secret"}, False),
        ({"kind": "ConfigMap", "metadata": {"annotations": {"fairway.dev/sensitive": "true"}}}, True),
        ({"kind": "ConfigMap", "metadata": {"annotations": None}}, False),
        (None, False),
    ],
)
def test_secret_objects_are_known(obj: Object | None, secret: bool) -> None:
    assert is_secret(obj) is secret


@pytest.mark.parametrize(
    ("secrets", "text", "shown"),
    [
        (["s3cret!"], "postgres://u:s3cret!@db", "postgres://u:(masked)@db"),
        (["s3cret", "s3cret-longer"], "x s3cret-longer y", "x (masked) y"),
        (["abc"], "abc", MASK),
        (["abc"], "abcdef", "abcdef"),
        ([""], "text", "text"),
        ([], "text", "text"),
        (["pass.*word"], "password pass.*word", "password (masked)"),
        (["hunter22\n"], "is hunter22 now", "is (masked) now"),
    ],
)
def test_known_secrets_are_replaced(secrets: list[str], text: str, shown: str) -> None:
    assert Masker(secrets).text(text) == shown


def test_the_base64_form_is_masked_too() -> None:
    assert Masker(["s3cret!"]).text(b64encode(b"s3cret!").decode()) == MASK


def test_lines_of_a_long_secret_are_masked_when_it_is_indented() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\nshort\n-----END KEY-----\n"
    shown = Masker([key]).text("tls: |\n  -----BEGIN KEY-----\n  MIIEvQIBADANBgkqhkiG9w0BAQ\n")
    assert "MIIEvQ" not in shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"a": ["s3cret", {"b": "xs3cret"}]}, {"a": [MASK, {"b": f"x{MASK}"}]}),
        ({"s3cret": 1}, {MASK: 1}),
        (12345, MASK),
        ([True, None, 1.5], [True, None, 1.5]),
    ],
)
def test_values_are_masked_to_their_depths(value: Any, shown: Any) -> None:
    assert Masker(["s3cret", "12345"]).value(value) == shown


@given(st.text(min_size=4), st.text(), st.text())
def test_a_secret_of_four_characters_never_survives_in_a_text(secret: str, before: str, after: str) -> None:
    shown = Masker([secret]).text(before + secret + after)
    assert secret in MASK or secret not in shown.replace(MASK, "\0")


@given(st.text())
def test_without_secrets_every_text_stays(text: str) -> None:
    assert Masker().text(text) == text
