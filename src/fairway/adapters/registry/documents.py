"""What stands in a registry's documents: manifests, indexes and configs.

The rule not to break: nothing in them is believed to have the form that the specification gives it.
Sources: OCI image specification 1.1, Docker image manifest V2 schema 2.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeGuard

from fairway.adapters.registry.facts import Image, Index
from fairway.domain.errors import Terminal

ACCEPT = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
LABELS = ("org.opencontainers.image.", "org.label-schema.vcs-")
"""Beginnings of the labels that are kept."""
LONGEST_LABEL = 1000
NOT_A_BUILD = 1981
"""Reproducible builds write 1970 or 1980 as the year of creation."""
_CREATED = "org.opencontainers.image.created"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def index_in(manifest: Mapping[str, Any]) -> Index | None:
    """None for what is no index. Attestations, whose platform is `unknown`, are left out."""
    entries = manifest.get("manifests")
    if not isinstance(entries, list):
        return None
    platforms: dict[str, str] = {}
    for entry in entries:
        if isinstance(entry, dict) and is_digest(entry.get("digest")):
            about = entry.get("platform")
            platform = platform_of(about if isinstance(about, dict) else {})
            if not platform.startswith("unknown/"):
                platforms.setdefault(platform, entry["digest"])
    return Index(platforms, labels_in(manifest.get("annotations")))


def config_digest(manifest: Mapping[str, Any]) -> str | None:
    config = manifest.get("config")
    wanted = config.get("digest") if isinstance(config, dict) else None
    return wanted if is_digest(wanted) else None


def image_in(manifest: Mapping[str, Any], config: Mapping[str, Any]) -> Image:
    """An image by its manifest and its config; labels of the config go before annotations of the manifest."""
    inner = config.get("config")
    labels = labels_in(manifest.get("annotations")) | labels_in(
        inner.get("Labels") if isinstance(inner, dict) else None
    )
    created = time_in(config.get("created"))
    if created is None or created.year < NOT_A_BUILD:
        created = time_in(labels.get(_CREATED)) or created
    return Image(platform_of(config), created, labels)


def platform_of(about: Mapping[str, Any]) -> str:
    """`os/arch` or `os/arch/variant`; empty when it is not said."""
    parts = [about.get("os"), about.get("architecture"), about.get("variant")]
    system, machine, variant = (part if isinstance(part, str) else "" for part in parts)
    return "/".join(filter(None, (system, machine, variant))) if system and machine else ""


def labels_in(found: object) -> dict[str, str]:
    """The labels that somebody may want to know."""
    given = found if isinstance(found, dict) else {}
    texts = ((key, value) for key, value in given.items() if isinstance(key, str) and isinstance(value, str))
    return {key: value[:LONGEST_LABEL] for key, value in texts if key.startswith(LABELS)}


def is_digest(text: object) -> TypeGuard[str]:
    return isinstance(text, str) and bool(_DIGEST.fullmatch(text))


def digest_of(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def time_in(text: object) -> datetime | None:
    """An RFC 3339 time, in UTC; the year 1 is Go's way of writing none."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
        found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return found if found.year > 1 else None


def json_in(body: bytes, repository: str) -> dict[str, Any]:
    """Raises Terminal for what no registry answers."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        fix = "is this the address of a registry?"
        raise Terminal(f"{repository}: the registry's answer is not JSON", fix=fix) from error
    if not isinstance(parsed, dict):
        raise Terminal(f"{repository}: the registry's answer is not a JSON object")
    return parsed
