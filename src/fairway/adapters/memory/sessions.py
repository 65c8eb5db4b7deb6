"""Sessions of the portal without a database: a restart signs everybody out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from fairway.domain.access.people import SessionRow


class MemorySessions:
    """Implements `services.portal.ports.SessionStore`."""

    def __init__(self) -> None:
        self._rows: dict[str, SessionRow] = {}

    async def add(self, row: SessionRow) -> bool:
        if any(one.sign_in == row.sign_in for one in self._rows.values()):
            return False
        self._rows[row.key] = row
        return True

    async def get(self, key: str) -> SessionRow | None:
        return self._rows.get(key)

    async def seen(self, key: str, at: datetime) -> None:
        if key in self._rows:
            self._rows[key] = replace(self._rows[key], seen_at=at)

    async def renewed(self, key: str, token: bytes) -> None:
        if key in self._rows:
            self._rows[key] = replace(self._rows[key], token=token)

    async def end(self, key: str, at: datetime) -> None:
        if key in self._rows:
            self._rows[key] = replace(self._rows[key], ends_at=min(at, self._rows[key].ends_at), token=b"")

    async def forget(self, before: datetime) -> int:
        gone = [key for key, row in self._rows.items() if row.ends_at < before]
        for key in gone:
            del self._rows[key]
        return len(gone)
