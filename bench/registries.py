"""`python -m bench.registries`: how long it takes to look at many image repositories, and what it costs the registry.

Each row is `fairway poll` as a library call: the deployments repository is read, its charts and values are resolved,
the registry is asked, and a version is chosen for every release.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import tempfile
import time
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path

from bench.registry_server import registry
from fairway.services.charts import CollectedNotices
from fairway.services.loading import load_repository
from fairway.settings import load_settings
from fairway.wiring import open_upgrades
from fairway.wiring.upgrades import Registries, open_registries


@dataclass(frozen=True)
class Row:
    what: str
    seconds: float
    cpu: float
    requests: dict[str, int]
    repositories: int

    def __str__(self) -> str:
        asked = ", ".join(f"{name} {count}" for name, count in sorted(self.requests.items())) or "none"
        total = sum(self.requests.values())
        per = total / self.repositories
        return f"| {self.what} | {self.seconds:.2f} s | {self.cpu:.2f} s | {total:,} | {per:.2f} | {asked} |"


HEAD = "| | wall | CPU | requests | per repository | which |\n| --- | --: | --: | --: | --: | --- |"


def write_repository(folder: Path, host: str, repositories: int, track: str) -> Path:
    """`repositories` releases, each with an image of its own."""
    (folder / "chart").mkdir(parents=True)
    (folder / "chart/Chart.yaml").write_text("apiVersion: v2\nname: chart\nversion: 1.0.0\n")
    (folder / "chart/values.yaml").write_text("image: {repository: x, tag: x}\n")
    releases = "".join(
        f"  - name: r{number}\n    chart: {{dir: chart}}\n    values:\n"
        f"      - {{key: image.repository, value: {host}/team/app-{number}}}\n"
        f'      - {{key: image.tag, value: "1.0.0"}}\n    trigger: {{image: {{track: {track}}}}}\n'
        for number in range(repositories)
    )
    (folder / "releases.yaml").write_text(f"releases:\n{releases}")
    (folder / "environments.yaml").write_text(
        "clusters: [{name: c, provider: {devcluster: {}}}]\nenvironments:\n"
        "  - {name: e, clusterName: c, kubeNamespace: e, releasesFiles: [releases.yaml]}\n"
    )
    return folder / "environments.yaml"


async def look(what: str, file: Path, cache: Path, host: str, count: int, registries: Registries | None = None) -> None:
    """One look at everything, printed when it has a name; every release must find its upgrade."""
    _counts(host)
    settings = replace(load_settings(), cache_dir=cache)
    started, cpu = time.monotonic(), _cpu()
    repository = load_repository(file)
    async with open_upgrades(settings, repository, CollectedNotices(), registries=registries) as upgrades:
        report = await upgrades.check(repository.environments)
    row = Row(what, time.monotonic() - started, _cpu() - cpu, _counts(host), count)
    if len(report.upgrades) != count:
        raise SystemExit(f"{what}: {len(report.upgrades)} of {count} upgrades; {report.problems[:3]}")
    if what:
        print(row, flush=True)


async def scenario(folder: Path, name: str, track: str, repositories: int, tags: int, *, tokens: bool) -> None:
    with registry(tags, tokens=tokens) as host:
        file = write_repository(folder / name, host, repositories, track)
        cache = folder / f"{name}-cache"
        kind = f"{repositories} × {tags}, {track}{', tokens' if tokens else ''}"
        await look(f"{kind}: cold", file, cache, host, repositories)
        await look(f"{kind}: warm, from disk", file, cache, host, repositories)
        async with open_registries(cache) as registries:
            await look("", file, cache, host, repositories, registries)
            await look(f"{kind}: warm, kept open as by an agent", file, cache, host, repositories, registries)


def _counts(host: str) -> dict[str, int]:
    with urllib.request.urlopen(f"http://{host}/count") as answer:
        found: dict[str, int] = json.loads(answer.read())
    return found


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def run(repositories: int, tags: int, newest: int) -> None:
    print(HEAD)
    with tempfile.TemporaryDirectory(prefix="fairway-bench-") as name:
        folder = Path(name)
        await scenario(folder, "versions", "MinorVersion", repositories, tags, tokens=False)
        await scenario(folder, "tokens", "MinorVersion", repositories, tags, tokens=True)
        await scenario(folder, "newest", "Newest", newest, tags, tokens=False)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.registries", description=__doc__)
    parser.add_argument("--repositories", type=int, default=200)
    parser.add_argument("--tags", type=int, default=500)
    parser.add_argument("--newest", type=int, default=20, help="repositories whose tags are all dated")
    options = parser.parse_args()
    asyncio.run(run(options.repositories, options.tags, options.newest))


if __name__ == "__main__":
    main()
