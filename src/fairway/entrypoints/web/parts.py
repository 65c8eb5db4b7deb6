"""What the web endpoints are made of; whoever runs the process gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from fairway.entrypoints.web.dispatch.parts import DispatchParts
from fairway.services.intake.intake import Intake
from fairway.services.portal.parts import PortalParts

Checks: TypeAlias = Mapping[str, str]
"""What was looked at, and what is wrong with it; an empty text means that it is fine."""

LONGEST_BODY = 10.0


def nothing_to_check() -> Checks:
    return {}


def nothing_to_tell() -> Mapping[str, Any]:
    return {}


def no_metrics() -> tuple[bytes, str]:
    return b"", "text/plain; version=0.0.4; charset=utf-8"


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class WebParts:
    """All are called for each request, in the event loop, and return at once."""

    intake: Intake | None = None
    """None: there are no webhooks."""
    alive: Callable[[], Checks] = nothing_to_check
    """Anything wrong here means that the process should be started again."""
    ready: Callable[[], Checks] = nothing_to_check
    """Anything wrong here means that it can't do its work now."""
    shown: Callable[[], Checks] = nothing_to_check
    """Told beside that: what is wrong, but does not keep it from being spoken to."""
    status: Callable[[], Mapping[str, Any]] = nothing_to_tell
    """What `/` shows: plain data, without secrets."""
    metrics: Callable[[], tuple[bytes, str]] = no_metrics
    """The page and its content type."""
    now: Callable[[], datetime] = utc_now
    longest_body: float = LONGEST_BODY
    """Seconds in which the body of a delivery must have arrived."""
    dispatch: DispatchParts | None = None
    """None: no `/events`, no API and no pages of deployments."""
    portal: PortalParts | None = None
    """None: nobody signs in, and nobody changes registrations here."""
