"""Logins of OCI registries: Helm's and Docker's configuration files, and their credential helper programs.

The rule not to break: what a helper answers stays in memory; it is in no message, no argument list and no file.
Source of the formats: docker/cli `config.json`, docker/docker-credential-helpers.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fairway.adapters.charts.logins import Login
from fairway.domain.errors import UserError

HELPER_TIMEOUT = 30.0
LIFETIME = 300.0
_HELPER = re.compile(r"[A-Za-z0-9._-]+")
_ALIASES = {"docker.io": "https://index.docker.io/v1/", "registry-1.docker.io": "https://index.docker.io/v1/"}
IDENTITY_TOKEN = "<token>"
"""A helper's user name when its secret is a refresh token."""


class RegistryLogins:
    """Looks a registry up in `files`, first match wins. `env` goes to the helpers.

    What was found is believed for LIFETIME: helpers' passwords run out, and people log in anew. `clock` in seconds.
    """

    def __init__(
        self, files: tuple[Path, ...], env: Mapping[str, str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._files = files
        self._env = env
        self._clock = clock
        self._known: dict[tuple[str, str], Login | None] = {}
        self._configs: list[dict[str, Any]] | None = None
        self._since = 0.0
        self._looking = asyncio.Lock()

    async def login_of(self, host: str, repository: str = "") -> Login | None:
        """None when nobody logged in. A Login with only a `token` holds a refresh token for the registry's realm."""
        async with self._looking:
            if self._configs is None or self._clock() - self._since >= LIFETIME:
                self._configs = [await asyncio.to_thread(_read, file) for file in self._files]
                self._known.clear()
                self._since = self._clock()
            return await self._look(host, repository, self._configs)

    def advice(self, host: str) -> str:
        return ""

    async def _look(self, host: str, repository: str, configs: list[dict[str, Any]]) -> Login | None:
        for config in configs:
            names = (host, f"https://{host}", f"https://{host}/", _ALIASES.get(host, host))
            helper = next((config["credHelpers"][name] for name in names if name in config["credHelpers"]), "")
            if helper:
                if login := await self._ask(str(helper), host):
                    return login
                continue
            if config["credsStore"]:
                for name in dict.fromkeys((host, _ALIASES.get(host, host))):
                    if login := await self._ask(str(config["credsStore"]), name):
                        return login
            auths = config["auths"]
            entry = next((auths[name] for name in (*_paths(host, repository), *names) if name in auths), None)
            if login := login_in(entry):
                return login
        return None

    async def _ask(self, helper: str, host: str) -> Login | None:
        if (helper, host) not in self._known:
            self._known[helper, host] = await self._answer(helper, host)
        return self._known[helper, host]

    async def _answer(self, helper: str, host: str) -> Login | None:
        name = f"docker-credential-{helper}"
        program = shutil.which(name, path=self._env.get("PATH")) if _HELPER.fullmatch(helper) else None
        if program is None:
            return None
        process = await asyncio.create_subprocess_exec(
            program,
            "get",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=dict(self._env),
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(host.encode()), HELPER_TIMEOUT)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise UserError(f"{name} did not answer within {HELPER_TIMEOUT:.0f} s", fix="run it by hand") from None
        if process.returncode != 0:
            return None
        try:
            answer = json.loads(output)
            user, secret = str(answer["Username"]), str(answer["Secret"])
        except (ValueError, KeyError, TypeError):
            raise UserError(f"{name} gave an answer that cannot be read", fix="run it by hand") from None
        return Login(token=secret) if user == IDENTITY_TOKEN else Login(user, secret)


def config_files(env: Mapping[str, str]) -> tuple[Path, ...]:
    """Helm's registry file, then Docker's, then Podman's."""
    home = Path(env.get("HOME") or "/")
    config = Path(env.get("XDG_CONFIG_HOME") or home / ".config")
    helm = Path(env.get("HELM_CONFIG_HOME") or config / "helm")
    files = [
        Path(env.get("HELM_REGISTRY_CONFIG") or helm / "registry" / "config.json"),
        home / "Library" / "Preferences" / "helm" / "registry" / "config.json",
        Path(env.get("DOCKER_CONFIG") or home / ".docker") / "config.json",
    ]
    if named := env.get("REGISTRY_AUTH_FILE"):
        files.append(Path(named))
    elif runtime := env.get("XDG_RUNTIME_DIR"):
        files.append(Path(runtime) / "containers" / "auth.json")
    return tuple(files)


def _read(file: Path) -> dict[str, Any]:
    try:
        config = json.loads(file.read_bytes())
    except FileNotFoundError:
        config = {}
    except (OSError, ValueError) as error:
        raise UserError(f"the registry logins in {file} cannot be read: {error}", fix="log in again") from error
    config = config if isinstance(config, dict) else {}
    return {
        "auths": _map(config.get("auths")),
        "credHelpers": _map(config.get("credHelpers")),
        "credsStore": config.get("credsStore") or "",
    }


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _paths(host: str, repository: str) -> list[str]:
    """`host/team/app`, `host/team`: Podman keeps logins for parts of a registry too."""
    parts = repository.split("/") if repository else []
    return ["/".join((host, *parts[:number])) for number in range(len(parts), 0, -1)]


def login_in(entry: Any) -> Login | None:
    """The login of an entry of `auths`."""
    if not isinstance(entry, dict):
        return None
    if token := entry.get("identitytoken"):
        return Login(token=str(token))
    if entry.get("auth"):
        try:
            user, _, password = base64.b64decode(str(entry["auth"]), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return Login(user, password.rstrip("\0"))
    if entry.get("username"):
        return Login(str(entry["username"]), str(entry.get("password", "")))
    return None
