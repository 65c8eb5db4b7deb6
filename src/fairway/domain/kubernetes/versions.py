"""Versions of Kubernetes as people and servers write them: `1.34`, `v1.36.3`, `v1.33.4-gke.1172000`.

The rule not to break: only the minor version decides about APIs; the whole text is kept for charts that look at it.
"""

from __future__ import annotations

import re

from fairway.domain.errors import UserError

Minor = tuple[int, int]
"""(major, minor), e.g. (1, 36)."""

NEWEST = "v1.36.3"
"""The newest version whose APIs are known here; the OpenAPI documents that travel along are its own."""

OLDEST: Minor = (1, 16)

_VERSION = re.compile(r"v?(?P<major>\d+)\.(?P<minor>\d+)(?P<patch>\.\d+)?(?P<rest>[-+][0-9A-Za-z.+-]+)?\+?", re.ASCII)


def full_version(text: str) -> str:
    """The version as a server says it: `1.34` is `v1.34.0`. Raises `UserError` for what is no known version."""
    found = _VERSION.fullmatch(text.strip())
    if found is None:
        raise UserError(f'"{text}" is no Kubernetes version', fix="write it like 1.34 or v1.34.2")
    if (int(found["major"]), int(found["minor"])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise UserError(f"Kubernetes {text} is too old: APIs are known from {oldest} on", fix="name a newer version")
    return f"v{found['major']}.{found['minor']}{found['patch'] or '.0'}{found['rest'] or ''}"


def minor_of(version: str) -> Minor:
    """(major, minor) of a version in either form."""
    found = _VERSION.fullmatch(version.strip())
    if found is None:
        raise UserError(f'"{version}" is no Kubernetes version', fix="write it like 1.34 or v1.34.2")
    return int(found["major"]), int(found["minor"])


def minor_text(minor: Minor) -> str:
    """`1.36`."""
    return f"{minor[0]}.{minor[1]}"
