"""A deployments repository in Git, a real registry, and the command as people call it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from tests.support.images import push_image
from tests.support.registry import OciRegistry

PROGRAM = "from fairway.entrypoints.cli.main import main; main()"
MAY = datetime(2026, 5, 1, tzinfo=UTC)

ENVIRONMENTS = """\
clusters:
  - name: local
    provider: {devcluster: {}}
environments:
  - name: staging
    clusterName: local
    kubeNamespace: shop-staging
    releasesFiles: [releases/staging.yaml]
  - name: prod
    clusterName: local
    kubeNamespace: shop-prod
    releasesFiles: [releases/prod.yaml]
    defaultValues:
      - {key: replicas, value: 2}
"""
PROD = """\
# What our customers use.
releases:
  - name: orders
    chart: {dir: ../charts/service}
    values:
      - {key: image.repository, value: REGISTRY/orders}
      - {key: image.tag, value: "1.4.1"}   # Anna checks before majors
    triggers:
      - image: {track: PatchLevel}

  - name: web
    chart:
      dir: ../charts/service
    valuesFile: web.yaml
    trigger:
      image: {track: MinorVersion, tagValue: frontend.tag, repoValue: frontend.name, prefixValue: frontend.host}
"""
WEB = """\
frontend:
  host: REGISTRY
  name: web
  tag: 5.1   # short on purpose
"""
STAGING = """\
releases:
  - name: nightly
    chart: {dir: ../charts/service}
    values:
      - key: image.repository
        value: REGISTRY/orders
    triggers:
      - image: {track: Newest}
"""
OLD_DIALECT = """\
environments:
  - name: old
    provider: {minikube: {}}
    kubeNamespace: shop
    releases: [releases/prod.yaml]
"""
CHART = """\
apiVersion: v2
name: service
version: 1.0.0
"""
CHART_VALUES = "image:\n  repository: ''\n  tag: main-1\nreplicas: 1\n"
TEMPLATE = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  tag: {{ .Values.image.tag }}\n"
)


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


class Shop:
    """The repository in a folder, the command run in it, and the registry below a name of its own."""

    def __init__(self, folder: Path, host: str) -> None:
        self.folder = folder
        self.env: dict[str, str] = {}
        self._host = host
        self._team = f"t{uuid.uuid4().hex[:8]}"
        self.registry = f"{host}/{self._team}"
        self.write("environments.yaml", ENVIRONMENTS)
        self.write("releases/prod.yaml", PROD)
        self.write("releases/web.yaml", WEB)
        self.write("releases/staging.yaml", STAGING)
        self.write("charts/service/Chart.yaml", CHART)
        self.write("charts/service/values.yaml", CHART_VALUES)
        self.write("charts/service/templates/map.yaml", TEMPLATE)
        self.git("init", "-q", "-b", "main")
        self.commit()

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.replace("REGISTRY", self.registry).encode())

    def push(self, name: str, *tags: str, created: datetime = MAY) -> None:
        for tag in tags:
            push_image(self._host, f"{self._team}/{name}", tag, created)

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "state")

    def changed_lines(self) -> list[str]:
        """The lines of the working tree's diff that were taken out or put in."""
        diff = self.git("diff", "-U0", "--no-color").splitlines()
        return [line for line in diff if line[:1] in "+-" and line[:3] not in ("+++", "---")]

    def git(self, *arguments: str) -> str:
        who = {
            f"GIT_{role}_{what}": "anna@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        done = subprocess.run(
            ["git", "-c", "core.autocrlf=false", *arguments],
            cwd=self.folder,
            env={**os.environ, **who, **quiet},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def on_screen(self, columns: int, *arguments: str) -> list[str]:
        """The lines of stdout, which is a terminal."""
        main, side = pty.openpty()
        try:
            done = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, *arguments],
                cwd=self.folder,
                env={**self._environment(), "COLUMNS": str(columns)},
                stdout=side,
                stderr=subprocess.PIPE,
            )
            os.close(side)
            out = b""
            with suppress(OSError):  # EIO when the other side is closed
                while data := os.read(main, 65536):
                    out += data
            _, err = done.communicate()
        finally:
            os.close(main)
        assert "Traceback" not in err.decode(), err
        return click.unstyle(out.decode()).replace("\r\n", "\n").splitlines()

    def _environment(self) -> dict[str, str]:
        home = {name: str(self.folder.parent / "home") for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("FAIRWAY_", "XDG_", "KUBE"))}
        return {**kept, **home, "NO_COLOR": "1", **self.env}

    def __call__(self, *arguments: str) -> Answer:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *arguments],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Answer(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def shop(tmp_path: Path, oci_registry: OciRegistry) -> Shop:
    folder = tmp_path / "shop"
    folder.mkdir()
    return Shop(folder, oci_registry.host)
