"""Git for clones of our own: no terminal, no questions, no hooks, nothing of the caller's repository.

The rule not to break: a broken clone never lets git find another repository around it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fairway.adapters.git.failures import local_failure, remote_failure
from fairway.adapters.git.login import Login, entry
from fairway.adapters.git.process import TIMEOUT, Ran, run_git
from fairway.domain.errors import Transient

_SETTINGS = (
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("core.autocrlf", "false"),
    ("core.quotePath", "false"),
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("commit.gpgSign", "false"),
    ("push.gpgSign", "false"),
    ("push.followTags", "false"),
    ("gc.autoDetach", "false"),
    ("maintenance.autoDetach", "false"),
    ("advice.detachedHead", "false"),
    ("http.lowSpeedLimit", "1"),
    ("http.lowSpeedTime", "60"),
)
_OF_A_REPOSITORY = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)


@dataclass(frozen=True, slots=True)
class Call:
    """What one call gets in addition: settings of git, and variables."""

    config: Sequence[tuple[str, str]] = ()
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Git:
    """The git program with the variables of this process, for one remote."""

    env: Mapping[str, str] = field(repr=False)
    url: str = ""
    branch: str = ""
    """Only for messages."""
    login: Login | None = None
    timeout: float = TIMEOUT

    async def remote(self, folder: Path | None, *words: str) -> str:
        """A call that asks the server. Raises UserError, Transient, Terminal."""
        ran, secrets = await self.ask(folder, *words)
        if ran.code:
            raise remote_failure(ran.err, self.url, self.branch, secrets)
        return ran.out

    async def ask(self, folder: Path | None, *words: str) -> tuple[Ran, tuple[str, ...]]:
        """As `remote`, with the answer whatever it is, and the secrets that it must not show."""
        async with entry(self.login, self.url, self.env) as given:
            return await self.run(folder, *words, call=Call(given.config, given.variables)), given.secrets

    async def run(
        self, folder: Path | None, *words: str, stdin: bytes = b"", call: Call = Call(), hold: int | None = None
    ) -> Ran:
        """A call, with its answer whatever it is. `hold` is an open file that git keeps open as long as it runs."""
        env = self._environment(call.config) | dict(call.variables)
        if folder is not None:
            # Never found by searching: a broken clone inside of another repository must not stand for that one.
            env |= {"GIT_DIR": str(folder / ".git"), "GIT_WORK_TREE": str(folder)}
        try:
            return await run_git(*words, env=env, folder=folder, stdin=stdin, timeout=self.timeout, hold=hold)
        except TimeoutError:
            raise Transient(f"{self.url or folder}: git did not end within {self.timeout:.0f} s") from None
        except OSError as error:
            raise local_failure(f"fatal: git cannot be run in {folder}: {error.strerror}") from error

    def _environment(self, more: Sequence[tuple[str, str]]) -> dict[str, str]:
        kept = {k: v for k, v in self.env.items() if k not in _OF_A_REPOSITORY and not k.startswith("GIT_TRACE")}
        env = {
            **kept,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "SSH_ASKPASS": "",
            "GIT_ALLOW_PROTOCOL": "https:http:ssh:file",
            "GIT_OPTIONAL_LOCKS": "0",
            "LC_ALL": "C",
        }
        settings = (*_SETTINGS, *more)
        env["GIT_CONFIG_COUNT"] = str(len(settings))
        for number, (key, value) in enumerate(settings):
            env[f"GIT_CONFIG_KEY_{number}"] = key
            env[f"GIT_CONFIG_VALUE_{number}"] = value
        return env
