"""A writer over a real repository on this machine, with a forge in memory."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support.git_remotes import QUIET, Remote
from tests.support.writing import TagChange, load, section, shop

from fairway.adapters.forges.memory import MemoryForge
from fairway.adapters.git.remote import parse_remote
from fairway.adapters.git.working_copy import GitWorkingCopy
from fairway.domain.configuration.upgrades import UpgradesSection
from fairway.services.writing.attempts import Attempts
from fairway.services.writing.changes import Outcome
from fairway.services.writing.committing import Committing
from fairway.services.writing.proposing import Proposing, Remake
from fairway.services.writing.writer import Writer

ENV = {**os.environ, **QUIET}
AUTHOR = ("Fairway", "fairway@shop.example")


@dataclass
class Desk:
    """Everything around one writer."""

    remote: Remote
    writer: Writer
    forge: MemoryForge
    told: list[Outcome] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    def log(self, branch: str = "main") -> list[str]:
        return self.remote.git("log", "--format=%s", branch).splitlines()

    def tags(self, environment: str, branch: str = "main") -> list[str]:
        lines = self.remote.show(f"{environment}.yaml", branch).splitlines()
        return [line.split("'")[1] for line in lines if "image.tag" in line]

    def branches(self) -> list[str]:
        return self.remote.git("for-each-ref", "--format=%(refname:short)", "refs/heads/fairway/").splitlines()


def desk(
    remote: Remote,
    folder: Path,
    settings: UpgradesSection,
    *,
    forge: bool = True,
    most: int = 10,
    known: MemoryForge | None = None,
    remake: Remake = TagChange,
) -> Desk:
    """A writer with a clone of its own in `folder`."""
    copy = GitWorkingCopy(parse_remote(remote.url), folder, ENV, AUTHOR)
    made: list[float] = []

    async def sleep(seconds: float) -> None:
        made.append(seconds)

    attempts = Attempts(most, sleep, lambda: 0.5)
    known = known or MemoryForge()
    proposing = Proposing(copy, load, known, settings.pull_requests, remake, settings.message, attempts)
    committing = Committing(copy, load, settings.message, known.commit_url, attempts)
    writer = Writer(settings, committing, proposing if forge else None)
    found = Desk(remote, writer, known, pauses=made)
    writer.on_written = found.told.append
    return found


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return shop(tmp_path / "remote")


@pytest.fixture
def commits(remote: Remote, tmp_path: Path) -> Desk:
    return desk(remote, tmp_path / "copy", section())


@pytest.fixture
def requests(remote: Remote, tmp_path: Path) -> Desk:
    return desk(remote, tmp_path / "copy", section(write="pullRequest"))
