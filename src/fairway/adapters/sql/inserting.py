"""Inserts that meet a row which is there: both databases have them, each in a dialect of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def inserting(connection: Connection, table: Table) -> Any:
    """The dialect's insert, which knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def save_row(connection: Connection, table: Table, row: Mapping[str, Any], key: Sequence[str]) -> None:
    """Insert a row, or bring the one with the same key to this."""
    changed = {name: value for name, value in row.items() if name not in key}
    connection.execute(inserting(connection, table).values(row).on_conflict_do_update(index_elements=key, set_=changed))
