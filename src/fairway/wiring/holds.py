"""What is held in a repository: its file, and the log of the Git repository that it is in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fairway.settings import process_environment

if TYPE_CHECKING:
    from fairway.domain.repository.models import Repository
    from fairway.services.upgrades.holding import Holding


async def read_holds(repository: Repository, env: Mapping[str, str] | None = None) -> Holding:
    """Raises InvalidInput with every mistake in `fairway.holds.yaml`; without Git there is only the file."""
    from fairway.adapters.git.history import GitLog
    from fairway.services.upgrades.holding import open_holding

    env = process_environment() if env is None else env
    return await open_holding(repository, GitLog(Path(repository.root), env))
