"""Which repository may deploy as which team, who changed it, and who is signed in."""

from __future__ import annotations

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    return
