"""A database that several processes share: how connections are made, and what its errors mean.

The rule not to break: a URL with a password never leaves this file; errors carry `LedgerUrl.shown`.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from fairway.adapters.sql.urls import LedgerKind, LedgerUrl
from fairway.domain.deployments.masking import mask
from fairway.domain.errors import Terminal, Transient, UserError

BUSY_SECONDS = 15
"""How long a writer waits for the others; an `apply` holds the lock for milliseconds."""
CONNECT_SECONDS = 5
_LONGEST_MESSAGE = 300
_turns: defaultdict[Path, Lock] = defaultdict(Lock)
"""Writers of one process take turns at a SQLite file: left to itself, SQLite lets them sleep and poll for its lock."""


class Database:
    """Connections with the right pragmas and transactions; `reading` and `writing` are the only ways in."""

    def __init__(self, url: LedgerUrl, *, durable: bool = False) -> None:
        """`durable`: what was written survives a loss of power too, at the price of waiting for the disk."""
        self.url = url
        self._engine = _sqlite(url, durable) if url.kind is LedgerKind.SQLITE else _postgresql(url)
        self._turn: AbstractContextManager[Any] = _turns[url.path] if url.path is not None else nullcontext()

    @property
    def is_sqlite(self) -> bool:
        return self.url.kind is LedgerKind.SQLITE

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view of the data."""
        with self._translated(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction; SQLite takes its write lock at the start, so that nothing read can change before a write."""
        with (
            self._turn,
            self._translated(),
            self._engine.connect().execution_options(fairway_writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            raise Transient(f"the ledger {self.url.shown} can't be reached: {_message(error)}") from error
        except DBAPIError as error:
            raise Terminal(f"the ledger {self.url.shown} refused: {_message(error)}", fix=self._advice()) from error

    def _advice(self) -> str | None:
        if self.url.path is None:
            return None
        return f"if the file is damaged, move it away (mv {self.url.path} {self.url.path}.damaged); a new one is made"


def _sqlite(url: LedgerUrl, durable: bool) -> Engine:
    engine = create_engine(URL.create("sqlite", database=str(url.path)), connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        # The driver's own idea of when to begin is switched off; `begin` below decides.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("fairway_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: LedgerUrl) -> Engine:
    try:
        return create_engine(
            url.url,
            pool_size=2,
            max_overflow=3,
            pool_pre_ping=True,
            connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "fairway"},
        )
    except ImportError:
        raise UserError(
            f"the ledger {url.shown} needs the PostgreSQL driver, which is not installed",
            fix="pip install 'fairway-cd[postgresql]'",
        ) from None


def _message(error: Exception) -> str:
    """The driver's own words on one line, without the statement and its parameters."""
    text = " ".join(str(getattr(error, "orig", None) or error).split())
    return mask(text)[:_LONGEST_MESSAGE]
