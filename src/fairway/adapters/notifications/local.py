"""Channels that need no network: the program's own log, and a list for whoever looks into it."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from fairway.domain.errors import Severity
from fairway.domain.notifications.delivery import Message, Receipt
from fairway.domain.notifications.texts import as_plain_text, text_of

_log = logging.getLogger(__name__)
_LEVELS = {Severity.INFO: logging.INFO, Severity.WARNING: logging.WARNING, Severity.ERROR: logging.ERROR}


class LogChannel:
    """One line of the log for each event."""

    threads = False
    addressed = False

    def payload(self, message: Message, earlier: Mapping[str, str]) -> str:
        return as_plain_text(text_of(message.events))

    async def deliver(self, message: Message, earlier: Mapping[str, str]) -> Receipt:
        for event in message.events:
            facts = {
                "event": event.kind.value,
                "title": event.title,
                "environment": event.environment,
                "releases": ",".join(event.about),
                "deployment_id": event.deployment,
            }
            level = _LEVELS[event.severity]
            _log.log(level, "notification", extra={key: value for key, value in facts.items() if value})
        return Receipt("logged")

    async def aclose(self) -> None:
        """Nothing to do."""


class MemoryChannel:
    """Keeps the last messages; forgets with the process."""

    addressed = True
    threads = True

    def __init__(self, room: int = 1000) -> None:
        self.messages: list[Message] = []
        self._room = room

    def payload(self, message: Message, earlier: Mapping[str, str]) -> str:
        return as_plain_text(text_of(message.events))

    async def deliver(self, message: Message, earlier: Mapping[str, str]) -> Receipt:
        self.messages.append(message)
        del self.messages[: -self._room]
        return Receipt("kept", {} if earlier else {"message": message.id})

    async def aclose(self) -> None:
        """Nothing to do."""
