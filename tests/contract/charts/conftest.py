from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.contract.charts.places import (
    AddressPlace,
    BucketPlace,
    GitPlace,
    Place,
    RealRegistryPlace,
    RegistryPlace,
    RepositoryPlace,
    git,
)
from tests.support.chart_servers import WebServer, web_server

KINDS = ("repository", "oci", "oci-real", "url", "s3", "git")


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Each kind of place in turn, on real servers on loopback."""
    kind: str = request.param
    if kind == "repository":
        return RepositoryPlace(request.getfixturevalue("web"))
    if kind == "oci":
        return RegistryPlace(request.getfixturevalue("web"))
    if kind == "oci-real":
        return RealRegistryPlace(request.getfixturevalue("oci_registry").host, f"t{uuid.uuid4().hex[:8]}")
    if kind == "url":
        return AddressPlace(request.getfixturevalue("web"))
    if kind == "s3":
        bucket: BucketPlace = request.getfixturevalue("bucket")
        return bucket
    return git_place(tmp_path)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[BucketPlace]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    stopped: list[bool] = []

    class Once:
        def stop(self) -> None:
            if not stopped:
                stopped.append(True)
                server.stop()

    place = BucketPlace(s3_client(settings), f"charts-{uuid.uuid4().hex[:8]}", Once())
    place.client.create_bucket(Bucket=place.bucket)
    yield place
    Once().stop()


def s3_client(settings: dict[str, str]) -> Any:
    import boto3

    return boto3.client("s3", endpoint_url=settings["AWS_ENDPOINT_URL"])


def git_place(folder: Path) -> GitPlace:
    work = folder / "repository"
    work.mkdir()
    git(work, "init", "-q", "-b", "main")
    return GitPlace(work, f"file://{work}")
