"""How long somebody may take to say what he wants: the head of a request has to be there in time.

uvicorn waits for ever for the first request of a connection, and for the rest of a head that was begun; a thousand
silent connections would then keep everybody else out. The rule not to break: no request that is being answered, and no
body that is being read, is ended from here; those have limits of their own.
"""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


def protocol(longest_head: float) -> type[H11Protocol]:
    """uvicorn's own, which closes a connection whose next head is not there `longest_head` seconds after its begin."""

    class TimedHeads(H11Protocol):
        _late: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._late = self.loop.call_later(longest_head, transport.close)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if not self._is_in_a_head():
                self._unset_late()
            elif self._late is None:
                self._late = self.loop.call_later(longest_head, self.transport.close)

        def connection_lost(self, exc: Exception | None) -> None:
            self._unset_late()
            super().connection_lost(exc)

        def _is_in_a_head(self) -> bool:
            return self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0])

        def _unset_late(self) -> None:
            if self._late is not None:
                self._late.cancel()
                self._late = None

    return TimedHeads
