"""The signed webhook: its body, and the signature that tells its receiver who sent it, and when.

The time stands in the body, so it is signed too; a receiver refuses what is older than a few minutes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime

from fairway.domain.deployments.wire import time_as_text
from fairway.domain.notifications.delivery import Message
from fairway.domain.notifications.texts import text_of
from fairway.domain.notifications.wire import API_VERSION, event_as_plain

SIGNATURE = "X-Fairway-Signature-256"
DELIVERY = "X-Fairway-Delivery"
EVENT = "X-Fairway-Event"
TIMESTAMP = "X-Fairway-Timestamp"


def webhook_body(message: Message, sent: datetime) -> bytes:
    """Contract: docs/spec/schemas/notification.schema.json."""
    text = text_of(message.events)
    document = {
        "apiVersion": API_VERSION,
        "kind": "Notification",
        "delivery": message.id,
        "sentAt": time_as_text(sent),
        "severity": text.severity.value,
        "title": text.title,
        "events": [event_as_plain(event) for event in message.events],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def webhook_headers(message: Message, body: bytes, sent: datetime, secret: str | None) -> dict[str, str]:
    kinds = {event.kind.value for event in message.events}
    headers = {
        "Content-Type": "application/json",
        DELIVERY: message.id,
        EVENT: kinds.pop() if len(kinds) == 1 else "several",
        TIMESTAMP: str(int(sent.timestamp())),
    }
    return headers | ({SIGNATURE: sign(body, secret)} if secret else {})


def sign(body: bytes, secret: str) -> str:
    """As GitHub signs its webhooks, so that any library that checks those checks these."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
