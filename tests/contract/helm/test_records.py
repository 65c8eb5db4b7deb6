"""Records go both ways: what we store the real `helm` reads, rolls back and upgrades, and what it stores we read."""

from __future__ import annotations

import base64
import gzip
import json
import re
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.corpus.cases import CASES, INSTALLABLE, Case
from tests.support.clusters import Cluster

from fairway.adapters.helm.sdk import SdkRenderer
from fairway.adapters.helm.secrets import SecretRevisionStore
from fairway.adapters.kube import open_cluster
from fairway.domain.releases.record import decode, encode
from fairway.domain.releases.revision import Revision, Status

pytestmark = [pytest.mark.cluster, pytest.mark.helm]

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Helm:
    """The program in one namespace."""

    def __init__(self, program: Path, cluster: Cluster, namespace: str) -> None:
        self.program, self.cluster, self.namespace = program, cluster, namespace

    def __call__(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--output", "json"))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.program), *arguments, "--namespace", self.namespace]
        return subprocess.run(
            [*command, "--kubeconfig", str(self.cluster.kubeconfig)], capture_output=True, text=True, check=False
        )

    def stored(self, name: str, version: int) -> dict[str, Any]:
        """The Secret of a revision."""
        path = f"/api/v1/namespaces/{self.namespace}/secrets/sh.helm.release.v1.{name}.v{version}"
        secret: dict[str, Any] = self.cluster.client.get(path)
        return secret


@pytest.fixture
def real(helm: Path, cluster: Cluster, namespace: str) -> Helm:
    return Helm(helm, cluster, namespace)


@pytest.fixture
async def store(cluster: Cluster) -> AsyncIterator[SecretRevisionStore]:
    async with open_cluster(str(cluster.kubeconfig), cluster.context) as kube:
        yield SecretRevisionStore(kube, now=lambda: datetime.now(UTC), new_id=lambda: "0123456789")


def case_of(name: str) -> Case:
    return next(case for case in CASES if case.name == name)


async def revision_of(case: Case, namespace: str, version: int, values: dict[str, Any] | None = None) -> Revision:
    request = replace(case.request(namespace=namespace), values=values or case.values, revision=version)
    rendered = await SdkRenderer().render(request)
    return Revision(
        "rel",
        namespace,
        version,
        Status.DEPLOYED,
        rendered.manifest,
        dict(request.values),
        rendered.chart,
        rendered.hooks,
        first_deployed=NOW,
        last_deployed=NOW,
        description="Install complete",
        notes=rendered.notes,
        labels={"team": "shop"},
        notes_to_self={"inputs": "sha256:1"},
    )


def in_record(secret: dict[str, Any]) -> dict[str, Any]:
    """The JSON inside, decoded without our code."""
    record: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"]))))
    return record


WRITTEN = [
    "plain",
    "hooks-policies",
    "sub-import-values",
    "files",
    "locked",
    "v1-requirements",
    "release-info",
    "notes",
]


@pytest.mark.parametrize("name", WRITTEN)
async def test_helm_reads_what_we_store(name: str, real: Helm, store: SecretRevisionStore, namespace: str) -> None:
    revision = await revision_of(case_of(name), namespace, 1)
    await store.create(revision)
    (listed,) = real.json("list")
    assert (listed["name"], listed["revision"], listed["status"]) == ("rel", "1", "deployed")
    assert listed["chart"] == revision.chart_label
    status = real.json("status", "rel")
    assert (status["manifest"], status["info"].get("notes", "")) == (revision.manifest, revision.notes)
    assert real("get", "manifest", "rel").rstrip("\n") == revision.manifest.rstrip("\n")
    assert (real.json("get", "values", "rel") or {}) == revision.config
    assert revision.chart["metadata"]["version"] in real("get", "all", "rel")
    assert real("get", "hooks", "rel").count("# Source:") == len(revision.hooks)
    assert real.json("get", "metadata", "rel")["chart"] == revision.chart["metadata"]["name"]
    (entry,) = real.json("history", "rel")
    assert (entry["revision"], entry["status"], entry["description"]) == (1, "deployed", "Install complete")


async def test_helm_rolls_back_upgrades_and_uninstalls_what_we_store(
    real: Helm, store: SecretRevisionStore, namespace: str
) -> None:
    case = case_of("upgrades")
    await store.create(replace(await revision_of(case, namespace, 1), status=Status.SUPERSEDED))
    await store.create(await revision_of(case, namespace, 2, {"step": 2}))
    real("rollback", "rel", "1")
    settings = real.cluster.client.get(f"/api/v1/namespaces/{namespace}/configmaps/rel")
    assert settings["data"] == {"step": "1", "leaves": "yes"}
    assert [(e["revision"], e["status"]) for e in real.json("history", "rel")] == [
        (1, "superseded"),
        (2, "superseded"),
        (3, "deployed"),
    ]
    real("upgrade", "rel", str(case.folder), "--reuse-values", "--set", "step=3")
    after = await store.read(namespace, "rel", 4)
    assert after is not None
    assert (after.status, after.config) == (Status.DEPLOYED, {"step": 3})
    assert (after.labels, dict(after.notes_to_self)) == ({"team": "shop"}, {})
    superseded = await store.read(namespace, "rel", 2)
    assert superseded is not None
    assert superseded.status is Status.SUPERSEDED
    real("uninstall", "rel")
    assert await store.summaries(namespace) == []


async def test_reuse_values_finds_the_defaults_of_the_chart_that_we_stored(
    real: Helm, store: SecretRevisionStore, namespace: str
) -> None:
    case = case_of("sub-import-values")
    await store.create(await revision_of(case, namespace, 1, {"level": 7}))
    real("upgrade", "rel", str(case.folder), "--reuse-values")
    data = real.cluster.client.get(f"/api/v1/namespaces/{namespace}/configmaps/rel")["data"]
    assert (data["level"], json.loads(data["http"])["ports"]) == ("7", {"admin": 9090, "http": 8080})


async def test_helm_refuses_to_change_a_release_whose_record_is_in_parts(
    real: Helm, store: SecretRevisionStore, namespace: str
) -> None:
    case = case_of("large")
    revision = await revision_of(case, namespace, 1, {"maps": 3, "lines": 14_000})
    assert len(encode(revision)) > 1024 * 1024
    await store.create(revision)
    (listed,) = real.json("list")
    assert (listed["chart"], listed["status"]) == ("large-1.0.0", "deployed")
    assert "keeps it in" in real("get", "manifest", "rel")
    refused = real.run("upgrade", "rel", str(case.folder))
    assert refused.returncode != 0
    assert "RecordInParts" in refused.stderr
    # helm marks the release as uninstalling before it reads the manifest, which must not lose the parts.
    assert real.run("uninstall", "rel").returncode != 0
    (summary,) = await store.summaries(namespace)
    assert (summary.status, summary.helm_readable) == (Status.UNINSTALLING, False)
    read = await store.read(namespace, "rel", 1)
    assert read is not None
    assert read.manifest == revision.manifest


READ = [case for case in INSTALLABLE if case.name in {
    "plain", "hooks-events", "hooks-policies", "hooks-resources", "sub-aliases", "sub-import-values", "library-user",
    "notes", "empty-documents", "lists", "files", "keep", "multi-document", "weird-yaml", "locked", "v1-requirements",
    "release-info", "helpers", "schema", "capabilities",
}]  # fmt: skip


@pytest.mark.parametrize("case", READ, ids=[case.name for case in READ])
async def test_we_read_what_helm_stores_and_lose_nothing(
    case: Case, real: Helm, store: SecretRevisionStore, namespace: str, tmp_path: Path
) -> None:
    values = tmp_path / "values.json"
    values.write_text(json.dumps(case.values))
    real("install", "rel", str(case.folder), "-f", str(values), "--labels", "team=shop", "--description", "by helm")
    secret = real.stored("rel", 1)
    revision = await store.read(namespace, "rel", 1)
    assert revision is not None
    assert (revision.status, revision.description, revision.labels) == (Status.DEPLOYED, "by helm", {"team": "shop"})
    ours = in_record({"data": {"release": base64.b64encode(encode(revision)).decode()}})
    assert cut_to_microseconds(ours) == cut_to_microseconds(in_record(secret))
    assert decode(encode(revision)) == replace(revision, labels={}, notes_to_self={})
    async with open_cluster(str(real.cluster.kubeconfig), real.cluster.context) as kube:
        served = (await kube.discover()).capabilities()
    rendered = await SdkRenderer().render(replace(case.request(namespace=namespace), capabilities=served))
    assert revision.manifest == rendered.manifest
    await store.update(replace(revision, description="by us"))
    assert real.json("history", "rel")[0]["description"] == "by us"
    real("uninstall", "rel")


def cut_to_microseconds(record: dict[str, Any]) -> Any:
    """Go writes nanoseconds without trailing zeros, Python microseconds; the rest of a record must be equal."""

    def cut(match: re.Match[str]) -> str:
        return f'"{match[1]}.{(match[2] or ".")[1:7].ljust(6, "0")}Z"'

    def fill(hook: dict[str, Any]) -> dict[str, Any]:
        return {"delete_policies": ["before-hook-creation"], **hook}

    if record.get("hooks"):
        record = {**record, "hooks": [fill(hook) for hook in record["hooks"]]}
    text = json.dumps(record, sort_keys=True)
    return json.loads(re.sub(r'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z"', cut, text))
