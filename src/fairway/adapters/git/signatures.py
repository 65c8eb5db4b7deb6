"""Signatures of commits: which are good enough to be applied.

The rule not to break: only the keys that were given count, never those of this machine's user.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fairway.adapters.git.clone import Clone
from fairway.adapters.git.program import Call
from fairway.domain.errors import Refused, UserError

_SSH_KEY = re.compile(r"signature(?: for \S+)? with (\S+ key \S+)")
_GPG_KEY = re.compile(r"using (\w+ key [0-9A-F]+)")


@dataclass(frozen=True, slots=True)
class Signers:
    """Whose signatures are good. Paths of a file as git's gpg.ssh.allowedSignersFile, and of armoured OpenPGP keys."""

    env: Mapping[str, str] = field(repr=False)
    allowed_signers: Path | None = None
    gpg_keys: Path | None = None

    async def verify(self, clone: Clone, commit: str) -> None:
        """Raises Refused for a commit without a good signature, UserError when the keys cannot be read."""
        for path in (self.allowed_signers, self.gpg_keys):
            if path is not None and not path.is_file():
                raise UserError(f"there is no {path}", fix="correct git.verify in fairway.yaml")
        async with keyring(self.gpg_keys, self.env) as home:
            settings = (
                ("gpg.ssh.allowedSignersFile", str(self.allowed_signers or os.devnull)),
                ("gpg.ssh.revocationFile", ""),
                ("gpg.minTrustLevel", "undefined"),
                ("gpg.program", "gpg"),
                ("gpg.ssh.program", "ssh-keygen"),
                ("gpg.x509.program", "false"),
            )
            call = Call(settings, {"GNUPGHOME": str(home)})
            ran = await clone.run("verify-commit", "--verbose", commit, call=call)
        if ran.code == 0:
            return
        raise await self._refusal(clone, commit, ran.err)

    async def _refusal(self, clone: Clone, commit: str, said: str) -> Refused:
        head = await clone.head(commit)
        about = f'commit {commit[:12]} by {head.author} ("{head.subject[:72]}")'
        key = _SSH_KEY.search(said) or _GPG_KEY.search(said)
        raw = await clone.local("cat-file", "commit", commit)
        if "\ngpgsig" not in raw.partition("\n\n")[0]:
            return Refused(f"{about} is not signed", fix="sign it, or put a signed commit on top of it")
        if "bad signature" in said.lower() or "incorrect signature" in said.lower():
            return Refused(f"{about} has a signature that does not fit its contents", fix="find out who made it")
        if "expired" in said.lower() or "revoked" in said.lower():
            return Refused(f"{about} is signed with a key that expired or was revoked", fix="sign it with a valid key")
        whose = f"with {key[1]}, which is not among the keys" if key else "with a key that is not among the keys"
        fix = "add the key to the file that git.verify names, if its owner may change what runs"
        return Refused(f"{about} is signed {whose} of git.verify", fix=fix)


@asynccontextmanager
async def keyring(keys: Path | None, env: Mapping[str, str], text: str = "") -> AsyncIterator[Path]:
    """A GNUPGHOME of our own that holds just these keys; its agent is ended with it.

    Below the system's folder for temporary files: the agent's socket has a short path or none.
    """
    with tempfile.TemporaryDirectory(prefix="fw-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        private = {**env, "GNUPGHOME": folder, "LC_ALL": "C"}
        try:
            if keys is not None or text:
                await asyncio.to_thread(_import, keys, text, private)
            yield home
        finally:
            if (home / "S.gpg-agent").exists():
                await asyncio.to_thread(_run, ["gpgconf", "--kill", "all"], private, b"")


def _import(keys: Path | None, text: str, env: Mapping[str, str]) -> None:
    data = keys.read_bytes() if keys is not None else text.encode()
    code = _run(["gpg", "--batch", "--quiet", "--no-tty", "--import"], env, data)
    if code is None:
        raise UserError("OpenPGP signatures need the gpg program", fix="install gnupg, or use SSH signatures")
    if code:
        where = str(keys) if keys is not None else "git.signing.key"
        raise UserError(f"{where} holds no OpenPGP keys that gpg can read", fix="export them with gpg --armor --export")


def _run(words: list[str], env: Mapping[str, str], data: bytes) -> int | None:
    """The exit code; None when there is no such program."""
    try:
        return subprocess.run(words, input=data, env=dict(env), capture_output=True, check=False, timeout=60).returncode
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
