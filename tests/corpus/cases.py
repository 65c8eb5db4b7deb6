"""The corpus as tests take it: charts of our own that together use everything of Helm which charts rely on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from fairway.domain.charts.archive import write_archive
from fairway.domain.charts.rendering import Capabilities, ChartSource, RenderRequest

CORPUS = Path(__file__).parent
BUILT_IN = tuple((CORPUS / "built-in.txt").read_text().split())
"""What `helm template` (4.2 and 4.3) takes as served without being told; `helm install` asks the cluster instead."""


@dataclass(frozen=True)
class Case:
    """One entry of corpus.yaml; see there for the fields."""

    name: str
    chart: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    upgrade: bool = False
    kubeVersion: str = "v1.36.3"
    apiVersions: list[str] = field(default_factory=list)
    error: str = ""
    where: str = ""
    random: bool = False
    install: bool = True
    then: list[dict[str, Any]] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return CORPUS / "charts" / (self.chart or self.name)

    def source(self, path: Path | None = None) -> ChartSource:
        path = path or self.folder
        metadata = yaml.safe_load((self.folder / "Chart.yaml").read_text())
        texts = b"".join(file.read_bytes() for file in self.folder.rglob("templates/**/*") if file.is_file())
        return ChartSource(
            metadata["name"],
            metadata["version"],
            str(path),
            f"sha256:{self.folder.name}-{path.suffix}",
            f"dir charts/{self.folder.name}",
            uses_lookup=b"lookup" in texts,
        )

    def request(self, path: Path | None = None, *, release: str = "rel", namespace: str = "corpus") -> RenderRequest:
        served = tuple(sorted({*BUILT_IN, *self.apiVersions}))
        return RenderRequest(
            self.source(path), self.values, release, namespace, 1, self.upgrade, Capabilities(self.kubeVersion, served)
        )

    def packed(self, folder: Path) -> Path:
        """The chart as an archive; what .helmignore hides stays out, as `helm package` does."""
        hidden = {"templates/x.yaml.bak", "templates/skip-me.yaml", "secret/file.txt", "top.txt"}
        files = {
            file.relative_to(self.folder).as_posix(): file.read_bytes()
            for file in self.folder.rglob("*")
            if file.is_file()
        }
        if ".helmignore" in files:
            files = {path: data for path, data in files.items() if path not in hidden}
        archive = folder / f"{self.folder.name}.tgz"
        archive.write_bytes(write_archive(self.folder.name, files))
        return archive


def load_cases() -> list[Case]:
    document = yaml.safe_load((CORPUS / "corpus.yaml").read_text())
    return [Case(**{"values": {}, **entry}) for entry in document["cases"]]


CASES = load_cases()
"""All of them."""

INSTALLABLE = [case for case in CASES if case.install and not case.error]
"""Those that a cluster takes."""
