"""The forge that a repository lives on, with its login.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fairway.domain.errors import UserError
from fairway.settings import process_environment

if TYPE_CHECKING:
    from fairway.adapters.forges.api import Api, Login, Patience
    from fairway.domain.forges.addresses import ForgeAddress, ForgeKind
    from fairway.domain.forges.pipelines import Pipeline
    from fairway.services.configuring import Configured
    from fairway.services.forges.ports import Forge


@dataclass(frozen=True, slots=True)
class ForgeLogin:
    """A token (for Bitbucket also `user:password`), or a GitHub App."""

    token: str = field(default="", repr=False)
    app_id: int = 0
    private_key: str = field(default="", repr=False)
    installation: int | None = None


@asynccontextmanager
async def open_forge(
    configured: Configured, url: str, *, env: Mapping[str, str] | None = None, patience: Patience | None = None
) -> AsyncIterator[Forge]:
    """The forge of the clone address `url`, by its host or by `git.forge`, for as long as the block lasts.

    Raises UserError when the forge cannot be told, or no login is configured.
    """
    from fairway.domain.forges.addresses import forge_address

    written = configured.configuration.git.forge
    address = forge_address(
        url,
        kind=written.kind if written else None,
        api=written.api if written else None,
        repository=written.repository if written else None,
    )
    login = configured_login(configured, process_environment() if env is None else env)
    if login is None:
        fix = "name a token in fairway.yaml: git: {forge: {token: {env: FORGE_TOKEN}}}"
        raise UserError(f"there is no login for {address.web or address.api}", fix=fix)
    async with forge_at(address, login, patience=patience) as forge:
        yield forge


def configured_login(configured: Configured, env: Mapping[str, str]) -> ForgeLogin | None:
    """The login that fairway.yaml names: the App, the forge's token, or that of the clone."""
    git = configured.configuration.git
    if git.forge and git.forge.app:
        app = git.forge.app
        return ForgeLogin(
            app_id=app.id, private_key=configured.secret(app.private_key, env), installation=app.installation
        )
    if git.forge and git.forge.token:
        return ForgeLogin(configured.secret(git.forge.token, env))
    if git.credentials and git.credentials.token:
        return ForgeLogin(configured.secret(git.credentials.token, env))
    return None


@asynccontextmanager
async def forge_at(
    address: ForgeAddress, login: ForgeLogin, *, patience: Patience | None = None
) -> AsyncIterator[Forge]:
    """The forge at a known address."""
    from fairway.domain.forges.addresses import ForgeKind

    if address.kind is ForgeKind.GITHUB:
        async with _github(address, login, patience) as forge:
            yield forge
        return
    if login.app_id:
        raise UserError(f"git.forge.app is for GitHub, and this is {address.kind}", fix="name a token instead")
    from fairway.adapters.forges.api import Api, Patience, token_login

    name = address.kind.value.capitalize()
    authorization = _authorization(address.kind, login.token)
    api = Api(name, address.api, token_login({"Authorization": authorization}), patience=patience or Patience())
    try:
        yield _forge(api, address)
    finally:
        await api.aclose()


def _forge(api: Api, address: ForgeAddress) -> Forge:
    from fairway.adapters.forges.bitbucket import BitbucketForge
    from fairway.adapters.forges.gitea import GiteaForge
    from fairway.adapters.forges.gitlab import GitlabForge
    from fairway.domain.forges.addresses import ForgeKind

    if address.kind is ForgeKind.GITLAB:
        return GitlabForge(api, address.repository, address.web)
    if address.kind is ForgeKind.GITEA:
        return GiteaForge(api, address.repository, address.web)
    return BitbucketForge(api, address.repository, address.web)


def _authorization(kind: ForgeKind, token: str) -> str:
    """Gitea has its own word; at Bitbucket `user:password` is an API token with its owner's address."""
    import base64

    if kind.value == "gitea":
        return f"token {token}"
    if kind.value == "bitbucket" and ":" in token:
        return f"Basic {base64.b64encode(token.encode()).decode()}"
    return f"Bearer {token}"


@asynccontextmanager
async def _github(address: ForgeAddress, login: ForgeLogin, patience: Patience | None) -> AsyncIterator[Forge]:
    from fairway.adapters.forges.api import Api, Patience, token_login
    from fairway.adapters.forges.github import GithubForge, github_headers
    from fairway.adapters.forges.github.app import App, Installations

    patience = patience or Patience()
    app: Installations | None = None
    way: Login = token_login({"Authorization": f"Bearer {login.token}"})
    if login.app_id:
        known = App(address.api, github_headers(), login.app_id, login.private_key, patience=patience)
        app = Installations(known, login.installation)
        way = app.login(address.repository)
    api = Api("GitHub", address.api, way, headers=github_headers(), patience=patience)
    # Tokens of installations begin so, that of GitHub Actions among them; only they may make check runs.
    check_runs = app is not None or login.token.startswith("ghs_")
    try:
        yield GithubForge(api, address.repository, address.web, check_runs=check_runs)
    finally:
        await api.aclose()
        if app is not None:
            await app.aclose()


def running_pipeline(env: Mapping[str, str] | None = None) -> Pipeline | None:
    """The pipeline that this process runs in, with its pull request; None outside of those that are known."""
    import json
    from pathlib import Path

    from fairway.domain.forges.pipelines import detect_pipeline, event_file

    env = process_environment() if env is None else env
    event: object = None
    if path := event_file(env):
        try:
            event = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UserError(f"the event in {path} cannot be read: {error}", fix="name --pull-request") from error
    return detect_pipeline(env, event if isinstance(event, dict) else None)
