"""The places where team access is kept: memory, databases, and S3 as moto and as MinIO speak it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.support import minio as real
from tests.support import tools

from fairway.adapters.memory.access import MemoryAccess, MemoryTrail
from fairway.adapters.s3.access import open_s3_access
from fairway.adapters.s3.bucket import Bucket, Place
from fairway.adapters.sql.access import SqlAccess, SqlTrail
from fairway.adapters.sql.schema import open_database
from fairway.adapters.sql.urls import read_ledger_url
from fairway.services.access.ports import AccessStore, AuditTrail

POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)


@dataclass
class Two:
    """The store, and the same one as another process sees it."""

    store: AccessStore
    other: AccessStore


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def minio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = tools.need(tools.MINIO, tools.minio_binary())
    with real.minio_server(program, tmp_path_factory.mktemp("minio")) as server:
        yield f"http://{server.host}"


@pytest.fixture(params=["moto", "minio"])
def place(request: pytest.FixtureRequest) -> Place:
    """A bucket that is not there yet."""
    endpoint: str = request.getfixturevalue(request.param)
    return Place(f"b-{uuid.uuid4().hex[:12]}", endpoint, real.ACCESS_KEY, real.SECRET_KEY, "us-east-1")


@pytest.fixture
async def bucket(place: Place) -> AsyncIterator[Bucket]:
    made = Bucket(place)
    await asyncio.to_thread(made.prepare)
    yield made
    made.close()


@pytest.fixture(params=["memory", "sqlite", POSTGRESQL, "moto", "minio"])
async def two(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Two]:
    """An empty store of each kind."""
    if request.param == "memory":
        store = MemoryAccess()
        yield Two(store, store)
    elif request.param in ("moto", "minio"):
        endpoint: str = request.getfixturevalue(request.param)
        place = Place(f"b-{uuid.uuid4().hex[:12]}", endpoint, real.ACCESS_KEY, real.SECRET_KEY)
        buckets = [Bucket(place), Bucket(replace(place, create=False))]
        yield Two(await open_s3_access(buckets[0]), await open_s3_access(buckets[1]))
        for one in buckets:
            one.close()
    else:
        url = read_ledger_url(database_url(request, tmp_path))
        databases = [await asyncio.to_thread(open_database, url) for _ in range(2)]
        yield Two(SqlAccess(databases[0]), SqlAccess(databases[1]))
        for database in databases:
            database.close()


@pytest.fixture
def store(two: Two) -> AccessStore:
    return two.store


@pytest.fixture(params=["memory", "sqlite", POSTGRESQL])
async def trail(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AuditTrail]:
    if request.param == "memory":
        yield MemoryTrail()
        return
    database = await asyncio.to_thread(open_database, read_ledger_url(database_url(request, tmp_path)))
    yield SqlTrail(database)
    database.close()


def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    url: str = request.getfixturevalue("postgresql_url")
    return url
