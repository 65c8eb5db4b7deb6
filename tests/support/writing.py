"""A small deployments repository at a remote, and changes of it that are no more than an edit of one line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tests.support.git_remotes import Remote

from fairway.domain.configuration.upgrades import UpgradesSection
from fairway.domain.errors import UserError
from fairway.domain.repository.models import Repository
from fairway.domain.upgrades.reverted import UPGRADE
from fairway.domain.upgrades.upgrade import Upgrade
from fairway.services.loading import read_repository
from fairway.services.writing.changes import Edited

ENVIRONMENTS = """\
clusters:
  - name: local
    provider: {devcluster: {}}
environments:
  - {name: staging, clusterName: local, kubeNamespace: shop-staging, releasesFiles: [staging.yaml]}
  - {name: prod, clusterName: local, kubeNamespace: shop, releasesFiles: [prod.yaml]}
"""
CHART = "apiVersion: v2\nname: app\nversion: 1.0.0\n"


def shop(folder: Path, releases: Sequence[str] = ("web", "orders")) -> Remote:
    """Each release in staging and prod, all at 1.0.0; CRLF, comments and blanks as people write them."""
    remote = Remote(folder)
    remote.write("environments.yaml", ENVIRONMENTS)
    remote.write("chart/Chart.yaml", CHART)
    remote.write("chart/values.yaml", "image: {repository: shop/app, tag: ''}\n")
    for environment in ("staging", "prod"):
        lines = "".join(
            f"  - name: {name}   # {environment}\r\n"
            "    chart: {dir: chart}\r\n"
            "    triggers: [{image: {track: MinorVersion}}]\r\n"
            f"    values: [{{key: image.tag, value:  '1.0.0'}}]   # tag of {name}\r\n"
            for name in releases
        )
        remote.write(f"{environment}.yaml", f"# {environment}\r\nreleases:\r\n{lines}".encode())
    remote.publish("Begin")
    return remote


def load(top: Path) -> Repository:
    return read_repository(top / "environments.yaml").complete()


def upgrade(environment: str, release: str, new: str, old: str = "1.0.0", **more: str) -> Upgrade:
    return Upgrade(environment, release, "image", f"shop/{release}", "image.tag", old, new, **more)


@dataclass
class TagChange:
    """Sets the tag of a release, if it is `old` still."""

    upgrade: Upgrade
    made: int = 0
    """How often it was asked for."""

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
        self.made += 1
        one = self.upgrade
        environment = repository.environment(one.environment)
        if environment is None or environment.release(one.release) is None:
            raise UserError(f"there is no release {one.release} in {repository.root}/{one.environment}.yaml")
        path = Path(repository.root) / f"{one.environment}.yaml"
        data = path.read_bytes()
        line = rb"value:  '%s'}\]   # tag of %s\r" % (re.escape(one.old.encode()), one.release.encode())
        changed = re.sub(line, lambda found: found[0].replace(one.old.encode(), one.new.encode()), data)
        if changed == data:
            return None
        path.write_bytes(changed)
        trailer = f"{one.environment}/{one.release} {one.key} {one.old} {one.new}"
        return Edited((path,), f"{one.release} {one.old} → {one.new} ({one.environment})", one, ((UPGRADE, trailer),))


@dataclass
class NoteChange:
    """Something that is not an upgrade: a new file."""

    environment: str
    text: str
    release: str = "web"
    name: str = "note.txt"

    @property
    def key(self) -> str:
        return f"{self.environment} {self.name}"

    async def make(self, repository: Repository) -> Edited | None:
        path = Path(repository.root) / self.name
        if path.exists() and path.read_text() == self.text:
            return None
        path.write_text(self.text)
        return Edited((path,), f"note {self.text}", trailers=(("Fairway-Hold", f"{self.environment}/web * 1.0.1"),))


def change(environment: str, release: str, new: str, old: str = "1.0.0", **more: str) -> TagChange:
    return TagChange(upgrade(environment, release, new, old, **more))


def section(window: timedelta = timedelta(milliseconds=10), **given: object) -> UpgradesSection:
    """As fairway.yaml has it, with a shorter window."""
    return UpgradesSection.model_validate(given).model_copy(update={"window": window})
