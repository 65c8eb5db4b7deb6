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
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fairway.adapters.charts.logins import Login
from fairway.domain.errors import UserError

HELPER_TIMEOUT = 30.0
_HELPER = re.compile(r"[A-Za-z0-9._-]+")
_ALIASES = {"docker.io": "https://index.docker.io/v1/", "registry-1.docker.io": "https://index.docker.io/v1/"}
IDENTITY_TOKEN = "<token>"
"""A helper's user name when its secret is a refresh token."""


class RegistryLogins:
    """Looks a registry up in `files`, first match wins. `env` goes to the helpers."""

    def __init__(self, files: tuple[Path, ...], env: Mapping[str, str]) -> None:
        self._files = files
        self._env = env
        self._known: dict[str, Login | None] = {}

    async def login_of(self, host: str) -> Login | None:
        """None when nobody logged in. A Login with only a `token` holds a refresh token for the registry's realm."""
        if host not in self._known:
            self._known[host] = await self._look(host)
        return self._known[host]

    async def _look(self, host: str) -> Login | None:
        for file in self._files:
            config = await asyncio.to_thread(_read, file)
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
            entry = next((config["auths"][name] for name in names if name in config["auths"]), None)
            if login := _login(entry):
                return login
        return None

    async def _ask(self, helper: str, host: str) -> Login | None:
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


def _login(entry: Any) -> Login | None:
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
