"""Credentials of the repositories in `helmRepos`, and to which addresses they may go.

The rule not to break: a login goes to its repository's own origin only, unless the entry says `passCredentials`.
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fairway.adapters.charts.web import Access, AccessTo, Tls
from fairway.domain.charts.addresses import same_origin, split_login
from fairway.domain.errors import UserError
from fairway.domain.repository.models import HelmRepo, ValueSource

AskCluster = Callable[[ValueSource], Awaitable[str]]


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
    """Reads credentials when they are needed; `ask_cluster` answers `secret` and `configMap` sources."""

    def __init__(
        self, repos: tuple[HelmRepo, ...], env: Mapping[str, str], ask_cluster: AskCluster | None = None
    ) -> None:
        self.repos = repos
        self._env = env
        self._ask_cluster = ask_cluster

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
                raise UserError(f"the environment variable {name} is not set", where=source.position, fix="set it")
            return str(value)
        if source.kind == "file":
            path = Path(os.path.dirname(source.position.file), str(settings.get("path")))
            try:
                return (await asyncio.to_thread(path.read_text)).strip()
            except OSError as error:
                raise UserError(f"{path} cannot be read: {error.strerror}", where=source.position) from error
        if self._ask_cluster is None:
            raise UserError(
                f"credentials of a chart repository cannot come from {source.kind} here",
                where=source.position,
                fix="use valueFrom env or file",
            )
        return await self._ask_cluster(source)


def tls_of(repo: HelmRepo) -> Tls:
    return Tls(repo.ca_file, repo.cert_file, repo.key_file)
