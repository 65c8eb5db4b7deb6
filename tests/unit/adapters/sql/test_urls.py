"""Which ledger an address means, and that its password is never repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairway.adapters.sql.urls import LedgerKind, read_ledger_url
from fairway.domain.errors import UserError


@pytest.mark.parametrize("text", ["none", "memory:", "memory", "memory://"])
def test_no_ledger(text: str) -> None:
    assert read_ledger_url(text).kind is LedgerKind.NONE


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("sqlite:////var/lib/fairway/ledger.db", Path("/var/lib/fairway/ledger.db")),
        ("sqlite:///ledger.db", Path.cwd() / "ledger.db"),
        ("sqlite:////a b/100%25.db", Path("/a b/100%25.db")),
    ],
)
def test_a_file(text: str, path: Path) -> None:
    url = read_ledger_url(text)
    assert (url.kind, url.path, url.shown) == (LedgerKind.SQLITE, path, f"sqlite:///{path}")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://anna:hunter2@db:5433/ledger", "postgresql://anna@db:5433/ledger"),
        ("postgres://anna:hunter2@db/ledger", "postgresql://anna@db/ledger"),
        ("postgresql+psycopg://db/ledger", "postgresql://db/ledger"),
        ("postgresql://anna@/ledger?host=/run/pg", "postgresql://anna@/ledger?host=/run/pg"),
        ("postgresql://db/ledger?user=a&password=hunter2", "postgresql://db/ledger?user=a&password=••••••"),
    ],
)
def test_a_server(text: str, shown: str) -> None:
    url = read_ledger_url(text)
    assert (url.kind, url.shown) == (LedgerKind.POSTGRESQL, shown)
    assert "hunter2" not in repr(url) + url.shown
    assert url.url.startswith("postgresql+psycopg://")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mysql://anna:hunter2@db/x",
        "sqlite://",
        "sqlite:///",
        "/var/ledger.db",
        "postgresql://anna:hunter2@db:port/x",
        "postgresql://anna:hunter2@[::1/x",
        "postgresql:db",
    ],
)
def test_anything_else_is_refused_with_the_forms_that_there_are(text: str) -> None:
    with pytest.raises(UserError, match="FAIRWAY_LEDGER_URL") as refused:
        read_ledger_url(text)
    assert "hunter2" not in str(refused.value)
    assert "postgresql://user@host/database" in str(refused.value.fix)


def test_a_changed_password_leads_to_the_same_spool_and_another_ledger_to_another() -> None:
    first = read_ledger_url("postgresql://anna:one@db/ledger")
    assert read_ledger_url("postgresql://anna:two@db/ledger").spool_name == first.spool_name
    assert read_ledger_url("postgresql://anna:one@db/other").spool_name != first.spool_name
