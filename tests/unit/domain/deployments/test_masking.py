"""What must not reach the ledger or a log."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.deployments.masking import LONGEST, fit_to_keep, mask, mask_command
from fairway.domain.values.secrets import MASK as M

TOKEN = "ghp_" + "a1" * 18
JWT = "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgresql://anna:hunter2@db/ledger", f"postgresql://anna:{M}@db/ledger"),
        ("postgresql://anna:p@ss@db/ledger", f"postgresql://anna:{M}@db/ledger"),
        (f"https://{'x' * 20}@git.example/r", f"https://{M}@git.example/r"),
        ("https://git.example/r", "https://git.example/r"),
        ("ssh://git@git.example/r", "ssh://git@git.example/r"),
        ("panic: DB_PASSWORD=hunter2 is wrong", f"panic: DB_PASSWORD={M} is wrong"),
        ('{"adminPassword": "a b\\" c", "port": 80}', f'{{"adminPassword": {M}, "port": 80}}'),
        ("password: 'two words'", f"password: {M}"),
        ("Authorization: Bearer abc.def", f"Authorization: {M}"),
        ("sent bearer abcdefgh12345", f"sent bearer {M}"),
        (f"pushed with {TOKEN}.", f"pushed with {M}."),
        (f"id {JWT}", f"id {M}"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\nx", f"{M}\nx"),
        ("-----BEGIN PRIVATE KEY-----\nMII", M),
        ("?token=abc&page=2", f"?token={M}&page=2"),
        ("the author: anna", "the author: anna"),
        ("Secret web-tls: 1 key changes", "Secret web-tls: 1 key changes"),
        ('secrets "web" is forbidden', 'secrets "web" is forbidden'),
        ("image shop/web:1.9.1 → shop/web:1.9.2", "image shop/web:1.9.1 → shop/web:1.9.2"),
        ("", ""),
    ],
)
def test_free_text(text: str, masked: str) -> None:
    assert mask(text) == masked


FRAGMENTS = [
    "authorization", ": ", "=", "bearer ", "token", "password", "https://", "user", "@", ":", "/", '"', "'", " ", ",",
    "\\", "x" * 20, TOKEN, JWT, M, "-----BEGIN PRIVATE KEY-----", "&", "}", "\n", "[", "]", ".",
]  # fmt: skip


AROUND = st.lists(st.sampled_from(FRAGMENTS), max_size=8).map("".join)
FORMS = [
    "DB_PASSWORD=hunter2",
    "apiToken: hunter2",
    "https://u:hunter2@h/p",
    '"password": "hunter2"',
    "--secret=hunter2",
]


@given(AROUND, st.sampled_from(FORMS), AROUND)
def test_no_surroundings_bring_a_secret_out(before: str, form: str, after: str) -> None:
    assert "hunter2" not in mask(f"{before} {form} {after}")


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["fairway", "apply", "prod", "-r", "web,api"], "fairway apply prod -r web,api"),
        (["fairway", "x", "--token", "abc", "y"], f"fairway x --token {M} y"),
        (["fairway", "x", "--token=abc"], f"fairway x --token={M}"),
        (["fairway", "x", "--set", "db.password=two words,a=1"], f"fairway x --set db.password={M},a=1"),
        (["fairway", "x", "--set=db.password=abc"], f"fairway x --set=db.password={M}"),
        (["fairway", "x", "it's"], "fairway x 'it'\"'\"'s'"),
        (["fairway", "", "a b"], "fairway '' 'a b'"),
        (["fairway", "x", "--token"], "fairway x --token"),
    ],
)
def test_a_command_line_stays_readable_without_its_secrets(arguments: list[str], shown: str) -> None:
    assert mask_command(arguments) == shown


@given(st.text(alphabet=st.characters(), max_size=300))
def test_what_is_kept_can_be_stored_anywhere(text: str) -> None:
    kept = fit_to_keep(text)
    kept.encode()
    assert "\0" not in kept


def test_half_characters_from_a_command_line_are_replaced() -> None:
    assert fit_to_keep("a\udcffb\0c") == "a?b�c"


def test_of_a_long_text_the_end_is_kept() -> None:
    kept = fit_to_keep("x" * LONGEST + " the cause")
    assert kept.startswith("… x")
    assert kept.endswith(" the cause")
    assert len(kept) == LONGEST + 2
