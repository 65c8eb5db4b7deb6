"""An event as a CloudEvent 1.0, in both content modes of the HTTP binding.

`source` and `id` together are unique, so that a receiver may drop what it gets a second time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from fairway.domain.deployments.wire import time_as_text
from fairway.domain.notifications.event import Happening
from fairway.domain.notifications.wire import event_as_plain

TYPE = "dev.fairway."
_SAFE = "".join(chr(c) for c in range(0x21, 0x7F) if chr(c) not in '"%')


@dataclass(frozen=True, slots=True)
class Request:
    """What is posted, without credentials."""

    headers: Mapping[str, str]
    body: bytes


def attributes(event: Happening) -> dict[str, str]:
    """Context attributes but those of the data; none is empty."""
    subject = "/".join(part for part in (event.environment, event.about[0] if len(event.about) == 1 else "") if part)
    known = {
        "specversion": "1.0",
        "id": event.id,
        "source": f"/fairway/{quote(event.environment, safe='', errors='replace')}"
        if event.environment
        else "/fairway",
        "type": TYPE + event.kind.value,
        "subject": subject,
        "time": time_as_text(event.at) or "",
    }
    return {name: value for name, value in known.items() if value}


def structured(event: Happening) -> Request:
    document = {**attributes(event), "datacontenttype": "application/json", "data": event_as_plain(event)}
    return Request({"Content-Type": "application/cloudevents+json; charset=UTF-8"}, _json(document))


def binary(event: Happening) -> Request:
    headers = {f"ce-{name}": quote(value, safe=_SAFE, errors="replace") for name, value in attributes(event).items()}
    return Request({"Content-Type": "application/json", **headers}, _json(event_as_plain(event)))


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
