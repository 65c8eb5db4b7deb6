"""Programs of others on this machine (gcloud, az, aws): found on PATH, run with their output on ours."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence

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
