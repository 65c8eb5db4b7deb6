"""A job of a pipeline: the command line as a process of its own, with the files and variables of its system."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.cli import PROGRAM, Done

RESOURCES = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {team: shop, app: web}}
spec: {template: {spec: {containers: [{name: app, image: "{{{image}}}"}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
"""


@dataclass
class Job:
    """`folder` is where it runs; `env` are the variables that it has beside what every process needs."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.put("app.yaml", RESOURCES)

    def put(self, name: str, text: str) -> Path:
        (self.folder / name).write_text(text, encoding="utf-8")
        return self.folder / name

    def in_actions(self, *, repository: str = "shop/web", **more: str) -> None:
        """As a step of GitHub Actions has it."""
        self.env |= {
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": repository,
            "GITHUB_SHA": "1" * 40,
            "GITHUB_ACTOR": "anna",
            "GITHUB_STEP_SUMMARY": str(self.put("summary.md", "")),
            "GITHUB_OUTPUT": str(self.put("output.txt", "")),
            **more,
        }

    def read(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def run(self, *arguments: str, stdin: str = "", timeout: float = 60) -> Done:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *arguments],
            cwd=self.folder,
            env=self.environment(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def environment(self) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "PYTHONPATH", "LANG", "HOME")}
        own = {"PYTHONIOENCODING": "utf-8", "FAIRWAY_DATA_DIR": str(self.folder / "data"), "FAIRWAY_USER": "anna"}
        return {**kept, **own, **self.env}
