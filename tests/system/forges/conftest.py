"""A deployments repository in Git, and a loopback GitHub that it lives on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.cli import CHART, PROGRAM, Done
from tests.support.forges.github import GithubServer
from tests.support.forges.serving import serving

SECRET = "corr3ct-h0rse-battery"


@dataclass
class Checkout:
    """A clone with `main`, and a branch that is checked out."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def put(self, path: str, text: str) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def release(self, environment: str, name: str, **values: Any) -> None:
        body = {
            "releases": [{"name": name, "chart": {"dir": "charts/app"}, "valuesFile": f"{name}-{environment}.yaml"}]
        }
        self.put(f"releases/{environment}.yaml", yaml.safe_dump(body))
        self.put(f"releases/{name}-{environment}.yaml", yaml.safe_dump(values))

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", "-C", self.folder, *words], check=True, capture_output=True, text=True, env=self.env
        )
        return done.stdout.strip()

    def commit(self, subject: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", subject)
        return self.git("rev-parse", "HEAD")

    def fairway(self, *words: str, **env: str) -> Done:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *words],
            cwd=self.folder,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            timeout=120,
        )
        return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Two environments with the release web each; the branch `change` is checked out and has changed nothing yet."""
    env = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    for name in ("GIT_AUTHOR", "GIT_COMMITTER"):
        env |= {f"{name}_NAME": "Anna", f"{name}_EMAIL": "anna@example.com"}
    for name in ("DATA", "CACHE", "CONFIG"):
        env[f"FAIRWAY_{name}_DIR"] = str(tmp_path / name.lower())
    env |= {"GIT_CONFIG_GLOBAL": os.devnull, "KUBECONFIG": str(tmp_path / "none"), "FAIRWAY_LEDGER_URL": "none"}
    made = Checkout(tmp_path / "shop", env)
    made.folder.mkdir()
    made.git("init", "--quiet", "--initial-branch", "main")
    for path, text in CHART.items():
        made.put(f"releases/charts/app/{path}", text)
    made.put(
        "releases/charts/app/templates/secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: {{ .Release.Name }}}\n"
        'stringData: {password: {{ .Values.password | default "none" | quote }}}\n',
    )
    clusters = [{"name": "eu", "provider": {"existingContext": {"contextName": "eu"}}}]
    environments = [
        {"name": name, "clusterName": "eu", "kubeNamespace": name, "releasesFiles": [f"releases/{name}.yaml"]}
        for name in ("test", "prod")
    ]
    made.put("environments.yaml", yaml.safe_dump({"clusters": clusters, "environments": environments}))
    for name in ("test", "prod"):
        made.release(name, "web", replicas=2, image={"repository": "shop/web", "tag": "1.9.0"}, password="before-1t")
    made.commit("the shop")
    made.git("checkout", "--quiet", "-b", "change")
    return made


@pytest.fixture
def github() -> Iterator[GithubServer]:
    with serving(GithubServer()) as server:
        assert isinstance(server, GithubServer)
        yield server


def in_actions(checkout: Checkout, github: GithubServer, number: int = 1) -> dict[str, str]:
    """What GitHub Actions sets in a job of a pull request, which has checked out a merge of it."""
    event = {"pull_request": {"number": number, "head": {"sha": "a" * 40}}}
    file = checkout.folder.parent / "event.json"
    file.write_text(json.dumps(event), encoding="utf-8")
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": github.world.path,
        "GITHUB_API_URL": github.api,
        "GITHUB_SERVER_URL": github.url,
        "GITHUB_EVENT_PATH": str(file),
        "GITHUB_SHA": "b" * 40,
        "GITHUB_REF": f"refs/pull/{number}/merge",
        "GITHUB_RUN_ID": "77",
        "GITHUB_TOKEN": github.token,
    }
