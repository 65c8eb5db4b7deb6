"""Events as plain JSON values and back: what webhooks and CloudEvents carry, and what the delivery log keeps.

Contract: docs/spec/notifications.md. Keys are only ever added. Reading is forgiving: what is unknown is ignored, what
is missing has its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fairway.domain.deployments.wire import time_as_text, time_from_text
from fairway.domain.errors import Severity
from fairway.domain.notifications.delivery import Attempt, Delivery
from fairway.domain.notifications.event import EventKind, Happening
from fairway.domain.repository.models import Owner
from fairway.domain.upgrades.upgrade import Upgrade

Plain = dict[str, Any]

API_VERSION = "fairway.dev/v1"


def event_as_plain(event: Happening) -> Plain:
    """One event, complete in itself; times are RFC 3339 in UTC."""
    return {
        "id": event.id,
        "kind": event.kind.value,
        "at": time_as_text(event.at),
        "severity": event.severity.value,
        "title": event.title,
        "lines": list(event.lines),
        "environment": event.environment,
        "cluster": event.cluster,
        "releases": list(event.about),
        "owner": {
            "team": event.owner.team or "",
            "squad": event.owner.squad or "",
            "slack": event.owner.slack or "",
            "links": dict(event.owner.links),
        },
        "commit": event.commit,
        "url": event.url,
        "deployment": event.deployment,
        "thread": event.thread,
        "upgrades": [upgrade_as_plain(one) for one in event.upgrades],
    }


def upgrade_as_plain(upgrade: Upgrade) -> Plain:
    return {
        "environment": upgrade.environment,
        "release": upgrade.release,
        "kind": upgrade.kind,
        "name": upgrade.name,
        "key": upgrade.key,
        "old": upgrade.old,
        "new": upgrade.new,
        "level": upgrade.level.value,
        "why": upgrade.why,
        "source": upgrade.source,
        "commit": upgrade.commit,
        "compare": upgrade.compare,
    }


def event_from_plain(plain: Mapping[str, Any]) -> Happening:
    """Raises `ValueError` for an unknown kind or severity, or a broken time."""
    releases = tuple(_texts(plain, "releases"))
    owner = plain.get("owner") or {}
    return Happening(
        id=_text(plain, "id"),
        kind=EventKind(_text(plain, "kind")),
        at=time_from_text(plain.get("at")),
        title=_text(plain, "title"),
        severity=Severity(_text(plain, "severity") or "info"),
        lines=tuple(_texts(plain, "lines")),
        environment=_text(plain, "environment"),
        release=releases[0] if len(releases) == 1 else "",
        cluster=_text(plain, "cluster"),
        owner=Owner(
            team=_text(owner, "team") or None,
            squad=_text(owner, "squad") or None,
            slack=_text(owner, "slack") or None,
            links={str(k): str(v) for k, v in (owner.get("links") or {}).items()},
        ),
        commit=_text(plain, "commit"),
        url=_text(plain, "url"),
        deployment=_text(plain, "deployment"),
        thread=_text(plain, "thread"),
        upgrades=tuple(_upgrade(one) for one in plain.get("upgrades") or ()),
        releases=releases if len(releases) > 1 else (),
    )


def delivery_as_plain(delivery: Delivery) -> Plain:
    """As `fairway notifications list` and `show` print it."""
    return {
        "id": delivery.id,
        "channel": delivery.channel,
        "to": delivery.to,
        "at": time_as_text(delivery.at),
        "state": delivery.state.value,
        "answer": delivery.answer,
        "attempts": [attempt_as_plain(one) for one in delivery.attempts],
        "payload": delivery.payload,
        "events": [event_as_plain(one) for one in delivery.events],
        "reference": dict(delivery.reference),
        "thread": delivery.thread,
        "repeats": delivery.repeats,
    }


def attempt_as_plain(attempt: Attempt) -> Plain:
    return {"at": time_as_text(attempt.at), "ok": attempt.ok, "answer": attempt.answer}


def attempt_from_plain(plain: Mapping[str, Any]) -> Attempt:
    return Attempt(time_from_text(plain.get("at")), plain.get("ok") is True, _text(plain, "answer"))


def _upgrade(plain: Mapping[str, Any]) -> Upgrade:
    names = ("environment", "release", "kind", "name", "key", "old", "new", "why", "source", "commit", "compare")
    return Upgrade(**{name: _text(plain, name) for name in names})


def _text(plain: Mapping[str, Any], key: str) -> str:
    value = plain.get(key)
    return value if isinstance(value, str) else ""


def _texts(plain: Mapping[str, Any], key: str) -> list[str]:
    return [one for one in plain.get(key) or () if isinstance(one, str)]
