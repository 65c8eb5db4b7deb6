"""Reads bodies of strangers: none too large, none too slow, and not too many at once.

The rule not to break: what is kept for all of them together is bounded, because nobody is known before his body is
there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request

MOST_BYTES = 1024 * 1024
MOST_BYTES_TOGETHER = 32 * MOST_BYTES


class Unread(Exception):
    """The body is not taken; `status` and the text are the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Bodies:
    """`longest` in seconds, for one body."""

    def __init__(self, longest: float, together: int = MOST_BYTES_TOGETHER) -> None:
        self._longest = longest
        self._left = together

    async def read(self, request: Request) -> bytes:
        """Raises Unread."""
        try:
            async with asyncio.timeout(self._longest):
                return await self._read(request.stream())
        except TimeoutError:
            raise Unread(408, "the body did not arrive in time") from None
        except ClientDisconnect:
            raise Unread(400, "the body ended early") from None

    async def _read(self, stream: AsyncIterator[bytes]) -> bytes:
        parts: list[bytes] = []
        taken = 0
        try:
            async for part in stream:
                taken += len(part)
                self._left -= len(part)
                if taken > MOST_BYTES:
                    raise Unread(413, f"the body is larger than {MOST_BYTES} bytes")
                if self._left < 0:
                    raise Unread(503, "too much at once; try again later")
                parts.append(part)
            return b"".join(parts)
        finally:
            self._left += taken
