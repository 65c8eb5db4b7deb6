"""Somebody says that an image was pushed.

The rule not to break: this is hearsay. It says where to look, never what there is, unless `trustEvents` says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ImagePushed:
    """One tag of one repository."""

    repository: str
    """Host and path, normalised as `ImageReference.name` is: `docker.io/library/nginx`."""
    tag: str
    """Empty when the sender names a digest alone: then it can only wake."""
    digest: str | None
    at: datetime
    """When it was pushed as the sender says; else when the event arrived."""
    source: str
    """Who told it: `docker-hub`, `ghcr`, …"""
    id: str
    """The sender's id of the delivery; empty when it has none."""
