"""Whether a team is still one of the repository, asked of GitHub with a token and as an App."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.support.forges.github_portal import APP_ID, PortalGithub, shop
from tests.support.forges.serving import Answer, serving

from fairway.domain.errors import Transient, UserError
from fairway.services.access.options import AccessOptions
from fairway.settings import Settings, load_settings
from fairway.wiring.access import Access, deciding_access, open_access
from fairway.wiring.github_deployments import GithubLogin

OPTIONS = AccessOptions(enforce_membership=True, access_cache_seconds=0)


@pytest.fixture
def github() -> PortalGithub:
    server = shop(PortalGithub())
    server.tokens["token"] = "anna"
    return server


@pytest.fixture
async def access(tmp_path: Path) -> AsyncIterator[Access]:
    settings: Settings = load_settings({"FAIRWAY_LEDGER_URL": "none", "FAIRWAY_DATA_DIR": str(tmp_path)})
    async with open_access(settings, OPTIONS) as opened:
        await opened.store.write("shop/web", ["web", "gone"], expected=None)
        yield opened


async def test_a_team_that_lost_the_repository_may_not_deploy(github: PortalGithub, access: Access) -> None:
    with serving(github):
        async with deciding_access(OPTIONS, access, GithubLogin(github.api, "token")) as deciding:
            assert await deciding.teams("shop/web") == {"web"}
            assert await deciding.teams("shop/other") is None


async def test_as_an_app_it_is_asked_with_the_owner_s_installation(github: PortalGithub, access: Access) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    github.public_key = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    await access.store.write("bank/till", ["web"], expected=None)
    with serving(github):
        login = GithubLogin(github.api, app_id=APP_ID, private_key=secret)
        async with deciding_access(OPTIONS, access, login) as deciding:
            assert await deciding.teams("shop/web") == {"web"}
            with pytest.raises(UserError, match="not installed for bank/till"):
                await deciding.teams("bank/till")
    assert github.count("POST", "/access_tokens") == 1


async def test_without_the_option_registrations_decide_alone(github: PortalGithub, access: Access) -> None:
    options = replace(OPTIONS, enforce_membership=False)
    async with deciding_access(options, access, None) as deciding:
        assert await deciding.teams("shop/web") == {"web", "gone"}


async def test_github_that_is_away_is_told_and_lets_nobody_through(github: PortalGithub, access: Access) -> None:
    github.failures += [Answer(502, {})] * 2
    with serving(github):
        async with deciding_access(OPTIONS, access, GithubLogin(github.api, "token")) as deciding:
            with pytest.raises(Transient):
                await deciding.teams("shop/web")
            assert await deciding.teams("shop/web") == {"web"}


async def test_a_repository_that_is_gone_has_no_teams(github: PortalGithub, access: Access) -> None:
    github.repos["shop/web"].admins.clear()
    with serving(github):
        async with deciding_access(OPTIONS, access, GithubLogin(github.api, "token")) as deciding:
            assert await deciding.teams("shop/web") == frozenset()


async def test_it_cannot_be_asked_without_a_login(access: Access) -> None:
    for login in (None, GithubLogin()):
        with pytest.raises(UserError, match="--enforce-membership"):
            async with deciding_access(OPTIONS, access, login):
                pass
