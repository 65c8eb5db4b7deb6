"""Where the demo keeps its things: a folder `.demo` here, and the development cluster `demo`.

The rule not to break: nothing is removed that the demo did not make.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.progress_line import ProgressLine
from fairway.settings import Settings
from fairway.wiring import dev_clusters

CLUSTER = "demo"
MARK = "made-by-fairway-demo"


@dataclass(frozen=True, slots=True)
class Places:
    """`start` is the folder that the demo was called in."""

    start: Path
    settings: Settings

    @property
    def root(self) -> Path:
        return self.start / ".demo"

    @property
    def shop(self) -> Path:
        """The deployments repository."""
        return self.root / "shop"

    @property
    def remote(self) -> Path:
        """Where the deployments repository is pushed to, and the agent fetches it from."""
        return self.root / "shop.git"

    @property
    def charts(self) -> Path:
        """What the chart repository serves."""
        return self.root / "charts"

    @property
    def platform(self) -> Path:
        """The deployments chapter: what the platform's people declare."""
        return self.root / "platform"

    @property
    def team(self) -> Path:
        """The deployments chapter: what a team's CI sends. Its commands run here."""
        return self.root / "web"

    @property
    def ledger_url(self) -> str:
        """The deployments chapter keeps its records, requests and queue apart from yours."""
        return f"sqlite:///{self.root / 'ledger.db'}"

    def inside(self, path: Path) -> str:
        """A path as one types it in `team`."""
        return str(Path("..") / path.relative_to(self.root))

    @property
    def down_command(self) -> str:
        """What ends the demo's cluster, as it is typed here."""
        checkout = (self.start / "Makefile").is_file() and (self.start / "src" / "fairway").is_dir()
        return "make demo-down" if checkout else "python -m fairway.entrypoints.demo --down"

    def shown(self, path: Path) -> str:
        """A path as one types it in the folder where the demo was called."""
        return str(path.relative_to(self.start))

    def make_fresh(self) -> None:
        """An empty folder of our own. Raises UserError when `.demo` is somebody else's."""
        self.remove()
        self.shop.mkdir(parents=True)
        (self.root / MARK).touch()
        self.charts.mkdir()

    def remove(self) -> bool:
        """Take the folder away; False when there was none."""
        if not self.root.exists():
            return False
        if not (self.root / MARK).is_file():
            raise UserError(f"{self.root} was not made by this demo", fix="call it in another folder, or move it away")
        shutil.rmtree(self.root)
        return True

    def cluster_exists(self) -> bool:
        return any(info.name == CLUSTER for info in dev_clusters(self.settings, _silent).list())

    def stop_cluster(self, name: str = CLUSTER) -> bool:
        """False when there was none."""
        with ProgressLine() as line:
            return dev_clusters(self.settings, line).down(name)

    def kubeconfig(self) -> Path:
        return dev_clusters(self.settings, _silent).kubeconfig_path(CLUSTER)

    def helm(self) -> Path | None:
        """The helm program, when there is one."""
        found = shutil.which("helm") or shutil.which("helm", path=str(self.settings.cache_dir / "tools"))
        return Path(found) if found else None


def _silent(doing: str) -> None:
    """Progress is told by the command line."""
