"""The PostgreSQL of `HELM_DRIVER_SQL_CONNECTION_STRING`: connections, transactions, and errors in plain words.

The rule not to break: the connection string may hold a password, so neither it nor a statement's parameters are shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from fairway.adapters.helm import sql_tables
from fairway.domain.deployments.masking import mask
from fairway.domain.errors import Terminal, Transient, UserError

CONNECTION_STRING = "HELM_DRIVER_SQL_CONNECTION_STRING"
CONNECT_SECONDS = 5
CONNECTIONS = 8
"""At most, for one run: a server allows about a hundred in all."""
_LONGEST_MESSAGE = 300


class RecordDatabase:
    """`reading` and `writing` are the only ways in; the first one to come makes the tables."""

    def __init__(self, connection_string: str) -> None:
        """Takes what Helm takes: a URL, or `host=… dbname=…`. Raises `UserError` for anything else."""
        try:
            import psycopg
            from psycopg.conninfo import conninfo_to_dict
        except ImportError:
            raise UserError(
                "records in SQL need the PostgreSQL driver, which is not installed",
                fix="pip install 'fairway-cd[postgresql]'",
            ) from None
        try:
            settings: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS, "application_name": "fairway"}
            settings.update({k: v for k, v in conninfo_to_dict(connection_string).items() if v is not None})
        except psycopg.ProgrammingError as error:
            raise UserError(
                f"{CONNECTION_STRING} can't be read: {mask(' '.join(str(error).split()))}",
                fix="write it as for helm: postgresql://user:password@host:5432/database",
            ) from None
        self.shown = f"{settings.get('host', 'localhost')}/{settings.get('dbname', '')}"
        self._engine: Engine = create_engine(
            "postgresql+psycopg://",
            creator=lambda: psycopg.connect(**settings),
            pool_size=CONNECTIONS // 2,
            max_overflow=CONNECTIONS // 2,
            pool_pre_ping=True,
        )
        self._is_ready = False
        self._preparing = Lock()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view of the data."""
        with self._transaction("REPEATABLE READ") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction. `IntegrityError` passes through: it is how a second writer learns that it is second."""
        with self._transaction("READ COMMITTED") as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _transaction(self, isolation: Any) -> Iterator[Connection]:
        with self._translated():
            self._prepare()
            with self._engine.connect().execution_options(isolation_level=isolation) as connection, connection.begin():
                yield connection

    def _prepare(self) -> None:
        with self._preparing:
            if self._is_ready:
                return
            with self._engine.connect() as connection:
                complete = not sql_tables.missing(connection)
            if not complete:
                with self._engine.begin() as connection:
                    sql_tables.ensure(connection)
            self._is_ready = True

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            raise Transient(f"the database of records {self.shown} can't be reached: {_message(error)}") from error
        except DBAPIError as error:
            raise Terminal(
                f"the database of records {self.shown} refused: {_message(error)}",
                fix="docs/spec/records.md says which tables and rights are needed",
            ) from error


def _message(error: Exception) -> str:
    text = " ".join(str(getattr(error, "orig", None) or error).split())
    return mask(text)[:_LONGEST_MESSAGE]
