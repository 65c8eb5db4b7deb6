"""Credentials of the repositories in `helmRepos`, and to which addresses they may go.

The rule not to break: a login goes to its repository's own origin only, unless the entry says `passCredentials`.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fairway.adapters.charts.web import Access, AccessTo, Tls
from fairway.domain import yaml
from fairway.domain.charts.addresses import same_origin, split_login
from fairway.domain.errors import UserError
from fairway.domain.repository.models import HelmRepo, ValueSource
from fairway.domain.values.interpolation import UnsetVariable


@dataclass(frozen=True, slots=True)
class Login:
    username: str = ""
    password: str = ""
    token: str = ""

    @property
    def header(self) -> str:
        """Of an Authorization header; empty without credentials."""
        if self.token:
            return f"Bearer {self.token}"
        if not self.username and not self.password:
            return ""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


class Logins:
    """Reads credentials when they are needed: from variables in `env` and from files."""

    def __init__(self, repos: tuple[HelmRepo, ...], env: Mapping[str, str]) -> None:
        self.repos = repos
        self._env = env

    def repo_of(self, address: str) -> HelmRepo | None:
        """The entry with the longest address that `address` lies under; user and password in it do not count."""
        wanted = split_login(address)[0].rstrip("/") + "/"
        found = [repo for repo in self.repos if wanted.startswith(split_login(repo.url)[0].rstrip("/") + "/")]
        return max(found, key=lambda repo: len(repo.url), default=None)

    async def login_of(self, repo: HelmRepo) -> Login:
        embedded = split_login(repo.url)[1] or ("", "")
        username = await self._read(repo.username) if repo.username else embedded[0]
        password = await self._read(repo.password) if repo.password else embedded[1]
        return Login(username, password, await self._read(repo.token) if repo.token else "")

    async def access_to(self, repo: HelmRepo) -> AccessTo:
        login = await self.login_of(repo)
        home = split_login(repo.url)[0]
        own = Access({"Authorization": login.header} if login.header else {}, tls_of(repo))
        public = Access(tls=Tls(ca_file=repo.ca_file, system_too=True))

        def access(url: str) -> Access:
            return own if repo.pass_credentials or same_origin(url, home) else public

        return access

    async def _read(self, source: ValueSource) -> str:
        settings = source.settings
        if source.kind == "env":
            value = self._env.get(str(settings.get("name")), settings.get("default"))
            if value is None:
                name = settings.get("name")
                raise UnsetVariable(f"the environment variable {name} is not set", where=source.position, fix="set it")
            return str(value)
        if source.kind == "file":
            return await asyncio.to_thread(_from_file, source)
        raise UserError(
            f"credentials of a chart repository cannot come from {source.kind}",
            where=source.position,
            fix="use env or file; charts are fetched before a cluster is known",
        )


def _from_file(source: ValueSource) -> str:
    path = Path(str(source.settings["path"]))
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UserError(f"{path} cannot be read: {reason}", where=source.position, fix="correct the path") from error
    key = source.settings.get("key")
    if not key:
        return text.strip()
    value = yaml.load(text, str(path))
    for part in str(key).split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if not isinstance(value, str):
        raise UserError(f'{path} has no text at "{key}"', where=source.position, fix="correct key, or leave it out")
    return value


def tls_of(repo: HelmRepo) -> Tls:
    return Tls(repo.ca_file, repo.cert_file, repo.key_file)
