"""The demo, called in an empty folder as somebody calls it, and taken down after each test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.clusters import Cluster

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path, cluster: Cluster) -> Iterator[Run]:
    """Runs a Python module in a folder; the demo is taken down whatever happened. `cluster` means: one can be had."""
    env = {**os.environ, "FAIRWAY_DATA_DIR": str(tmp_path / "data")}
    start = tmp_path / "start"
    start.mkdir()

    def run(module: str, *words: str, folder: str = ".") -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", module, *words]
        return subprocess.run(argv, cwd=start / folder, env=env, capture_output=True, text=True, check=False)

    yield run
    run("fairway.entrypoints.demo", "--down")
