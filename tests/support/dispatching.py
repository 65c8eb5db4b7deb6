"""Requests and reports as tests send them, and bytes written by hand from field numbers."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

from fairway.domain.dispatch.requests import DeploymentRequest, RepositoryName
from fairway.domain.dispatch.statuses import Announcement, DeploymentStatus, ReportedState

AT = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)

APP: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "orders", "namespace": "aura", "labels": {"app": "orders", "team": "aura"}},
    "spec": {"replicas": 2, "paused": False, "template": {"spec": {"containers": [{"name": "app", "image": "x:1"}]}}},
}


def request(delivery_id: str = "d-1", **more: Any) -> DeploymentRequest:
    """A request that is whole; `more` replaces fields."""
    made = DeploymentRequest(
        delivery_id=delivery_id,
        repository=RepositoryName("navikt", "orders"),
        deployment_id=4711,
        cluster="prod",
        team="aura",
        resources=(APP,),
        at=AT,
        deadline=AT + timedelta(minutes=1),
    )
    return dataclasses.replace(made, **more)


def status(delivery_id: str = "d-1", **more: Any) -> DeploymentStatus:
    """A report that is whole; `more` replaces fields."""
    made = DeploymentStatus(
        delivery_id=delivery_id,
        repository=RepositoryName("navikt", "orders"),
        deployment_id=4711,
        state=ReportedState.SUCCESS,
        description="All resources saved to Kubernetes",
        team="aura",
        cluster="prod",
        at=AT,
    )
    return dataclasses.replace(made, **more)


def announcement(cluster: str = "prod", **more: Any) -> Announcement:
    return dataclasses.replace(Announcement(cluster, "pod-1/1", "0.1.0", AT), **more)


def varint(number: int) -> bytes:
    """Base 128, the lowest seven bits first; negative numbers as 64 bits."""
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def number(field: int, value: int) -> bytes:
    """A field of wire type 0."""
    return varint(field << 3) + varint(value)


def block(field: int, value: bytes | str) -> bytes:
    """A field of wire type 2: a text, bytes, or a message."""
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(data)) + data
