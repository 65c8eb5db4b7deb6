"""Work that runs beside a block.

The rule not to break: it is ended with the block, and has its time to bring things to an end.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def beside(work: Callable[[], Any]) -> AsyncIterator[None]:
    """`work` runs while the block lasts, and is then ended; it has its time to bring things to an end."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work())
        try:
            yield
        finally:
            task.cancel()
