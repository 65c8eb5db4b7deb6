"""What is masked, and that masks tell nothing."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.values.secrets import MASK, NotRead, SecretRegister, is_wordlike, looks_secret, mask, secret_leaves

SECRET = """
    password adminPassword DB_PASSWORD postgres-password passwd rootPassword smtpPassword passphrase
    token authToken GITHUB_TOKEN secret clientSecret credentials connectionString
    apiKey API_KEY api-key apikey privateKey accessKey secretAccessKey encryptionKey
"""
NOT_SECRET = """
    tag key keys monkey host primaryKey sessionAffinity --- imagePullSecrets imagePullSecret tlsSecret secretName
    existingSecret secretRef passwordKey existingSecretPasswordKey tokenExpiration passwordPolicy
"""


@pytest.mark.parametrize("key", SECRET.split())
def test_keys_that_look_secret(key: str) -> None:
    assert looks_secret(key)


@pytest.mark.parametrize("key", NOT_SECRET.split())
def test_keys_that_do_not(key: str) -> None:
    assert not looks_secret(key)


@pytest.mark.parametrize(
    ("values", "masked"),
    [
        ({"password": "hunter2"}, {"password": MASK}),
        ({"a": {"apiKey": 1234}}, {"a": {"apiKey": MASK}}),
        ({"token": ""}, {"token": ""}),
        ({"token": None, "automountServiceAccountToken": True}, {"token": None, "automountServiceAccountToken": True}),
        ({"tokens": ["a"], "token": ["x", "y"]}, {"tokens": ["a"], "token": [MASK, MASK]}),
        ({"secret": {"name": "web-tls"}}, {"secret": {"name": "web-tls"}}),
        ({"secrets": {"DB": "x", "n": {"m": 5}}}, {"secrets": {"DB": MASK, "n": {"m": MASK}}}),
        ({"stringData": {"a": "x"}}, {"stringData": {"a": MASK}}),
        ({"imagePullSecrets": [{"name": "pull"}]}, {"imagePullSecrets": [{"name": "pull"}]}),
        ({"url": "postgres://app:hunter2@db/x"}, {"url": MASK}),
        ({"url": "https://example.com/a:b@c"}, {"url": "https://example.com/a:b@c"}),
        ({"url": "https://user@example.com"}, {"url": "https://user@example.com"}),
        ({"x": "-----BEGIN RSA PRIVATE KEY-----\nabc"}, {"x": MASK}),
        ({"x": "-----BEGIN CERTIFICATE-----\nabc"}, {"x": "-----BEGIN CERTIFICATE-----\nabc"}),
        ({"env": [{"name": "A", "password": "p"}]}, {"env": [{"name": "A", "password": MASK}]}),
    ],
)
def test_secrets_are_masked_by_key_and_by_look(values: dict[str, Any], masked: dict[str, Any]) -> None:
    assert mask(values) == masked


def test_secrets_are_masked_by_path() -> None:
    values = {"a": {"b": "x", "c": ["y", {"d": 1}]}, "e": "z"}
    assert mask(values, {("a", "c")}) == {"a": {"b": "x", "c": [MASK, {"d": MASK}]}, "e": "z"}
    assert mask(values, {("a", "c", 1)}) == {"a": {"b": "x", "c": ["y", {"d": MASK}]}, "e": "z"}
    assert mask("x", {()}) == MASK


def test_what_was_not_read_says_so_under_any_key() -> None:
    text = NotRead("(from secret shop/db:password not read offline)")
    assert mask({"password": text}) == {"password": text}


def test_values_without_secrets_are_given_back_as_they_are() -> None:
    values = {"a": {"b": [1, 2]}}
    assert mask(values) is values


trees = st.recursive(
    st.one_of(st.text(max_size=8), st.integers(), st.booleans(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["a", "password", "secrets", "token", "host"]), inner, max_size=3),
    ),
    max_leaves=12,
)


@given(trees)
def test_masking_hides_exactly_the_secret_leaves_and_nothing_is_left_to_mask(values: Any) -> None:
    masked = mask(values)
    assert all(leaf == MASK for _, leaf in secret_leaves(masked))
    assert [path for path, _ in secret_leaves(masked)] == [path for path, _ in secret_leaves(values)]


@given(st.text(min_size=1), st.text(min_size=1))
def test_masks_of_different_secrets_are_equal(one: str, other: str) -> None:
    assert mask({"password": one}) == mask({"password": other})


def register(*secrets: Any) -> SecretRegister:
    known = SecretRegister()
    for secret in secrets:
        known.add(secret)
    return known


def test_a_known_secret_is_masked_in_every_form() -> None:
    secret = 'p"ss\\wörd'
    known = register(secret)
    encoded = base64.b64encode(secret.encode()).decode()
    for form in (secret, encoded, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        assert known.mask(f"before {form} after") == f"before {MASK} after"
    with_newline = base64.b64encode(f"{secret}\n".encode()).decode()
    assert known.mask(f"data: {with_newline}") == f"data: {MASK}"


def test_lines_of_a_long_secret_are_masked_one_by_one() -> None:
    known = register("-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n")
    assert known.mask("  MIIEvQIBADANBg\n  kqhkiG9w0BAQEF") == f"  {MASK}\n  {MASK}"


@pytest.mark.parametrize("secret", ["", "a", "abc", "   x", None, True, False])
def test_what_is_too_short_to_search_for_is_not_registered(secret: Any) -> None:
    known = register(secret)
    assert len(known) == 0
    assert known.mask("abc a x True") == "abc a x True"


def test_the_longer_of_two_secrets_is_masked_whole() -> None:
    assert register("hunter2", "hunter2hunter3").mask("hunter2hunter3 hunter2") == f"{MASK} {MASK}"


def test_numbers_are_masked_where_they_stand() -> None:
    known = register(12345678)
    assert known.mask_tree({"a": 12345678, "b": 1, "c": ["id 12345678"]}) == {"a": MASK, "b": 1, "c": [f"id {MASK}"]}


def test_a_register_learns_from_values() -> None:
    known = SecretRegister()
    known.add_values({"db": {"password": "hunter22"}, "x": "visible"}, {("x",)})
    assert known.mask("hunter22 visible") == f"{MASK} {MASK}"


def test_what_is_secret_now_was_secret_in_an_earlier_revision() -> None:
    known = SecretRegister()
    known.add_values({"x": {"y": "n3w-value"}, "apiKey": "n3w-key"}, {("x", "y")})
    earlier = {"x": {"y": "0ld-value"}, "apiKey": "0ld-key1", "tag": "1.0"}
    assert known.mask_values(earlier) == {"x": {"y": MASK}, "apiKey": MASK, "tag": "1.0"}
    known.add_earlier_values(earlier)
    assert known.mask("0ld-value 0ld-key1 1.0") == f"{MASK} {MASK} 1.0"


def test_an_object_is_masked_but_its_keys_stay() -> None:
    known = register("hunter2hunter2")
    obj = {"kind": "Secret", "data": {"hunter2hunter2": base64.b64encode(b"hunter2hunter2").decode()}}
    assert known.mask_tree(obj) == {"kind": "Secret", "data": {"hunter2hunter2": MASK}}


@pytest.mark.parametrize(
    ("secret", "text", "masked"),
    [
        ("postgres", "image: postgres:15, user postgres", f"image: {MASK}:15, user {MASK}"),
        ("postgres", "postgresql my-postgres postgres_1", "postgresql my-postgres postgres_1"),
        ("hunter2", "postgres://app:hunter2@db", f"postgres://app:{MASK}@db"),
        ("hunter2", "xhunter2x", "xhunter2x"),
        ("hunter2hunter2", "xhunter2hunter2x", f"x{MASK}x"),
        ("correct-horse", "a correct-horse-battery", "a correct-horse-battery"),
        ("correct-Horse", "a correct-Horse-battery", f"a {MASK}-battery"),
    ],
)
def test_what_could_be_a_word_is_masked_only_where_it_stands_alone(secret: str, text: str, masked: str) -> None:
    assert register(secret).mask(text) == masked


def test_a_word_that_only_its_key_makes_secret_is_not_searched_for() -> None:
    known = SecretRegister()
    known.add_values({"password": "postgres", "token": "r4nd0m-enough", "a": {"b": "default"}}, {("a",)})
    assert known.mask("postgres r4nd0m-enough default") == f"postgres {MASK} {MASK}"


words = st.text(min_size=4, max_size=12).filter(lambda text: len(text.strip()) >= 4)
strong = words.filter(lambda text: not is_wordlike(text))


@given(st.lists(strong, max_size=4), st.text())
def test_no_strong_secret_survives(secrets: list[str], around: str) -> None:
    masked = register(*secrets).mask(around + around.join(secrets))
    assert not any(secret in rest for rest in masked.split(MASK) for secret in secrets)


@given(words, st.sampled_from([" ", '"', ":", "\n", "=", ""]))
def test_no_secret_survives_alone(secret: str, around: str) -> None:
    assert register(secret).mask(f"{around}{secret}{around}") == f"{around}{MASK}{around}"
