"""The flags of the API for CI."""

from __future__ import annotations

import pytest
from tests.support.flags import Trial

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.flags.tables.api import API, GITHUB_ACTIONS, ApiAccess, api_access

KEY = "ab" * 32
given = Trial(API)


def access(*words: str, base_url: str = "") -> ApiAccess:
    return api_access(given(*words), base_url)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    given.forget_variables(monkeypatch)


def test_tokens_are_taken_that_are_made_for_this_server() -> None:
    assert access(base_url="https://deploy.example.com").audience == "https://deploy.example.com"
    assert access("--github-actions-audience=fairway", base_url="https://deploy.example.com").audience == "fairway"
    assert access() == ApiAccess()


def test_keys_are_asked_of_the_issuer() -> None:
    assert access().published_keys == f"{GITHUB_ACTIONS}/.well-known/jwks"
    enterprise = access("--github-actions-issuer=https://ghe.example.com/_services/token/")
    assert enterprise.published_keys == "https://ghe.example.com/_services/token/.well-known/jwks"


def test_it_can_be_left_out() -> None:
    assert not access("--api-enabled=false").enabled


def test_several_provision_keys_are_good_at_once() -> None:
    assert access(f"--provision-key={KEY},{'cd' * 16}").provision_keys == (b"\xab" * 32, b"\xcd" * 16)


@pytest.mark.parametrize("text", ["hush", "abcd", "zz" * 32])
def test_what_is_no_key_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(UserError, match="at least 32 hex digits") as caught:
        access(f"--provision-key={text}")
    assert text not in f"{caught.value}{caught.value.fix}"
