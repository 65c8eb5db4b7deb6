"""What registries write into WWW-Authenticate, and what is made of it."""

from __future__ import annotations

import pytest

from fairway.adapters.charts.challenges import read_challenge


@pytest.mark.parametrize(
    ("header", "scheme", "parameters"),
    [
        ('Bearer realm="https://a/t",service="s"', "bearer", {"realm": "https://a/t", "service": "s"}),
        ('bearer Realm = "https://a/t", scope=x', "bearer", {"realm": "https://a/t", "scope": "x"}),
        ('BASIC realm="Sonatype, Nexus"', "basic", {"realm": "Sonatype, Nexus"}),
        ('Basic realm="a", Bearer realm="https://a/t"', "bearer", {"realm": "https://a/t"}),
        ('Bearer realm="https://a/t", Basic realm="a"', "bearer", {"realm": "https://a/t"}),
        ('Bearer error="x", Basic realm="a"', "basic", {"realm": "a"}),
        ("Negotiate, Basic realm=x", "basic", {"realm": "x"}),
        ("Basic", "basic", {}),
    ],
)
def test_a_token_is_preferred_to_a_password(header: str, scheme: str, parameters: dict[str, str]) -> None:
    challenge = read_challenge(header, "shop/web")
    assert challenge is not None
    assert (challenge.scheme, challenge.parameters) == (scheme, parameters)


@pytest.mark.parametrize("header", ["", "Negotiate", "Digest realm=x", ","])
def test_what_nobody_here_can_answer_is_none(header: str) -> None:
    assert read_challenge(header, "shop/web") is None


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("repository:shop/web:pull", "repository:shop/api:pull"),
        ("repository:shop/web:metadata_read,pull", "repository:shop/api:metadata_read,pull"),
        ("registry:catalog:*", "repository:shop/api:pull"),
        ("", "repository:shop/api:pull"),
    ],
)
def test_another_repository_wants_the_like_scope(scope: str, expected: str) -> None:
    challenge = read_challenge(f'Bearer realm="https://a/t",scope="{scope}"', "shop/web")
    assert challenge is not None
    assert challenge.scope_for("shop/api") == expected
    assert challenge.scope_for("shop/web") == (scope or "repository:shop/web:pull")
