"""One message to one channel: tried until it arrives or will not, and every attempt written down.

The rule not to break: nothing is raised but cancellation; a log that is away never keeps a message from going out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from fairway.domain.deployments.ids import encode
from fairway.domain.deployments.masking import mask
from fairway.domain.errors import FairwayError, Transient
from fairway.domain.notifications.delivery import Attempt, Delivery, DeliveryQuery, DeliveryState, Message, TryLater
from fairway.services.agent.ports import Clock
from fairway.services.notifying.ports import Channel, DeliveryLog

_log = logging.getLogger(__name__)

LONGEST_PAYLOAD = 200_000
ABANDONED = timedelta(hours=1)
"""Nobody tries a message for so long: who began it is not there any more."""
_ABANDONED_AT_ONCE = 1000
_WAITING = frozenset({DeliveryState.WAITING})
_ENDED = "the program ended before it was sent"


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to try. Pauses double from `first`, each with full jitter; the other side may ask more."""

    attempts: int = 6
    first: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(minutes=1)
    longest_asked: timedelta = timedelta(minutes=5)
    """Of the pauses that the other side asks for."""
    answer_within: timedelta = timedelta(seconds=60)


class Deliverer:
    """`random` gives a number of that many bits; `warn` gets a sentence when a message is given up."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        log: DeliveryLog,
        clock: Clock,
        *,
        random: Callable[[int], int],
        warn: Callable[[str], None] = lambda text: None,
        patience: Patience = Patience(),
    ) -> None:
        self._channels = channels
        self._deliveries = log
        self._clock = clock
        self._random = random
        self._warn = warn
        self._patience = patience
        self._log_is_away = False
        self._last_millisecond = 0

    def new_id(self) -> str:
        """Ids of one process sort as they were made."""
        self._last_millisecond = max(int(self._clock.now().timestamp() * 1000), self._last_millisecond + 1)
        return encode(self._last_millisecond, self._random(80))

    async def send(self, message: Message, earlier: Mapping[str, str], *, repeats: str = "") -> Delivery:
        """The delivery as it ended: delivered or failed."""
        channel = self._channels[message.channel]
        delivery = self._begun(message, _payload(channel, message, earlier), repeats)
        await self._keep(delivery)
        try:
            for attempt in range(1, self._patience.attempts + 1):
                delivery, pause = await self._attempt(channel, message, earlier, delivery, attempt)
                await self._keep(delivery)
                if delivery.state is not DeliveryState.WAITING:
                    break
                await self._clock.sleep(pause)
        except asyncio.CancelledError:
            attempts = (*delivery.attempts, Attempt(self._clock.now(), False, _ENDED))
            await self._keep(replace(delivery, state=DeliveryState.FAILED, attempts=attempts))
            raise
        if delivery.state is DeliveryState.FAILED:
            _log.info("notification.failed", extra={"channel": message.channel, "delivery": message.id})
            self._warn(
                f'a message to "{message.channel}" was not delivered: {delivery.answer} '
                f"(once more: fairway notifications resend {message.id})"
            )
        return delivery

    async def give_up(self, message: Message) -> None:
        """Write down what there was no time for, so that it can be sent later."""
        begun = self._begun(message, _payload(self._channels[message.channel], message, {}), "")
        attempt = Attempt(self._clock.now(), False, _ENDED)
        await self._keep(replace(begun, state=DeliveryState.FAILED, attempts=(attempt,)))

    async def references(self, channel: str, to: str, threads: Collection[str]) -> dict[str, Mapping[str, str]]:
        """From the log; nothing when it is away."""
        try:
            return await self._deliveries.references(channel, to, threads)
        except FairwayError as error:
            self._say_that_the_log_is_away(error)
            return {}

    async def tidy(self, age: timedelta) -> None:
        """Drop what is older from the log, and give up what a process left behind that was killed."""
        now = self._clock.now()
        try:
            await self._deliveries.forget(now - age)
            for one in await self._deliveries.find(DeliveryQuery(states=_WAITING, limit=_ABANDONED_AT_ONCE)):
                if one.at < now - ABANDONED:
                    attempts = (*one.attempts, Attempt(now, False, _ENDED))
                    await self._deliveries.save(replace(one, state=DeliveryState.FAILED, attempts=attempts))
        except FairwayError as error:
            self._say_that_the_log_is_away(error)

    def _begun(self, message: Message, payload: str, repeats: str) -> Delivery:
        return Delivery(
            message.id,
            message.channel,
            message.to,
            self._clock.now(),
            DeliveryState.WAITING,
            payload,
            message.events,
            thread=message.thread,
            repeats=repeats,
        )

    async def _attempt(
        self, channel: Channel, message: Message, earlier: Mapping[str, str], delivery: Delivery, number: int
    ) -> tuple[Delivery, timedelta]:
        last = number >= self._patience.attempts
        state, pause = DeliveryState.FAILED, timedelta()
        try:
            async with asyncio.timeout(self._patience.answer_within.total_seconds()):
                receipt = await channel.deliver(message, earlier)
            attempt = Attempt(self._clock.now(), True, mask(receipt.answer))
            done = (*delivery.attempts, attempt)
            return replace(
                delivery, state=DeliveryState.DELIVERED, attempts=done, reference=receipt.reference
            ), timedelta()
        except TimeoutError:
            answer = "no answer in time"
            state, pause = DeliveryState.WAITING, self._pause(number)
        except Transient as error:
            answer = mask(error.message)
            state, pause = DeliveryState.WAITING, self._pause(number)
            if isinstance(error, TryLater):
                pause = max(pause, min(error.after, self._patience.longest_asked))
        except FairwayError as error:
            answer = mask(f"{error.message}; {error.fix}" if error.fix else error.message)
        except Exception as error:
            _log.exception("notification.broke", extra={"channel": message.channel, "delivery": message.id})
            answer = f"a mistake in Fairway itself: {type(error).__name__}"
        if last:
            state = DeliveryState.FAILED
        attempts = (*delivery.attempts, Attempt(self._clock.now(), False, answer))
        return replace(delivery, state=state, attempts=attempts), pause

    def _pause(self, number: int) -> timedelta:
        """Full jitter: a random part of a length that doubles."""
        length: timedelta = min(self._patience.first * 2 ** (number - 1), self._patience.longest)
        return length * ((self._random(16) + 1) / 65536)

    async def _keep(self, delivery: Delivery) -> None:
        try:
            await self._deliveries.save(delivery)
            self._log_is_away = False
        except FairwayError as error:
            self._say_that_the_log_is_away(error)

    def _say_that_the_log_is_away(self, error: FairwayError) -> None:
        if not self._log_is_away:
            self._log_is_away = True
            self._warn(f"messages go out, but are not written down: {error}")


def _payload(channel: Channel, message: Message, earlier: Mapping[str, str]) -> str:
    try:
        return mask(channel.payload(message, earlier)[:LONGEST_PAYLOAD])
    except Exception as error:
        _log.exception("notification.payload", extra={"channel": message.channel, "delivery": message.id})
        return f"(a mistake in Fairway itself: {type(error).__name__})"
