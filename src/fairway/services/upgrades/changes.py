"""Upgrades, reverts and holds as changes of the deployments repository, for the writer.

The rule not to break: nothing is written that was decided about other files. Each change looks at its release again in
the repository that it is given; when the value is no longer the one it was made for, somebody was faster, and it does
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Self, cast

from fairway.domain.errors import FairwayError
from fairway.domain.repository.models import Environment, Release, Repository
from fairway.domain.upgrades.holds import Hold, version_to_hold
from fairway.domain.upgrades.reverted import HOLD, REVERT, UPGRADE
from fairway.domain.upgrades.upgrade import Level, Upgrade, level_of
from fairway.services.upgrades.checking import Look, Upgrades
from fairway.services.upgrades.describing import upgrade_of
from fairway.services.upgrades.holding import holds_file
from fairway.services.upgrades.patching import ValueEdit, edit_values
from fairway.services.upgrades.standing import Standing, Standings
from fairway.services.upgrades.watching import Watch
from fairway.services.writing.changes import Change, Edited
from fairway.services.writing.making import Made

Opened = Callable[[Repository], AbstractAsyncContextManager[Upgrades]]
"""Upgrades of a repository as it is now; the wiring has it as `open_upgrades`."""


@dataclass(frozen=True, slots=True)
class UpgradeChange:
    """One value of one release from `upgrade.old` to `upgrade.new`."""

    upgrade: Upgrade
    opened: Opened
    lock: bool = False
    """Write it into the lock file instead of the file that holds the value."""
    shown_from: Path | None = None
    """What positions of the repository are relative to; default: the working directory."""
    watch: Watch | None = None
    """What was looked at: a version that was held since is not written."""

    @classmethod
    def of(cls, look: Look, opened: Opened, *, lock: bool = False) -> Self:
        return cls(upgrade_of(look), opened, lock, watch=look.watch)

    @property
    def key(self) -> str:
        return f"{self.upgrade.environment}/{self.upgrade.release} {self.upgrade.key}"

    @property
    def environment(self) -> str:
        return self.upgrade.environment

    @property
    def release(self) -> str:
        return self.upgrade.release

    async def make(self, repository: Repository) -> Edited | None:
        (made,) = await self.make_together(repository, [self])
        if isinstance(made, FairwayError):
            raise made
        return made

    async def make_together(self, repository: Repository, changes: Sequence[Change]) -> Sequence[Made]:
        """All upgrades of a round with one edit of each file."""
        mine = cast(Sequence[UpgradeChange], changes)
        try:
            return await self._make(repository, mine)
        except FairwayError as error:  # of what they share: the repository's own files, or a full disk
            return [error for _ in mine]

    async def _make(self, repository: Repository, mine: Sequence[UpgradeChange]) -> Sequence[Made]:
        async with self.opened(repository) as upgrades:
            standings = Standings(upgrades)
            edits = [await change._edit(repository, standings) for change in mine]
        done = await edit_values(repository, [edit for edit in edits if isinstance(edit, ValueEdit)], self.shown_from)
        made: list[Made] = []
        for change, edit in zip(mine, edits, strict=True):
            if isinstance(edit, ValueEdit):
                made.append(done.refused.get(edit) or change._edited(done.paths[edit]))
            else:
                made.append(edit)
        return made

    async def _edit(self, repository: Repository, standings: Standings) -> ValueEdit | FairwayError | None:
        """None when it is so already, or nobody wants it any more."""
        found = declared(repository, self.environment, self.release)
        if found is None or not _triggers(found[1], self.upgrade):
            return None
        try:
            now = await standings.of(*found, self.upgrade.key)
        except FairwayError as error:
            return error
        if now.text != self.upgrade.old or self._is_held(standings.upgrades, found[1]):
            return None
        return value_edit(found, self.upgrade.key, self.upgrade.new, now, lock=self.lock)

    def _is_held(self, upgrades: Upgrades, release: Release) -> bool:
        return self.watch is not None and self.upgrade.new in upgrades.held(replace(self.watch, release=release))

    def _edited(self, files: tuple[Path, ...]) -> Edited:
        one = self.upgrade
        summary = f"{one.release} {one.old.partition('@')[0]} → {one.new.partition('@')[0]} ({one.environment})"
        trailer = f"{one.environment}/{one.release} {one.key} {one.old} {one.new}"
        return Edited(files, summary, one, ((UPGRADE, trailer),))


@dataclass(frozen=True, slots=True)
class HoldChange:
    """One more entry of `fairway.holds.yaml`; with `hold.lifted` the version may come again."""

    hold: Hold
    shown_from: Path | None = None

    @property
    def key(self) -> str:
        one = self.hold
        return f"{one.environment}/{one.release} hold {one.name or '*'} {one.version}"

    @property
    def environment(self) -> str:
        return self.hold.environment

    @property
    def release(self) -> str:
        return self.hold.release

    async def make(self, repository: Repository) -> Edited | None:
        file = holds_file(repository.root, self.shown_from)
        if not file.add(self.hold):
            return None
        one = self.hold
        verb = "lift the hold on" if one.lifted else "hold"
        summary = f"{verb} {one.release} {one.version} ({one.environment})"
        return Edited((file.path,), summary, trailers=(_hold_trailer(one),), why=one.reason)


@dataclass(frozen=True, slots=True)
class RevertChange:
    """A value back to what it was before an upgrade, and a hold, so that the next look does not bring it again."""

    environment: str
    release: str
    key_of_value: str
    from_version: str
    to_version: str
    reason: str
    opened: Opened
    name: str = ""
    """The image or chart, for the hold."""
    by: str = ""
    at: datetime | None = None
    lock: bool = False
    shown_from: Path | None = None

    @property
    def key(self) -> str:
        """That of an upgrade of the same value: the later of the two counts."""
        return f"{self.environment}/{self.release} {self.key_of_value}"

    @property
    def level(self) -> Level:
        """That of the upgrade that is taken back: it is written as that one was."""
        return level_of(self.to_version, self.from_version)

    @property
    def hold(self) -> Hold:
        version = version_to_hold(self.from_version, self.to_version)
        return Hold(self.environment, self.release, version, self.name, self.reason, self.by, self.at)

    async def make(self, repository: Repository) -> Edited | None:
        found = declared(repository, self.environment, self.release)
        if found is None:
            return None
        async with self.opened(repository) as upgrades:
            now = await Standings(upgrades).of(*found, self.key_of_value)
        if self.from_version not in (now.text, now.text.partition("@")[0]):
            return None
        holds = holds_file(repository.root, self.shown_from)
        held = holds.adding(self.hold)  # before anything is written: it may be refused
        edit = value_edit(found, self.key_of_value, self.to_version, now, lock=self.lock)
        done = await edit_values(repository, [edit], self.shown_from)
        if edit in done.refused:
            raise done.refused[edit]
        if held is not None:
            holds.write(held)
        files = (*done.paths[edit], *((holds.path,) if held is not None else ()))
        before, after = self.from_version.partition("@")[0], self.to_version.partition("@")[0]
        summary = f"take {self.release} back from {before} to {after} in {self.environment}"
        trailer = f"{self.environment}/{self.release} {self.key_of_value} {self.from_version} {self.to_version}"
        return Edited(files, summary, trailers=((REVERT, trailer), _hold_trailer(self.hold)), why=self.reason)


def _hold_trailer(hold: Hold) -> tuple[str, str]:
    return HOLD, f"{hold.environment}/{hold.release} {hold.name or '*'} {hold.version}"


def declared(repository: Repository, environment: str, release: str) -> tuple[Environment, Release] | None:
    """The release as it stands in the repository now."""
    found = repository.environment(environment)
    declared = found.release(release) if found is not None else None
    return (found, declared) if found is not None and declared is not None else None


def value_edit(found: tuple[Environment, Release], key: str, new: str, now: Standing, *, lock: bool) -> ValueEdit:
    environment, release = found
    return ValueEdit(environment.name, release, key, new, now.where, now.origins, lock=lock)


def _triggers(release: Release, upgrade: Upgrade) -> bool:
    """Whether the release still asks for upgrades of this value."""
    if upgrade.kind == "chart":
        return bool(release.chart_triggers)
    return any(trigger.tag_value == upgrade.key for trigger in release.image_triggers)
