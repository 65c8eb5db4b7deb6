"""What a check of the login for GitHub says, against GitHub's published description."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.support.forges.app_key import pem, public_pem
from tests.support.forges.github import APP_ID, GithubServer
from tests.support.forges.serving import serving

from fairway.domain.errors import UserError
from fairway.wiring.checks import look_at_github
from fairway.wiring.github_deployments import GithubLogin


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def server(key: rsa.RSAPrivateKey) -> Iterator[GithubServer]:
    with serving(GithubServer(public_key=public_pem(key))) as running:
        assert isinstance(running, GithubServer)
        yield running


async def test_an_app_is_named_as_github_knows_it(server: GithubServer, key: rsa.RSAPrivateKey) -> None:
    found = await look_at_github(GithubLogin(server.api, app_id=APP_ID, private_key=pem(key)))
    assert found.startswith("knows the App as ")


async def test_a_key_of_another_app_is_refused(server: GithubServer) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(UserError):
        await look_at_github(GithubLogin(server.api, app_id=APP_ID, private_key=pem(other)))


async def test_a_token_is_tried_without_doing_anything(server: GithubServer) -> None:
    assert await look_at_github(GithubLogin(server.api, token=server.token)) == "takes the token"
    with pytest.raises(UserError):
        await look_at_github(GithubLogin(server.api, token="wrong"))
    assert {asked.method for asked in server.asked} == {"GET"}


async def test_nobody_is_asked_when_github_is_left_out() -> None:
    assert "told nothing" in await look_at_github(None)
