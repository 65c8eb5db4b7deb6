"""Places that a deployments repository is read from, each with somebody who publishes there."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.git_remotes import QUIET, Remote

from fairway.adapters.git.folder import FolderSource
from fairway.adapters.git.remote import parse_remote
from fairway.adapters.git.source import GitSource
from fairway.services.agent.ports import Source

ENV = {**os.environ, **QUIET}


@dataclass
class Place:
    """`write` and `remove` prepare; `publish` makes it visible. `open` gives a source, as after a restart."""

    name: str
    write: Callable[[str, str], None]
    remove: Callable[[str], None]
    publish: Callable[[str], object]
    open: Callable[[], Source]


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(tmp_path / "remote")


@pytest.fixture(params=["git", "folder"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "git":
        remote = Remote(tmp_path / "remote")
        open_git = lambda: GitSource(parse_remote(remote.url), tmp_path / "clone", ENV)  # noqa: E731
        return Place("git", remote.write, lambda name: (remote.work / name).unlink(), remote.publish, open_git)
    folder = tmp_path / "folder"
    folder.mkdir()

    def write(name: str, text: str) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)

    return Place(
        "folder", write, lambda name: (folder / name).unlink(), lambda subject: None, lambda: FolderSource(folder)
    )
