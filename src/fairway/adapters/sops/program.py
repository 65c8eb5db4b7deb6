"""Decrypts with the `sops` program, which finds the keys (age, PGP, cloud KMS) its own way.

One rule: plain text only ever travels through the pipe: never in arguments, files, logs or errors.
"""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL, PIPE

from fairway.domain.errors import Transient, UserError

TIMEOUT = 60.0
AT_ONCE = 4


class SopsProgram:
    """`program` is a name on PATH or a path."""

    def __init__(self, program: str = "sops", timeout: float = TIMEOUT) -> None:
        self._program = program
        self._timeout = timeout
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def decrypt(self, path: str) -> str:
        """The plain YAML of the file. Raises UserError (no program, no key, damaged), Transient (a KMS hangs)."""
        async with self._slots:
            code, out, err = await self._run(path)
        if code:
            said = "; ".join(line.strip() for line in err.decode(errors="replace").splitlines() if line.strip())
            raise UserError(
                f"sops cannot decrypt {path} (exit code {code}): {_cut(said)}",
                fix=f"make one of the file's keys available; try by hand: sops --decrypt {path}",
            )
        return out.decode()

    async def _run(self, path: str) -> tuple[int, bytes, bytes]:
        try:
            process = await asyncio.create_subprocess_exec(
                self._program,
                "--decrypt",
                "--input-type",
                "yaml",
                "--output-type",
                "yaml",
                path,
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=PIPE,
            )
        except (FileNotFoundError, PermissionError) as error:
            raise UserError(
                f"{path} is encrypted with SOPS, and there is no program {self._program} here",
                fix="install sops (https://getsops.io) and put it on PATH",
            ) from error
        try:
            out, err = await asyncio.wait_for(process.communicate(), self._timeout)
        except BaseException as error:
            if process.returncode is None:
                process.kill()
                await process.wait()
            if isinstance(error, TimeoutError):
                raise Transient(f"sops did not decrypt {path} within {self._timeout:g} s") from error
            raise
        return process.returncode or 0, out, err


def _cut(text: str) -> str:
    return text if len(text) <= 400 else f"{text[:400]}…"
