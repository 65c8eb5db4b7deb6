"""`python -m bench.writing`: from images that are pushed at once to a commit at the remote.

A real registry on loopback, a real Git remote in a folder, and the part of the agent that hears of images, looks and
writes. The time counts from the moment when the agent was told of the last image.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import resource
import subprocess
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from fairway.adapters.devcluster.ports import choose
from fairway.domain.notifications.event import Happening
from fairway.domain.upgrades.events import ImagePushed
from fairway.services.agent.troubles import Troubles
from fairway.services.agent.upgrading import Upgrading
from fairway.services.charts import CollectedNotices
from fairway.services.configuring import load_configuration
from fairway.services.intake.pending import Woken
from fairway.services.writing.changes import Outcome
from fairway.settings import load_settings
from fairway.wiring.clock import SystemClock, now
from fairway.wiring.upgrades import open_registries
from fairway.wiring.writing import open_writing

CONFIG = """\
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {storage}}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""
CALL = re.compile(rb'"(GET|HEAD) /v2/\S*?(/tags/list|/manifests/|/blobs/|)[^/"]* HTTP/1.1" \d+ .*"fairway"')


@dataclass
class Registry:
    host: str
    log: Path
    read: int = 0

    def calls(self) -> Counter[str]:
        """What Fairway asked since the last time, by kind."""
        with self.log.open("rb") as file:
            file.seek(self.read)
            text = file.read()
            self.read = file.tell()
        return Counter(f"{found[1].decode()} {found[2].decode().strip('/') or 'v2'}" for found in CALL.finditer(text))


@contextmanager
def real_registry(folder: Path) -> Iterator[Registry]:
    """The reference implementation of the distribution API, with its access log."""
    from tests.support.tools import registry_binary

    program = registry_binary()
    if program is None:
        raise SystemExit("this needs the registry program: put it on PATH, or install Go so that it can be built")
    (port,) = choose(1)
    config = folder / "registry.yml"
    config.write_text(CONFIG.format(storage=folder / "storage", port=port))
    with (folder / "registry.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "serve", config], stdout=log, stderr=log, env={"OTEL_TRACES_EXPORTER": "none"}
        )
        try:
            _wait(port)
            yield Registry(f"127.0.0.1:{port}", folder / "registry.log")
        finally:
            process.terminate()
            process.wait()


def _wait(port: int) -> None:
    for _ in range(400):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/").close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the registry did not start")


@dataclass
class Remote:
    """A bare repository, and a checkout that has it as its origin."""

    folder: Path
    count: int
    bare: Path = field(init=False)
    work: Path = field(init=False)

    def __post_init__(self) -> None:
        self.bare, self.work = self.folder / "deploy.git", self.folder / "work"

    def fill(self, host: str) -> None:
        """One file with all releases, each with an image of its own."""
        self.work.mkdir()
        (self.work / "chart").mkdir()
        (self.work / "chart/Chart.yaml").write_text("apiVersion: v2\nname: chart\nversion: 1.0.0\n")
        (self.work / "chart/values.yaml").write_text("image: {repository: x, tag: x}\n")
        releases = "".join(
            f"  - name: r{number}   # of team {number % 7}\n    chart: {{dir: chart}}\n    values:\n"
            f"      - {{key: image.repository, value: {host}/team/app-{number}}}\n"
            f'      - {{key: image.tag, value: "1.0.0"}}\n    trigger: {{image: {{track: MinorVersion}}}}\n'
            for number in range(self.count)
        )
        (self.work / "releases.yaml").write_text(f"releases:\n{releases}")
        (self.work / "environments.yaml").write_text(
            "clusters: [{name: c, provider: {devcluster: {}}}]\nenvironments:\n"
            "  - {name: prod, clusterName: c, kubeNamespace: shop, releasesFiles: [releases.yaml]}\n"
        )
        self.bare.mkdir()
        self.git(self.bare, "init", "-q", "--bare")
        for words in (
            ("init", "-q", "-b", "main"),
            ("remote", "add", "origin", f"file://{self.bare}"),
            ("add", "-A"),
            ("commit", "-qm", "Begin"),
            ("push", "-q", "origin", "main"),
        ):
            self.git(self.work, *words)
        self.git(self.bare, "symbolic-ref", "HEAD", "refs/heads/main")

    def git(self, folder: Path, *words: str) -> str:
        who = ("-c", "user.name=bench", "-c", "user.email=bench@shop.example")
        return subprocess.run(
            ["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True
        ).stdout.strip()


async def until(condition: object, seconds: float = 120.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        if time.monotonic() > ends:
            raise SystemExit("it did not come to an end")
        await asyncio.sleep(0.01)


def push_all(host: str, count: int, tag: str, told: object) -> None:
    """Eight at once, as a busy build farm does; `told` hears of each."""
    from tests.support.images import push_image

    def one(number: int) -> None:
        name = f"team/app-{number}"
        digest = push_image(host, name, tag, now())
        told(ImagePushed(f"{host}/{name}", tag, digest, now(), "generic", ""))  # type: ignore[operator]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(count)))


async def run(count: int, rounds: int, *, trust: bool) -> None:
    print("| | from the last event | window | CPU | commits | asked of the registry |")
    print("| --- | --: | --: | --: | --: | --- |")
    with tempfile.TemporaryDirectory(prefix="fairway-bench-") as name, real_registry(Path(name)) as registry:
        remote = Remote(Path(name), count)
        remote.fill(registry.host)
        await asyncio.to_thread(push_all, registry.host, count, "1.0.0", lambda event: None)
        settings = replace(load_settings(), cache_dir=Path(name) / "cache")
        outcomes: list[Outcome] = []
        file = remote.work / "environments.yaml"
        configured = load_configuration(file)
        notices = CollectedNotices()
        async with (
            open_registries(settings.cache_dir) as registries,
            open_writing(
                settings, configured, file, notices, on_written=outcomes.append, registries=registries
            ) as writing,
        ):
            clock = SystemClock()
            upgrading = Upgrading(
                writing,
                looks_after=lambda repository: repository.environments,
                leads=lambda: True,
                every=timedelta(hours=1),
                trust_events=trust,
                clock=clock,
                troubles=Troubles(clock.now, _tell_nobody),
                chance=lambda: 0.5,
            )
            await upgrading.check()
            registry.calls()
            running = [asyncio.ensure_future(upgrading.run()), asyncio.ensure_future(writing.writer.run())]
            await asyncio.sleep(1)
            loop = asyncio.get_running_loop()
            window = configured.configuration.upgrades.window.total_seconds()
            for number in range(1, rounds + 1):
                registry.calls()
                outcomes.clear()
                before = int(remote.git(remote.bare, "rev-list", "--count", "main"))
                cpu = _cpu()

                def told(event: ImagePushed) -> None:
                    loop.call_soon_threadsafe(upgrading.pushed, Woken(images=(event,)))

                await asyncio.to_thread(push_all, registry.host, count, f"1.0.{number}", told)
                last = time.monotonic()
                await until(lambda: sum(len(one.edited) for one in outcomes) >= count)
                seconds = time.monotonic() - last
                commits = int(remote.git(remote.bare, "rev-list", "--count", "main")) - before
                assert remote.git(remote.bare, "show", "main:releases.yaml").count(f'"1.0.{number}"') == count
                calls = ", ".join(f"{kind} {times}" for kind, times in sorted(registry.calls().items())) or "nothing"
                print(
                    f"| {count} images, round {number} | {seconds:.2f} s | {window:.0f} s | {_cpu() - cpu:.2f} s "
                    f"| {commits} | {calls} |",
                    flush=True,
                )
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)


def _tell_nobody(happening: Happening) -> None:
    return


def _cpu() -> float:
    """Of this process and its children: git."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.writing", description=__doc__)
    parser.add_argument("--images", type=int, default=90)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trust-events", action="store_true", help="believe what was pushed without asking")
    options = parser.parse_args()
    os.environ.setdefault("GIT_CONFIG_GLOBAL", os.devnull)
    asyncio.run(run(options.images, options.rounds, trust=options.trust_events))


if __name__ == "__main__":
    main()
