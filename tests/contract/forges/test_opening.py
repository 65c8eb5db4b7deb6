"""A forge opened as the product opens it: by fairway.yaml and the address of the clone."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.contract.forges.conftest import PATIENCE
from tests.support.forges.bitbucket import BitbucketServer
from tests.support.forges.gitea import GiteaServer
from tests.support.forges.github import GithubServer
from tests.support.forges.gitlab import GitlabServer
from tests.support.forges.serving import ForgeServer, serving

from fairway.domain.errors import UserError
from fairway.services.configuring import Configured, load_configuration
from fairway.wiring import open_forge

SERVERS: dict[str, type[ForgeServer]] = {
    "github": GithubServer,
    "gitlab": GitlabServer,
    "gitea": GiteaServer,
    "forgejo": GiteaServer,
    "bitbucket": BitbucketServer,
}


def configured(folder: Path, text: str) -> Configured:
    (folder / "fairway.yaml").write_text(text, encoding="utf-8")
    return load_configuration(folder / "environments.yaml")


@pytest.mark.parametrize("kind", SERVERS)
async def test_each_kind_logs_in_with_its_token(kind: str, tmp_path: Path) -> None:
    with serving(SERVERS[kind]()) as server:
        found = configured(tmp_path, f"git: {{forge: {{kind: {kind}, api: '{server.api}', token: {{env: T}}}}}}")
        url = f"git@code.example:{server.world.path}.git"
        async with open_forge(found, url, env={"T": server.token}, patience=PATIENCE) as forge:
            assert await forge.open_requests("") == []
            assert forge.commit_url("abc").startswith(f"https://code.example/{server.world.path}/")
        async with open_forge(found, url, env={"T": "wrong"}, patience=PATIENCE) as forge:
            with pytest.raises(UserError, match="refused the login"):
                await forge.open_requests("")


async def test_the_token_of_the_clone_is_the_default(tmp_path: Path) -> None:
    with serving(GithubServer()) as server:
        text = f"git: {{credentials: {{token: {{env: T}}}}, forge: {{kind: github, api: '{server.api}'}}}}"
        env = {"T": server.token}
        async with open_forge(configured(tmp_path, text), "git@x.example:o/r", env=env, patience=PATIENCE) as forge:
            assert await forge.open_requests("") == []


async def test_without_a_login_the_place_for_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no login for https://github.com") as caught:
        async with open_forge(configured(tmp_path, ""), "https://github.com/o/r", env={}):
            pass
    assert "git: {forge: {token:" in (caught.value.fix or "")


async def test_an_app_is_for_github_alone(tmp_path: Path) -> None:
    text = "git: {forge: {app: {id: 1, private_key: {env: K}}}}".replace("private_key", "privateKey")
    with pytest.raises(UserError, match="this is gitlab"):
        async with open_forge(configured(tmp_path, text), "https://gitlab.com/o/r", env={"K": "x"}):
            pass
