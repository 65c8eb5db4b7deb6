"""Which ledger a `FAIRWAY_LEDGER_URL` means; the one place that knows that it may hold a password.

Forms: `sqlite:///absolute/path`, `postgresql://user:password@host/database`, `none` (or `memory:`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from fairway.domain.deployments.masking import mask
from fairway.domain.errors import UserError

FORMS = "sqlite:////absolute/path, postgresql://user@host/database, or none"


class LedgerKind(StrEnum):
    NONE = "none"
    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


@dataclass(frozen=True, slots=True)
class LedgerUrl:
    """A checked address. `shown` has no password and is what people and logs may see."""

    kind: LedgerKind
    url: str
    shown: str
    path: Path | None = None
    """The file, for SQLite."""

    @property
    def spool_name(self) -> str:
        """A folder name that is this ledger's alone, whatever password it is reached with."""
        return hashlib.sha256(self.shown.encode()).hexdigest()[:12]

    def __repr__(self) -> str:
        return f"LedgerUrl({self.shown})"


def read_ledger_url(text: str) -> LedgerUrl:
    """Raises `UserError` for what no ledger can be reached by, without repeating a password."""
    if text in ("none", "memory", "memory:", "memory://"):
        return LedgerUrl(LedgerKind.NONE, "none", "none")
    scheme, colon, rest = text.partition("://")
    if scheme == "sqlite" and colon:
        # After `sqlite:///` stands the path: absolute with a fourth slash, else relative to the working folder.
        path = rest.partition("?")[0]
        if not path.startswith("/") or len(path) < 2:
            raise UserError(f"FAIRWAY_LEDGER_URL names no file: {mask(text)}", fix=f"write {FORMS}")
        file = Path(path[1:]).absolute()
        return LedgerUrl(LedgerKind.SQLITE, f"sqlite:///{file}", f"sqlite:///{file}", file)
    if scheme in ("postgresql", "postgres", "postgresql+psycopg") and colon:
        try:
            parts = urlsplit(f"postgresql://{rest}")
            host = f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
        except ValueError as error:
            raise UserError(f"FAIRWAY_LEDGER_URL can't be read: {mask(str(error))}", fix=f"write {FORMS}") from None
        user = f"{parts.username}@" if parts.username else ""
        query = f"?{mask(parts.query)}" if parts.query else ""
        shown = f"postgresql://{user}{host}{parts.path}{query}"
        return LedgerUrl(LedgerKind.POSTGRESQL, f"postgresql+psycopg://{rest}", shown)
    raise UserError(f"FAIRWAY_LEDGER_URL has an unknown form: {mask(text)}", fix=f"write {FORMS}")
