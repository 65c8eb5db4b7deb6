"""One publisher for each kind of place, so that the same tests run over all of them."""

from __future__ import annotations

import http.client
import os
import subprocess
import urllib.parse
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tests.support.chart_servers import MANIFEST, WebServer
from tests.support.charts import archive, chart_files, sha256, write_chart

from fairway.adapters.charts.cache import FileCache
from fairway.adapters.charts.folders import DiskFolders
from fairway.adapters.charts.web import Patience, Web
from fairway.domain.charts.sources import Identity, Resolved
from fairway.domain.errors import Position
from fairway.domain.repository.models import ChartKind, ChartReference, HelmRepo
from fairway.services.charts import Charts, CollectedNotices
from fairway.services.charts.ports import ChartFetcher
from fairway.wiring import chart_fetchers

AT = Position("releases.yaml", 7, 12)


class Place(Protocol):
    """Where charts are published; each offers versions of one chart `web`."""

    name: str
    repos: tuple[HelmRepo, ...]
    lists_versions: bool
    """Whether the place offers several versions under one reference."""

    def publish(self, version: str, more: Mapping[str, str] | None = None) -> None: ...

    def ref(self, version: str | None) -> ChartReference: ...

    def break_off(self) -> None:
        """Be unreachable from now on."""
        ...


@dataclass
class RepositoryPlace:
    web: WebServer
    repos: tuple[HelmRepo, ...] = ()
    name: str = "repository"
    lists_versions: bool = True

    def __post_init__(self) -> None:
        self.repos = self.repos or (HelmRepo("stable", self.web.url, AT),)

    def publish(self, version: str, more: Mapping[str, str] | None = None) -> None:
        self.web.publish("web", version, archive(chart_files("web", version, more)))

    def ref(self, version: str | None) -> ChartReference:
        return ChartReference(ChartKind.REPOSITORY, "stable/web", version, AT)

    def break_off(self) -> None:
        self.web.stop()


@dataclass
class RegistryPlace:
    """The stand-in: speaks the protocol, with tokens and pages."""

    web: WebServer
    repos: tuple[HelmRepo, ...] = ()
    name: str = "oci"
    lists_versions: bool = True

    def publish(self, version: str, more: Mapping[str, str] | None = None) -> None:
        self.web.push("charts/web", version.replace("+", "_"), archive(chart_files("web", version, more)))

    def ref(self, version: str | None) -> ChartReference:
        return ChartReference(ChartKind.OCI, f"oci://{self.web.host}/charts/web", version, AT)

    def break_off(self) -> None:
        self.web.stop()


@dataclass
class RealRegistryPlace:
    """The reference implementation of the distribution protocol; it is never cut off, others use it too."""

    host: str
    folder: str
    repos: tuple[HelmRepo, ...] = ()
    name: str = "oci-real"
    lists_versions: bool = True

    def publish(self, version: str, more: Mapping[str, str] | None = None) -> None:
        push_chart(
            self.host, f"{self.folder}/web", version.replace("+", "_"), archive(chart_files("web", version, more))
        )

    def ref(self, version: str | None) -> ChartReference:
        return ChartReference(ChartKind.OCI, f"oci://{self.host}/{self.folder}/web", version, AT)

    def break_off(self) -> None:
        self.host = "127.0.0.1:1"


@dataclass
class AddressPlace:
    web: WebServer
    repos: tuple[HelmRepo, ...] = ()
    name: str = "url"
    lists_versions: bool = False

    def publish(self, version: str, more: Mapping[str, str] | None = None) -> None:
        self.web.files["/web.tgz"] = self.data = archive(chart_files("web", version, more))

    def ref(self, version: str | None) -> ChartReference:
        pinned = f"#sha256={sha256(self.data)}" if version else ""
        return ChartReference(ChartKind.HTTP, f"{self.web.url}/web.tgz{pinned}", None, AT)

    def break_off(self) -> None:
        self.web.stop()


@dataclass
class BucketPlace:
    client: Any
    bucket: str
    server: Any
    repos: tuple[HelmRepo, ...] = ()
    name: str = "s3"
    lists_versions: bool = True

    def publish(self, version: str, more: Mapping[str, str] | None = None) -> None:
        body = archive(chart_files("web", version, more))
        self.client.put_object(Bucket=self.bucket, Key=f"team/web-{version}.tgz", Body=body)

    def ref(self, version: str | None) -> ChartReference:
        return ChartReference(ChartKind.S3, f"s3://{self.bucket}/team/web", version, AT)

    def break_off(self) -> None:
        self.server.stop()


@dataclass
class GitPlace:
    """A version is a tag; no version means the branch."""

    work: Path
    remote: str
    repos: tuple[HelmRepo, ...] = ()
    name: str = "git"
    lists_versions: bool = False
    tags: list[str] = field(default_factory=list)

    def publish(self, version: str, more: Mapping[str, str] | None = None) -> None:
        write_chart(self.work / "charts" / "web", chart_files("web", version, more))
        git(self.work, "add", ".")
        git(self.work, "commit", "-q", "-m", version)
        git(self.work, "tag", f"v{version}")
        self.tags.append(version)

    def ref(self, version: str | None) -> ChartReference:
        ref = (
            git(self.work, "rev-parse", f"v{version}")
            if version in self.tags
            else (f"v{version}" if version else "main")
        )
        return ChartReference(ChartKind.GIT, f"git+{self.remote}//charts/web?ref={ref}", None, AT)

    def break_off(self) -> None:
        self.work.rename(self.work.with_name("moved-away"))


def git(folder: Path, *arguments: str) -> str:
    env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *who, *arguments], cwd=folder, env=env, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def push_chart(host: str, repository: str, tag: str, data: bytes) -> None:
    """Upload with plain requests, as any registry takes them."""
    config = b"{}"
    for blob in (config, data):
        status, headers, _ = _call(host, "POST", f"/v2/{repository}/blobs/uploads/")
        assert status == 202
        place = urllib.parse.urlsplit(headers["location"])
        target = f"{place.path}?{place.query}&digest=sha256:{sha256(blob)}"
        status, _, text = _call(host, "PUT", target, blob, {"Content-Type": "application/octet-stream"})
        assert status == 201, text
    scratch = WebServer()
    scratch.push(repository, tag, data)
    manifest = scratch.files[f"/v2/{repository}/manifests/{tag}"]
    status, _, text = _call(host, "PUT", f"/v2/{repository}/manifests/{tag}", manifest, {"Content-Type": MANIFEST})
    assert status == 201, text


def _call(
    host: str, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(host, timeout=20)
    try:
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


class Counting:
    """A fetcher that counts; everything is done by the one inside."""

    def __init__(self, inner: ChartFetcher) -> None:
        self._inner = inner
        self.resolved = 0
        self.fetched = 0

    def identify(self, ref: ChartReference) -> Identity:
        return self._inner.identify(ref)

    async def resolve(self, ref: ChartReference) -> Resolved:
        self.resolved += 1
        return await self._inner.resolve(ref)

    async def fetch(self, chart: Resolved, scratch: Path) -> bytes | Path:
        self.fetched += 1
        return await self._inner.fetch(chart, scratch)

    async def versions(self, ref: ChartReference) -> list[str]:
        return await self._inner.versions(ref)


@dataclass
class Run:
    """One run of Fairway as far as charts are concerned, with everything below `home`."""

    charts: Charts
    counting: dict[ChartKind, Counting]
    notices: CollectedNotices

    @property
    def fetched(self) -> int:
        return sum(item.fetched for item in self.counting.values())

    @property
    def resolved(self) -> int:
        return sum(item.resolved for item in self.counting.values())

    @property
    def warnings(self) -> list[str]:
        return [item.message for item in self.notices.warnings]


@asynccontextmanager
async def a_run(
    home: Path,
    repos: Sequence[HelmRepo] = (),
    *,
    env: Mapping[str, str] | None = None,
    offline: bool = False,
    attempts: int = 2,
) -> AsyncIterator[Run]:
    notices = CollectedNotices()
    cache = FileCache(home / "cache" / "charts", notices.progress)
    web = Web(notices.progress, patience=Patience(attempts, 0.01, 20.0), offline=offline)
    full = {**os.environ, "HOME": str(home), **(env or {})}
    fetchers = chart_fetchers(web, cache, repos, full, offline=offline)
    counting = {kind: Counting(fetcher) for kind, fetcher in fetchers.items()}
    names = {repo.name: repo.url for repo in repos}
    charts = Charts(counting, DiskFolders(), cache, repositories=names, notices=notices, close=web.aclose)
    async with charts:
        yield Run(charts, counting, notices)
