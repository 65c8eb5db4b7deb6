"""The queue of those who have no broker."""

from __future__ import annotations

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    return
