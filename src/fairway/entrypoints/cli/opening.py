"""What the verbs about one environment's releases share: load, choose, connect."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.chart_notices import ChartNotices
from fairway.entrypoints.cli.options import chosen, loaded
from fairway.settings import Settings

if TYPE_CHECKING:
    from fairway.adapters.git.facts import GitFacts
    from fairway.domain.repository.models import Environment, Repository
    from fairway.services.engine.opened import OpenEnvironment


@dataclass(frozen=True, slots=True)
class Place:
    """The repository, and the environments that a command line means."""

    repository: Repository
    environments: tuple[Environment, ...]

    @property
    def one(self) -> Environment:
        """The single environment; `UserError` when several are meant."""
        if len(self.environments) != 1:
            names = ", ".join(e.name for e in self.environments)
            raise UserError(f"this needs one environment, and several are meant: {names}", fix="name one of them")
        return self.environments[0]


def place_of(
    environments_file: Path, environment: str | None, cluster: str | None = None, *, every: bool = False
) -> Place:
    """Load the repository and choose; with `every`, all when none is named."""
    repository = loaded(environments_file)
    return Place(repository, chosen(repository, environment, cluster, every=every))


def environment_and_release(first: str | None, second: str | None) -> tuple[str | None, str]:
    """`[ENV] RELEASE` as people write it: a single word is the release, in the default environment."""
    if first is None:
        raise UserError("which release?", fix="e.g. fairway history prod web")
    return (None, first) if second is None else (first, second)


@asynccontextmanager
async def opened_environment(
    settings: Settings, place: Place, environment: Environment, *, engine: str = "sdk"
) -> AsyncIterator[OpenEnvironment]:
    """Connect to one environment of a place."""
    from fairway import wiring

    async with (
        wiring.chart_service(settings, place.repository.helm_repos, notices=ChartNotices()) as charts,
        wiring.open_environment(settings, place.repository, environment, charts, engine=engine) as opened,
    ):
        yield opened


async def facts_of(place: Place) -> GitFacts:
    """What git says of the repository."""
    from fairway.adapters.git.facts import read_git_facts

    return await read_git_facts(Path(place.repository.root))
