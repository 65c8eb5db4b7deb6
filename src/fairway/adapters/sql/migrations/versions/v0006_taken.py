"""What a deployd has begun and how it ended."""

from __future__ import annotations

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    return
