"""Programs of others on this machine (gcloud, az, aws, helmfile): found on PATH, run with their output on ours."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from fairway.domain.errors import UserError


class SystemPrograms:
    """Runs with the variables of this process, and those that a call adds."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = dict(variables)

    def find(self, name: str) -> str | None:
        return shutil.which(name, path=self._variables.get("PATH", os.defpath))

    def run(self, command: Sequence[str], variables: Mapping[str, str]) -> None:
        path = self.find(command[0])
        if path is None:
            raise UserError(f"the program {command[0]} is not on PATH")
        done = subprocess.run([path, *command[1:]], env={**self._variables, **variables}, check=False)
        if done.returncode:
            text = shlex.join(command)
            raise UserError(
                f"{command[0]} failed with exit code {done.returncode}", fix=f"see its message above; it was: {text}"
            )

    def output(self, command: Sequence[str], folder: Path) -> str:
        """What the program prints when it runs in `folder`. Raises UserError with the last it said when it fails."""
        path = self.find(command[0])
        if path is None:
            raise UserError(f"the program {command[0]} is not on PATH")
        done = subprocess.run(
            [path, *command[1:]], cwd=folder, env=self._variables, check=False, capture_output=True, encoding="utf-8"
        )
        if done.returncode:
            said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
            last = f": {said[-1][:400]}" if said else ""
            raise UserError(
                f"{command[0]} failed with exit code {done.returncode}{last}",
                fix=f"try it by hand in {folder}: {shlex.join(command)}",
            )
        return done.stdout
