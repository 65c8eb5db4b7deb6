"""`os/arch[/variant]`: which image of several is meant.

The rule not to break: `linux/arm64` and `linux/arm64/v8` are the same, as container runtimes see it; any other variant
is meant only when it is named, or when nothing else is there. Source: containerd `platforms`, "Normalization".
"""

from __future__ import annotations

from collections.abc import Iterable

from fairway.domain.errors import UserError

_USUAL = {"arm64": "v8", "arm": "v7"}


class PlatformMissing(UserError):
    """There is such a tag, but no image of the platform behind it."""


def pick(wanted: str, offered: Iterable[str]) -> str | None:
    """The one of `offered` that is meant by `wanted`, as it is written there."""
    system, machine, variant = _parts(wanted)
    alike = [one for one in offered if _parts(one)[:2] == (system, machine)]
    exact = [one for one in alike if _parts(one)[2] == variant]
    named = wanted.count("/") > 1
    return next(iter(exact if exact or named else alike), None)


def _parts(platform: str) -> tuple[str, str, str]:
    system, machine, variant = (*platform.split("/"), "", "")[:3]
    return system, machine, variant or _USUAL.get(machine, "")
