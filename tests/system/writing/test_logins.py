"""What fairway.yaml says about logging in, against a Git server on loopback that asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.forges.github import APP_ID, GithubServer
from tests.support.forges.serving import serving
from tests.support.git_remotes import QUIET, HttpRemote, Remote, over_http

from fairway.adapters.git.source import GitSource
from fairway.domain.errors import UserError
from fairway.services.configuring import Configured, load_configuration
from fairway.wiring.git import open_remote


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where fairway.yaml is; no repository of its own."""
    found = tmp_path / "settings"
    found.mkdir()
    return found


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    found = Remote(tmp_path / "remote")
    found.publish("Begin")
    return found


def configured(folder: Path, text: str) -> Configured:
    (folder / "fairway.yaml").write_text(text)
    return load_configuration(folder / "environments.yaml")


async def subject(configuration: Configured, clone: Path, env: dict[str, str]) -> str:
    """Of the newest commit that this configuration gets."""
    async with open_remote(configuration, configuration.folder / "environments.yaml", env={**QUIET, **env}) as found:
        return (await GitSource(found.remote, clone, {**QUIET, "PATH": "/usr/bin:/bin", **env}).fetch()).subject


@pytest.fixture
def git(remote: Remote) -> Iterator[HttpRemote]:
    with over_http(remote.folder, lambda user, password: (user, password) == ("oauth2", "t0ken")) as server:
        yield server


async def test_a_token_goes_with_the_name_that_the_forge_expects(git: HttpRemote, folder: Path, tmp_path: Path) -> None:
    text = f"git:\n  url: {git.url}/deploy.git\n  credentials: {{token: {{env: TOKEN}}}}\n  forge: {{kind: gitlab}}\n"
    assert await subject(configured(folder, text), tmp_path / "c", {"TOKEN": "t0ken"}) == "Begin"


async def test_a_name_that_is_written_goes_before_it(git: HttpRemote, folder: Path, tmp_path: Path) -> None:
    text = f"git:\n  url: {git.url}/deploy.git\n  credentials: {{username: oauth2, password: {{file: secret}}}}\n"
    (folder / "secret").write_text("t0ken\n")
    assert await subject(configured(folder, text), tmp_path / "c", {}) == "Begin"


async def test_a_secret_that_is_missing_is_named(git: HttpRemote, folder: Path, tmp_path: Path) -> None:
    text = f"git:\n  url: {git.url}/deploy.git\n  credentials: {{token: {{env: TOKEN}}}}\n"
    with pytest.raises(UserError, match="the variable TOKEN is not set"):
        await subject(configured(folder, text), tmp_path / "c", {})


async def test_tokens_of_a_github_app_open_its_repository(remote: Remote, folder: Path, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "app.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, none))
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    with serving(GithubServer(public_key=public.decode())) as api:
        assert isinstance(api, GithubServer)

        def allowed(user: str, password: str) -> bool:
            return user == "x-access-token" and password in api.installation_tokens

        with over_http(remote.folder, allowed) as git:
            app = f"app: {{id: {APP_ID}, privateKey: {{file: app.pem}}}}"
            forge = f"kind: github, api: {api.api}, repository: shop/deployments, {app}"
            text = f"git:\n  url: {git.url}/deploy.git\n  forge: {{{forge}}}\n"
            assert await subject(configured(folder, text), tmp_path / "c", {}) == "Begin"
        assert len(api.installation_tokens) == 1


async def test_a_path_is_relative_to_the_file_that_names_it(remote: Remote, folder: Path, tmp_path: Path) -> None:
    assert await subject(configured(folder, "git: {url: ../remote/deploy.git}\n"), tmp_path / "c", {}) == "Begin"


async def test_neither_an_address_nor_an_origin_is_said(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no remote repository to write to"):
        await subject(configured(folder, "git: {}\n"), tmp_path / "c", {})
