"""What hookd and the clusters write to one another: typed on both sides, sealed in between.

The rule not to break: what is not ours, or can't be read, is counted, logged and passed over. One bad message never
stops the good ones behind it, and never a process.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from fairway.domain.dispatch.requests import DeploymentRequest
from fairway.domain.dispatch.sealing import NotOurs, Seal
from fairway.domain.dispatch.statuses import Announcement, DeploymentStatus
from fairway.domain.dispatch.wire import (
    Unreadable,
    Unsendable,
    decode_announcement,
    decode_request,
    decode_status,
    encode_announcement,
    encode_request,
    encode_status,
)
from fairway.domain.errors import FairwayError
from fairway.services.queue.options import LARGEST_MESSAGE
from fairway.services.queue.ports import Message, Queue, Received, Subscription, Topic

Letter = DeploymentRequest | DeploymentStatus | Announcement
Rejected = Callable[[Topic, str], None]
"""Told of each message that is passed over, with `not_ours` or `unreadable`."""

LONGEST_DETAIL = 200_000
"""Characters. An outcome that is too large for the queue would never be told."""

_log = logging.getLogger(__name__)
_DECODERS: dict[Topic, Callable[[bytes], Letter]] = {
    Topic.REQUESTS: decode_request,
    Topic.STATUSES: decode_status,
    Topic.ANNOUNCEMENTS: decode_announcement,
}


@dataclass(frozen=True, slots=True)
class Correspondence:
    """A queue and the keys of those who use it. Errors of the queue go through as they are."""

    queue: Queue
    seal: Seal
    on_rejected: Rejected
    largest: int = LARGEST_MESSAGE
    """Bytes of a sealed message that the queue takes."""

    def seal_request(self, request: DeploymentRequest) -> bytes:
        """Ready for `send_sealed`, now or after a restart. Raises `Unsendable`: the request itself is at fault."""
        sealed = self.seal.seal(encode_request(request))
        if len(sealed) > self.largest:
            raise Unsendable(
                f"the request is {len(sealed):,} bytes as a message; the queue takes {self.largest:,}",
                fix="ask for fewer resources at a time",
            )
        return sealed

    async def send_sealed(self, sealed: Sequence[tuple[str, bytes]]) -> None:
        """Requests of `seal_request`, each with its key; stored when it returns."""
        await self.queue.publish([Message(Topic.REQUESTS, key, body) for key, body in sealed])

    async def send_statuses(self, statuses: Sequence[DeploymentStatus]) -> None:
        await self.queue.publish(
            [
                Message(Topic.STATUSES, f"{status.cluster}/{status.team}", self.seal.seal(encode_status(_cut(status))))
                for status in statuses
            ]
        )

    async def announce(self, announcement: Announcement) -> None:
        body = self.seal.seal(encode_announcement(announcement))
        await self.queue.publish([Message(Topic.ANNOUNCEMENTS, announcement.cluster, body)])

    def open(self, received: Received) -> Letter | None:
        """What the topic is for; None for what was passed over, which is settled like the others."""
        try:
            return _DECODERS[received.topic](self.seal.open(received.body))
        except NotOurs as error:
            self._reject(received, "not_ours", error)
        except Unreadable as error:
            self._reject(received, "unreadable", error)
        return None

    def subscribe(
        self, topic: Topic, group: str, *, from_start: bool = True
    ) -> AbstractAsyncContextManager[Subscription]:
        return self.queue.subscribe(topic, group, from_start=from_start)

    def _reject(self, received: Received, reason: str, error: FairwayError) -> None:
        self.on_rejected(received.topic, reason)
        _log.warning(
            "queue.rejected",
            extra={
                "topic": received.topic.value,
                "reason": reason,
                "why": str(error),
                "bytes": len(received.body),
                **({"fix": error.fix} if error.fix else {}),
            },
        )


def _cut(status: DeploymentStatus) -> DeploymentStatus:
    if len(status.detail) <= LONGEST_DETAIL:
        return status
    return replace(status, detail=f"{status.detail[:LONGEST_DETAIL]}\n… cut off after {LONGEST_DETAIL:,} characters")
