"""`fairway agent --once` and a Git that gives no commit: whose turn it is says the exit code."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from fairway.entrypoints.workers.agent import run_agent
from fairway.services.configuring import load_configuration
from fairway.settings import load_settings
from fairway.wiring.agent import AgentOptions

NOBODY = "http://127.0.0.1:1/shop.git"
MISSING = {"credentials": {"token": {"env": "NO_SUCH_VARIABLE"}}}


async def exit_code_of(folder: Path, **git: Any) -> int:
    file = folder / "environments.yaml"
    file.write_text("environments: []\n")
    (folder / "fairway.yaml").write_text(yaml.safe_dump({"git": git}))
    settings = load_settings({"FAIRWAY_DATA_DIR": str(folder / "data"), "HOME": str(folder)})
    return await run_agent(settings, load_configuration(file, None), AgentOptions(environments_file=file, once=True))


@pytest.fixture
def remote(tmp_path: Path) -> str:
    """A bare repository without any branch."""
    path = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(path)], check=True)
    return str(path)


async def test_a_branch_that_is_not_there_is_a_mistake(tmp_path: Path, remote: str) -> None:
    assert await exit_code_of(tmp_path, url=remote, branch="nope") == 2


async def test_a_secret_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    assert await exit_code_of(tmp_path, url=NOBODY.replace("http:", "https:"), branch="main", **MISSING) == 2


async def test_a_server_that_does_not_answer_is_nobodys_mistake(tmp_path: Path) -> None:
    assert await exit_code_of(tmp_path, url=NOBODY, branch="main") == 4
