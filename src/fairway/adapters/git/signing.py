"""Signs commits with a key that is on this machine only while git runs."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from fairway.adapters.git.login import write_private
from fairway.adapters.git.program import Call
from fairway.adapters.git.signatures import keyring
from fairway.domain.errors import UserError


@dataclass(frozen=True, slots=True)
class Signing:
    """`key` gives the private key itself: SSH's own format, or armoured OpenPGP; without a passphrase. It is asked
    for each commit, so that a key that is replaced counts at once."""

    format: Literal["ssh", "gpg"]
    key: Callable[[], str] = field(repr=False)
    env: Mapping[str, str] = field(repr=False)

    @asynccontextmanager
    async def call(self) -> AsyncIterator[Call]:
        """What git needs to sign."""
        if self.format == "ssh":
            with tempfile.TemporaryDirectory(prefix="fw-") as folder:
                path = write_private(Path(folder) / "key", self.key())
                settings = (("gpg.format", "ssh"), ("user.signingKey", str(path)), ("gpg.ssh.program", "ssh-keygen"))
                yield Call(settings)
            return
        async with keyring(None, self.env, self.key()) as home:
            fingerprint = await asyncio.to_thread(_fingerprint, home, self.env)
            settings = (("gpg.format", "openpgp"), ("user.signingKey", f"{fingerprint}!"), ("gpg.program", "gpg"))
            yield Call(settings, {"GNUPGHOME": str(home)})


def _fingerprint(home: Path, env: Mapping[str, str]) -> str:
    words = ["gpg", "--batch", "--no-tty", "--list-secret-keys", "--with-colons"]
    variables = {**env, "GNUPGHOME": str(home), "LC_ALL": "C"}
    done = subprocess.run(words, env=variables, capture_output=True, text=True, check=False, timeout=60)
    rows = [line.split(":") for line in done.stdout.splitlines()]
    # The newest key or subkey that may sign: its fingerprint is in the row behind it.
    able = [rows[n + 1][9] for n, row in enumerate(rows[:-1]) if row[0] in ("sec", "ssb") and "s" in row[11]]
    if not able:
        fix = "export one with gpg --armor --export-secret-keys"
        raise UserError("git.signing.key holds no OpenPGP key that can sign", fix=fix)
    return able[-1]
