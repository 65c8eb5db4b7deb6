"""Which versions are held, by `fairway.holds.yaml` and by Git's log, and the edits of that file.

The rule not to break: a repository without history, or without git, has the holds of its file and no others; looking
for holds never fails for lack of Git.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from fairway.domain.errors import FairwayError, InvalidInput, UserError
from fairway.domain.repository.findings import Findings
from fairway.domain.repository.models import Environment, Repository
from fairway.domain.repository.sites import Document
from fairway.domain.upgrades.holds import HOLDS_FILE, HeldVersions, Hold, in_force, read_holds, same_version
from fairway.domain.upgrades.holds_file import with_hold, with_reason, without_hold
from fairway.domain.upgrades.reverted import Commit, History, history_of, reverted
from fairway.domain.yaml import compose
from fairway.services.loading import shown_path
from fairway.services.upgrades.checking import Problem, Upgrades
from fairway.services.upgrades.files import read_file, replace_file
from fairway.services.upgrades.standing import Standings
from fairway.services.upgrades.watching import Watch

MOST_COMMITS = 2000
"""How far back Git's log is read for reverts."""


class Commits(Protocol):
    """The log of the deployments repository."""

    async def recent(self, limit: int) -> Sequence[Commit]:
        """The newest commits of what is checked out, newest first; nothing where there is no Git. Never fails."""
        ...


@dataclass(frozen=True, slots=True)
class NoCommits:
    """A folder without Git."""

    async def recent(self, limit: int) -> Sequence[Commit]:
        return ()


@dataclass(frozen=True, slots=True)
class HoldsOnDisk:
    """`fairway.holds.yaml` of a repository."""

    path: Path
    shown: str
    holds: tuple[Hold, ...] = ()
    data: bytes | None = None
    """None when there is no file."""

    def adding(self, hold: Hold) -> bytes | None:
        """The file with one more entry; None when exactly that is so already. Raises CannotEdit."""
        same = [one for one in self.holds if _same(one, hold)]
        if same and same[-1].lifted == hold.lifted and (not hold.lifted or same[-1].at == hold.at):
            return None
        return with_hold(self.data, self.shown, hold)

    def write(self, data: bytes) -> None:
        """Raises Terminal."""
        replace_file(self.path, self.shown, data)

    def add(self, hold: Hold) -> bool:
        """Write one more entry; False when exactly that is so already. Raises CannotEdit, Terminal."""
        data = self.adding(hold)
        if data is not None:
            self.write(data)
        return data is not None

    def held(self, hold: Hold) -> Hold | None:
        """The entry that holds the same already."""
        same = [one for one in self.holds if _same(one, hold)]
        return same[-1] if same and not same[-1].lifted else None

    def explain(self, held: Hold, reason: str, by: str) -> None:
        """Give one of `holds` another reason. Raises as `add`."""
        self.write(with_reason(self.data or b"", self.shown, self.holds.index(held), reason, by))

    def remove(self, indices: Sequence[int]) -> None:
        """Take entries out. Raises as `add`."""
        data = self.data or b""
        for index in sorted(indices, reverse=True):
            data = without_hold(data, self.shown, index)
        replace_file(self.path, self.shown, data)


def holds_file(root: str | Path, shown_from: Path | None = None) -> HoldsOnDisk:
    """The file of the repository in a folder. Raises InvalidInput with every mistake in it, UserError when it cannot be
    read."""
    path = Path(root) / HOLDS_FILE
    shown = shown_path(str(path), shown_from or Path.cwd())
    data = read_file(path, shown)
    if data is None:
        return HoldsOnDisk(path, shown)
    findings = Findings()
    try:
        value, positions, problems = compose(data.decode(), shown)
    except UnicodeDecodeError as error:
        raise UserError(f"{shown} is not UTF-8", fix="save it as UTF-8") from error
    holds = read_holds(Document(str(path), shown, value, positions, tuple(problems)), findings)
    if findings.failed:
        raise InvalidInput(findings.in_order())
    return HoldsOnDisk(path, shown, holds, data)


@dataclass(frozen=True, slots=True)
class Holding:
    """What is held, for one look at a repository. Given to `Upgrades` as `held`."""

    written: tuple[Hold, ...] = ()
    history: History = field(default_factory=History)

    def __call__(self, watch: Watch) -> Mapping[str, str]:
        """Version → why it is held."""
        found = self.of(watch.environment, watch.release.name, watch.name, watch.key, watch.current)
        return HeldVersions((hold.version, hold.told) for hold in found)

    def of(self, environment: str, release: str, name: str, key: str, current: str) -> tuple[Hold, ...]:
        """The holds in force for one value that is `current` now."""
        written = [hold for hold in self.written if hold.concerns(environment, release, name)]
        derived = reverted(self.history, (environment, release, key), current)
        return in_force(written, derived)


async def open_holding(
    repository: Repository, commits: Commits | None = None, shown_from: Path | None = None
) -> Holding:
    """Raises as `holds_file`."""
    written = holds_file(repository.root, shown_from).holds
    log = await (commits or NoCommits()).recent(MOST_COMMITS)
    return Holding(written, history_of(log))


async def survey(
    holding: Holding, upgrades: Upgrades, environments: Sequence[Environment]
) -> tuple[list[Hold], list[Problem]]:
    """The holds in force in some environments, and the releases of which it cannot be said.

    Charts and values are only asked for releases that Git's log has upgrades of.
    """
    names = {one.name for one in environments}
    standings = Standings(upgrades)
    derived: list[Hold] = []
    problems: list[Problem] = []
    for key in holding.history.moves:
        environment, release, name = key
        found = next((one for one in environments if one.name == environment), None)
        declared = found.release(release) if found is not None else None
        if found is None or declared is None:
            continue
        try:
            current = await standings.of(found, declared, name)
        except FairwayError as error:
            problems.append(Problem(environment, release, error))
            continue
        derived += reverted(holding.history, key, current.text)
    written = [hold for hold in holding.written if hold.environment in names]
    return list(in_force(written, derived)), problems


def _same(one: Hold, other: Hold) -> bool:
    parts = (one.environment, one.release, one.name) == (other.environment, other.release, other.name)
    return parts and same_version(one.version, other.version)
