"""Records into rows, in one transaction; what is known stays as it is."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table, bindparam, select, update

from fairway.adapters.sql.database import Database
from fairway.adapters.sql.inserting import inserting
from fairway.adapters.sql.rows import Row, deployment_row, run_row, status_of, status_row
from fairway.adapters.sql.tables import deployments, runs, statuses
from fairway.domain.deployments.journal import Record
from fairway.domain.deployments.record import Deployment, Run, StatusEntry, follow


def write(database: Database, records: Sequence[Record]) -> list[StatusEntry]:
    """See `recording.ports.Ledger.write`."""
    if not records:
        return []
    with database.writing() as connection:
        return write_on(connection, records)


def write_on(connection: Connection, records: Sequence[Record]) -> list[StatusEntry]:
    """The same within a transaction of others; the entries that counted."""
    _add(connection, runs, [run_row(record) for record in records if isinstance(record, Run)])
    known = _known_runs(connection, records)
    _add(
        connection,
        deployments,
        [deployment_row(record) for record in records if isinstance(record, Deployment) and record.run_id in known],
    )
    return _follow(connection, [record for record in records if isinstance(record, StatusEntry)])


def insert_on(connection: Connection, new: Sequence[tuple[Run, Deployment, StatusEntry]]) -> None:
    """What nobody can know yet: runs with one deployment each and the first entry of its log, looked up nowhere."""
    if not new:
        return
    connection.execute(runs.insert(), [run_row(run) for run, _, _ in new])
    connection.execute(
        deployments.insert(),
        [deployment_row(deployment) | {"state": entry.state.value} for _, deployment, entry in new],
    )
    connection.execute(statuses.insert(), [status_row(entry, 0) for _, _, entry in new])


def _known_runs(connection: Connection, records: Sequence[Record]) -> set[str]:
    wanted = {record.run_id for record in records if isinstance(record, Deployment)}
    if not wanted:
        return set()
    return set(connection.execute(select(runs.c.id).where(runs.c.id.in_(wanted))).scalars())


def _add(connection: Connection, table: Table, rows: list[Row]) -> None:
    if not rows:
        return
    # In one order everywhere, so that two writers of the same rows can't wait for each other.
    connection.execute(
        inserting(connection, table).on_conflict_do_nothing(), sorted(rows, key=lambda row: str(row["id"]))
    )


def _follow(connection: Connection, arriving: Sequence[StatusEntry]) -> list[StatusEntry]:
    if not arriving:
        return []
    wanted = sorted({entry.deployment_id for entry in arriving})
    # The lock on the deployment is what serialises writers of its log; SQLite has locked the whole file already.
    known = connection.execute(
        select(deployments.c.id).where(deployments.c.id.in_(wanted)).order_by(deployments.c.id).with_for_update()
    ).scalars()
    logs: dict[str, list[StatusEntry]] = {id_: [] for id_ in known}
    stored = select(statuses).where(statuses.c.deployment_id.in_(wanted)).order_by(statuses.c.place)
    for row in connection.execute(stored).mappings():
        logs[row["deployment_id"]].append(status_of(row))
    counted: list[StatusEntry] = []
    rows: list[Row] = []
    for entry in arriving:
        log = logs.get(entry.deployment_id)
        if log is not None and follow(log, [entry]):
            rows.append(status_row(entry, len(log)))
            log.append(entry)
            counted.append(entry)
    if counted:
        connection.execute(statuses.insert(), rows)
        changed = update(deployments).where(deployments.c.id == bindparam("moved")).values(state=bindparam("to"))
        moved = {entry.deployment_id: entry.state.value for entry in counted}
        connection.execute(changed, [{"moved": id_, "to": state} for id_, state in moved.items()])
    return counted
