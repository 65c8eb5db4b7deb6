"""A remote with a deployments repository, a checkout of it, and the command as people call it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.git_remotes import run_git
from tests.support.registry import OciRegistry
from tests.system.upgrades.conftest import Shop


class PushedShop(Shop):
    """A shop whose folder has an origin."""

    @property
    def bare(self) -> Path:
        return self.folder.parent / "deploy.git"

    def publish(self) -> None:
        """Everything as it is here, at the remote."""
        self.commit()
        if not self.bare.exists():
            self.bare.mkdir()
            run_git(self.bare, "init", "-q", "--bare")
            run_git(self.folder, "remote", "add", "origin", str(self.bare))
        run_git(self.folder, "push", "-q", "origin", "HEAD:main")

    def remote(self, *words: str) -> str:
        return run_git(self.bare, *words)

    def log(self, branch: str = "main") -> list[str]:
        return self.remote("log", "--format=%s", branch).splitlines()

    def hook(self, script: str) -> None:
        path = self.bare / "hooks" / "pre-receive"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)


@pytest.fixture
def shop(tmp_path: Path, oci_registry: OciRegistry) -> PushedShop:
    folder = tmp_path / "shop"
    folder.mkdir()
    found = PushedShop(folder, oci_registry.host)
    found.write("README.md", "the shop\n")
    found.publish()
    return found
