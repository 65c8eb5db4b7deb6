"""The clock of this process."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


class SystemClock:
    """The time, and waiting for it."""

    def now(self) -> datetime:
        return now()

    async def sleep(self, length: timedelta) -> None:
        await asyncio.sleep(length.total_seconds())
