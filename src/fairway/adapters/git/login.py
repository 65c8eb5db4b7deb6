"""How to log in to a remote: handed to git where only this user's processes can read it.

The rule not to break: no secret is in an address, an argument, a log or `.git/config`; a private key is in a file only
while git runs, readable by nobody else.
"""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from fairway.domain.errors import Terminal, UserError

_HELPER = (
    '!f() { test "$1" = get || return 0; '
    'printf "username=%s\\npassword=%s\\n" "$GITLOGIN_USERNAME" "$GITLOGIN_PASSWORD"; }; f'
)
"""Names the variables, not what they hold; printf is part of the shell, so no process gets them as arguments."""


async def _nothing() -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Login:
    """A password (or token) for HTTPS, which may be made anew for each call; a private key for SSH."""

    username: str = "git"
    password: Callable[[], Awaitable[str]] = field(default=_nothing, repr=False)
    ssh_key: str | Callable[[], str] = field(default="", repr=False)
    """The key itself, or what reads it each time that it is used."""
    known_hosts: Path | None = None

    @classmethod
    def with_password(cls, username: str, password: str) -> Login:
        async def given() -> str:
            return password

        return cls(username, given)


@dataclass(frozen=True, slots=True)
class Entry:
    """What git gets for one call."""

    variables: dict[str, str] = field(default_factory=dict, repr=False)
    config: tuple[tuple[str, str], ...] = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What must not be in any text."""


@asynccontextmanager
async def entry(login: Login | None, url: str, env: Mapping[str, str]) -> AsyncIterator[Entry]:
    """Without a login the machine's own settings of git and SSH, `env` among them, are used."""
    if login is None:
        yield Entry({"GIT_SSH_COMMAND": env.get("GIT_SSH_COMMAND") or "ssh -oBatchMode=yes -oConnectTimeout=20"})
        return
    parts = urlsplit(url)
    if parts.scheme in ("http", "https"):
        password = await login.password()
        # For this host only: after a redirect to another one, git asks again and gets no answer.
        scope = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        config = (("credential.helper", ""), (f"credential.{scope}.helper", _HELPER))
        variables = {"GITLOGIN_USERNAME": login.username, "GITLOGIN_PASSWORD": password}
        yield Entry(variables, config, (password,))
        return
    with tempfile.TemporaryDirectory(prefix="fairway-") as folder:
        yield Entry({"GIT_SSH_COMMAND": _ssh(login, Path(folder))}, (("credential.helper", ""),), ())


def _ssh(login: Login, folder: Path) -> str:
    words = ["ssh", "-F", os.devnull, "-oBatchMode=yes", "-oConnectTimeout=20", "-oStrictHostKeyChecking=yes"]
    if login.known_hosts:
        # A copy with a plain name: ssh splits the option's value at blanks, and reads % in it.
        known = write_private(folder / "known_hosts", _known_hosts(login.known_hosts))
        words += [f"-oUserKnownHostsFile={known}", f"-oGlobalKnownHostsFile={os.devnull}"]
    key = login.ssh_key if isinstance(login.ssh_key, str) else login.ssh_key()
    if key:
        words += ["-oIdentitiesOnly=yes", "-oIdentityAgent=none", "-i", str(write_private(folder / "key", key))]
    return shlex.join(words)


def _known_hosts(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fix = "correct git.credentials.knownHosts in fairway.yaml"
        raise UserError(f"the host keys in {path} cannot be read", fix=fix) from error


def write_private(path: Path, text: str) -> Path:
    """A file that only this user can read, from its first moment on; keys without a line end are refused by SSH."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text if text.endswith("\n") else f"{text}\n")
    except OSError as error:
        raise Terminal(
            f"a key cannot be handed to git: {error.strerror}", fix="make room in the temporary folder"
        ) from error
    return path
