"""Reads bodies of strangers: none too large, none too slow, and not too many at once.

The rule not to break: what is kept for all of them together is bounded, because nobody is known before his body is
there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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
    """`longest` in seconds, for one body; `most` bytes of one, `together` bytes of all that are held."""

    def __init__(self, longest: float, together: int = MOST_BYTES_TOGETHER, most: int = MOST_BYTES) -> None:
        self._longest = longest
        self._left = together
        self._most = most

    async def read(self, request: Request) -> bytes:
        """For what is done with at once. Raises Unread."""
        async with self.held(request) as body:
            return body

    @asynccontextmanager
    async def held(self, request: Request) -> AsyncIterator[bytes]:
        """The body counts as held until the block is left. Raises Unread on the way in."""
        self._refuse_declared(request)
        taken = _Taken()
        try:
            yield await self._in_time(request, taken)
        finally:
            self._left += taken.bytes

    def _refuse_declared(self, request: Request) -> None:
        """One that says that it is too large is not waited for."""
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared[:20]) > self._most:
            raise self._too_large()

    async def _in_time(self, request: Request, taken: _Taken) -> bytes:
        try:
            async with asyncio.timeout(self._longest):
                return await self._read(request.stream(), taken)
        except TimeoutError:
            raise Unread(408, "the body did not arrive in time") from None
        except ClientDisconnect:
            raise Unread(400, "the body ended early") from None

    async def _read(self, stream: AsyncIterator[bytes], taken: _Taken) -> bytes:
        parts: list[bytes] = []
        async for part in stream:
            taken.bytes += len(part)
            self._left -= len(part)
            if taken.bytes > self._most:
                raise self._too_large()
            if self._left < 0:
                raise Unread(503, "too much at once; try again later")
            parts.append(part)
        return b"".join(parts)

    def _too_large(self) -> Unread:
        return Unread(413, f"the body is larger than {self._most} bytes")


class _Taken:
    """Bytes of one body."""

    def __init__(self) -> None:
        self.bytes = 0
