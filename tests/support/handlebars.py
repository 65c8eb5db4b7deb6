"""The real Handlebars, asked over a pipe: installed once from npm into the cache, run by node."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.support.tools import unavailable

from fairway.adapters.devcluster.locks import locked
from fairway.settings import load_settings

VERSION = "4.7.8"
_PROGRAM = """
const handlebars = require("handlebars");
const lines = require("readline").createInterface({input: process.stdin});
lines.on("line", (line) => {
  const {template, variables} = JSON.parse(line);
  let answer;
  try { answer = {text: handlebars.compile(template)(variables)}; } catch (error) { answer = {error: String(error)}; }
  process.stdout.write(JSON.stringify(answer) + "\\n");
});
"""


class Handlebars:
    """Use as a context manager; ends its process."""

    def __init__(self) -> None:
        node, npm = shutil.which("node"), shutil.which("npm")
        if node is None or npm is None:
            unavailable("no node: put node and npm on PATH, so that Handlebars can be asked")
        folder = load_settings().cache_dir / "tools" / f"handlebars-{VERSION}"
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder.parent / f"{folder.name}.lock"):
            if not (folder / "node_modules" / "handlebars").exists():
                _install(npm, folder)
        self._process = subprocess.Popen(
            [node, "-e", _PROGRAM],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> Handlebars:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)

    def render(self, template: str, variables: Any) -> str | None:
        """What it makes of them; None when it refuses."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"template": template, "variables": variables}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, str] = json.loads(self._process.stdout.readline())
        return answer.get("text")


def _install(npm: str, folder: Path) -> None:
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)]
    done = subprocess.run([*command, f"handlebars@{VERSION}"], capture_output=True, text=True, timeout=300)
    if done.returncode:
        unavailable(f"Handlebars can't be installed: {done.stderr.strip()[-300:]}")
