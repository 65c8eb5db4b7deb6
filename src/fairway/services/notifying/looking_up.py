"""From what somebody typed to the one delivery that is meant."""

from __future__ import annotations

from fairway.domain.deployments.ids import SHORTEST, read_prefix
from fairway.domain.errors import UserError
from fairway.domain.notifications.delivery import Delivery, DeliveryQuery
from fairway.services.notifying.ports import DeliveryLog

CANDIDATES = 5


async def the_delivery(log: DeliveryLog, text: str) -> Delivery:
    """The one whose id starts so. Raises UserError that names what there is."""
    prefix = read_prefix(text)
    found = await log.starting_with(prefix, limit=CANDIDATES + 1) if prefix else []
    if len(found) == 1:
        return found[0]
    if found:
        some = "\n".join(f"    {_brief(one)}" for one in found[:CANDIDATES])
        raise UserError(f'"{text}" is the start of more than one delivery', fix=f"one of\n{some}")
    newest = await log.find(DeliveryQuery(limit=CANDIDATES))
    if not newest:
        raise UserError(f'no delivery "{text}": nothing was sent yet', fix="try a channel: fairway notifications test")
    some = "\n".join(f"    {_brief(one)}" for one in newest)
    raise UserError(f'no delivery "{text}"', fix=f"the newest are\n{some}")


async def short_delivery_ids(log: DeliveryLog, deliveries: list[Delivery]) -> dict[str, str]:
    """For each id the shortest start that names it alone, at least `SHORTEST` characters."""
    short: dict[str, str] = {}
    for one in deliveries:
        length = SHORTEST
        while len(await log.starting_with(one.id[:length], limit=2)) > 1:
            length += 1
        short[one.id] = one.id[:length]
    return short


def _brief(delivery: Delivery) -> str:
    title = delivery.events[0].title if delivery.events else ""
    return f"{delivery.id}  {delivery.channel}  {delivery.state}  {title[:60]}"
