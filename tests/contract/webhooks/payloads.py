"""The payloads in tests/payloads, and deliveries made of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from fairway.domain.webhooks.delivery import Delivery

FOLDER = Path(__file__).parents[2] / "payloads"
ARRIVED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PUSHED = datetime(2026, 11, 20, 14, 1, 12, tzinfo=UTC)
DIGEST = "sha256:" + "3f" * 32


def payload(name: str) -> bytes:
    return (FOLDER / f"{name}.json").read_bytes()


def delivery(name: str, headers: dict[str, str] | None = None, query: dict[str, str] | None = None) -> Delivery:
    return Delivery(headers or {}, payload(name), ARRIVED, query or {})
