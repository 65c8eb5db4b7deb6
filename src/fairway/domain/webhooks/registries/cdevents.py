"""CDEvents: `dev.cdevents.artifact.published`. Sources: CDEvents "Software Supply Chain: artifact events" and
"CloudEvents Binding"; CloudEvents "HTTP Protocol Binding": structured, batched and binary mode.

The artifact is `subject.id`, a package URL; other artifacts than images are passed over.
"""

from __future__ import annotations

from fairway.domain.upgrades.events import ImagePushed
from fairway.domain.webhooks.body import Body, parse_json
from fairway.domain.webhooks.delivery import Delivery, Parsed
from fairway.domain.webhooks.registries.naming import event
from fairway.domain.webhooks.registries.purl import image_of

_PUBLISHED = "dev.cdevents.artifact.published"


def parse(delivery: Delivery) -> Parsed:
    document = parse_json(delivery.body)
    batch = Body(document).items() if isinstance(document, list) else [Body(document).object()]
    found = [_event(delivery, one) for one in batch]
    events = [one for one in found if isinstance(one, ImagePushed)]
    id = delivery.header("ce-id")
    if not events:
        reasons = [one for one in found if isinstance(one, str)]
        return Parsed(ignored=reasons[0] if reasons else "no event", id=id)
    return Parsed(images=tuple(events), id=id or (events[0].id if len(found) == 1 else ""))


def _event(delivery: Delivery, envelope: Body) -> ImagePushed | str:
    """An event, or why there is none. In binary mode, and where somebody posts it as it is, the body is the CDEvent."""
    body = envelope.get("data").object() if "specversion" in envelope and "data" in envelope else envelope
    context = body.get("context").object()
    kind = context.get("type").text()
    if kind != _PUBLISHED and not kind.startswith(f"{_PUBLISHED}."):
        return f"not a published artifact: {kind[:80]}"
    artifact = body.get("subject").get("id")
    image = image_of(artifact.text())
    if image is None:
        return "the artifact is not an image"
    return event(image, context.get("timestamp").time(delivery.at), "cdevents", context.get("id").text())
