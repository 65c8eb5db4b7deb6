"""Several processes at one remote, and processes that are killed at the worst moment."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.system.upgrades.conftest import PROGRAM
from tests.system.writing.conftest import PushedShop


def environment(shop: PushedShop, home: str, path: str = "") -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("FAIRWAY_", "XDG_", "KUBE"))}
    folder = str(shop.folder.parent / home)
    places = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"), folder)
    return {**kept, **places, "NO_COLOR": "1", "PATH": f"{path}{os.pathsep}{kept['PATH']}" if path else kept["PATH"]}


@contextmanager
def started(shop: PushedShop, home: str, *words: str, path: str = "") -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=shop.folder,
        env=environment(shop, home, path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("homes", [("one", "two"), ("same", "same")], ids=["own-clones", "one-clone"])
def test_two_processes_at_once_both_get_their_upgrade_in(shop: PushedShop, homes: tuple[str, str]) -> None:
    shop.push("orders", "1.4.1", "1.4.3")
    shop.push("web", "5.1", "5.2.0")
    with (
        started(shop, homes[0], "poll", "prod", "-r", "orders", "--push") as one,
        started(shop, homes[1], "poll", "prod", "-r", "web", "--push") as two,
    ):
        for process in (one, two):
            out, err = process.communicate(timeout=120)
            assert process.returncode == 0, out + err
    assert sorted(shop.log()[:2]) == ["Upgrade orders to 1.4.3 in prod", "Upgrade web to 5.2.0 in prod"]
    assert "1.4.3" in shop.remote("show", "main:releases/prod.yaml")
    assert "5.2.0" in shop.remote("show", "main:releases/web.yaml")


KILLS_ITS_PARENT = """#!{python}
import os, signal, sys
if sys.argv[1] == "push" and not os.path.exists({mark!r}):
    open({mark!r}, "w").close()
    os.kill(os.getppid(), signal.SIGKILL)
    sys.exit(1)
os.execv({git!r}, ["git", *sys.argv[1:]])
"""


def test_a_kill_between_commit_and_push_costs_nothing_but_time(shop: PushedShop, tmp_path: Path) -> None:
    shop.push("orders", "1.4.1", "1.4.3")
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    mark = tmp_path / "killed"
    program.write_text(KILLS_ITS_PARENT.format(python=sys.executable, mark=str(mark), git=shutil.which("git")))
    program.chmod(0o755)
    words = ("poll", "prod", "-r", "orders", "--push")
    with started(shop, "home", *words, path=str(program.parent)) as process:
        process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL
    assert mark.exists()
    assert shop.log() == ["state", "state"]
    # Somebody else pushes before it comes back.
    shop.write("README.md", "Anna was here\n")
    shop.publish()
    with started(shop, "home", *words, path=str(program.parent)) as process:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, out + err
    assert shop.log()[0] == "Upgrade orders to 1.4.3 in prod"
    assert shop.remote("rev-list", "--count", "main") == "4"
    assert shop.remote("show", "main:README.md") == "Anna was here"
