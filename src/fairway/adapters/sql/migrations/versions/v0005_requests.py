"""Requests for deployments, and the clusters that were heard of."""

from __future__ import annotations

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    return
