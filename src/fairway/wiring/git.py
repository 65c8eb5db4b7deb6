"""The deployments repository as a remote: its address, the login that fairway.yaml names, and the key for signing.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fairway.domain.errors import UserError
from fairway.settings import process_environment

if TYPE_CHECKING:
    from fairway.adapters.git.login import Login
    from fairway.adapters.git.remote import Remote
    from fairway.adapters.git.signing import Signing
    from fairway.services.configuring import Configured

_USERNAMES = {"github": "x-access-token", "gitlab": "oauth2", "bitbucket": "x-token-auth"}
"""What forges expect beside a token."""


@dataclass(frozen=True, slots=True)
class DeploymentsRemote:
    remote: Remote
    environments_file: str
    """Relative to the top of the repository."""


@asynccontextmanager
async def open_remote(
    configured: Configured, environments_file: Path, *, env: Mapping[str, str] | None = None
) -> AsyncIterator[DeploymentsRemote]:
    """`git.url`, or origin of the folder that environments.yaml is in; the login works while the block lasts.

    Raises UserError when there is neither.
    """
    from fairway.adapters.git.facts import read_git_facts, read_origin
    from fairway.adapters.git.remote import parse_remote

    env = process_environment() if env is None else env
    git = configured.configuration.git
    folder = _folder(environments_file)
    facts = await read_git_facts(folder)
    url = address_of(configured, folder, await read_origin(folder))
    if not url:
        fix = "name it in fairway.yaml: git: {url: https://…}, or give this folder's repository an origin"
        raise UserError("there is no remote repository to write to", fix=fix)
    async with open_login(configured, url, env) as login:
        inside = _inside(environments_file, facts.prefix, is_elsewhere=bool(git.url))
        yield DeploymentsRemote(parse_remote(url, git.branch or "", login), inside)


def address_of(configured: Configured, folder: Path, origin: str) -> str:
    """`git.url`, else `origin` of the folder; a relative path counts from where it is written. Empty: neither."""
    given = configured.configuration.git.url
    url = given or origin
    if url and "://" not in url and ":" not in url.partition("/")[0] and not os.path.isabs(url):
        return str((configured.folder if given else folder) / url)
    return url


@asynccontextmanager
async def open_login(configured: Configured, url: str, env: Mapping[str, str]) -> AsyncIterator[Login | None]:
    """The login that fairway.yaml names; None: git uses what this machine has. Secrets are read when they are used."""
    from fairway.adapters.git.login import Login

    git = configured.configuration.git
    given = git.credentials
    if given is None:
        if git.forge is not None and git.forge.app is not None and _may_have_token(url):
            async with _app_login(configured, url, env) as login:
                yield login
            return
        yield None
        return
    hosts = configured.path(given.known_hosts) if given.known_hosts else None
    if given.ssh_key is not None and not url.startswith(("http://", "https://")):
        key = given.ssh_key
        yield Login(ssh_key=lambda: configured.secret(key, env), known_hosts=hosts)
        return
    source = given.token or given.password
    if source is None:
        yield Login(given.username or "git", known_hosts=hosts)
        return
    secret = source

    async def password() -> str:
        # At each call: a token that is renewed in its file counts at once.
        return configured.secret(secret, env)

    yield Login(given.username or _username(configured, url), password, known_hosts=hosts)


def signing(configured: Configured, env: Mapping[str, str]) -> Signing | None:
    """What signs commits, when they are to be signed."""
    from fairway.adapters.git.signing import Signing

    wanted = configured.configuration.git.signing
    if wanted is None:
        return None
    key = wanted.key
    return Signing(wanted.format, lambda: configured.secret(key, env), env)


@asynccontextmanager
async def _app_login(configured: Configured, url: str, env: Mapping[str, str]) -> AsyncIterator[Login]:
    """Tokens of a GitHub App's installation, renewed before they are too old."""
    from fairway.adapters.forges.github import github_headers
    from fairway.adapters.forges.github.app import App, Installations
    from fairway.adapters.git.login import Login
    from fairway.domain.forges.addresses import forge_address

    forge = configured.configuration.git.forge
    assert forge is not None
    assert forge.app is not None
    address = forge_address(url, kind=forge.kind, api=forge.api, repository=forge.repository)
    key = configured.secret(forge.app.private_key, env)
    app = Installations(App(address.api, github_headers(), forge.app.id, key), forge.app.installation)
    log_in = app.login(address.repository)

    async def token() -> str:
        return (await log_in(False))["Authorization"].removeprefix("Bearer ")

    try:
        yield Login("x-access-token", token)
    finally:
        await app.aclose()


def _inside(file: Path, prefix: str, *, is_elsewhere: bool) -> str:
    """environments.yaml below the top of the repository: where it lies in the folder's own, else as it was written."""
    written = os.path.relpath(file)
    if is_elsewhere and not file.exists() and not written.startswith(".."):
        return Path(written).as_posix()
    return prefix + file.name


def _may_have_token(url: str) -> bool:
    """Over https, or to this machine."""
    from urllib.parse import urlsplit

    from fairway.domain.charts.addresses import is_loopback

    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))


def _folder(file: Path) -> Path:
    return file.absolute().parent


def _username(configured: Configured, url: str) -> str:
    from fairway.domain.forges.addresses import forge_address

    forge = configured.configuration.git.forge
    if forge is not None and forge.kind is not None:
        return _USERNAMES.get(forge.kind, "git")
    try:
        return _USERNAMES.get(forge_address(url).kind.value, "git")
    except UserError:
        return "git"
