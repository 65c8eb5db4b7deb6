"""How the demo is called, and how it ends when it can't begin."""

import os
import subprocess
import sys
from pathlib import Path


def demo(folder: Path, *words: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "fairway.entrypoints.demo", *words],
        cwd=folder,
        env={**os.environ, "FAIRWAY_DATA_DIR": str(folder / "data"), **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_foreign_folder_ends_the_demo_before_anything_is_done(tmp_path: Path) -> None:
    (tmp_path / ".demo").mkdir()
    ended = demo(tmp_path, "--once")
    assert ended.returncode == 1
    assert "was not made by this demo" in ended.stderr
    assert not (tmp_path / "data" / "clusters").exists()


def test_without_git_it_says_what_is_missing(tmp_path: Path) -> None:
    ended = demo(tmp_path, "--once", PATH="")
    assert ended.returncode == 1
    assert "needs git" in ended.stderr
    assert not (tmp_path / ".demo").exists()


def test_there_may_be_nothing_to_take_down(tmp_path: Path) -> None:
    ended = demo(tmp_path, "--down")
    assert ended.returncode == 0
    assert "no demo to stop" in ended.stdout


def test_a_left_folder_is_removed_although_the_cluster_is_gone(tmp_path: Path) -> None:
    (tmp_path / ".demo").mkdir()
    (tmp_path / ".demo" / "made-by-fairway-demo").touch()
    assert demo(tmp_path, "--down").returncode == 0
    assert not (tmp_path / ".demo").exists()
