"""What a registry answers to a request without the right login: which kind it wants, and where to get it.

The rule not to break: of several challenges a token is preferred, since a password then goes to one place only.
Sources: RFC 9110 section 11.6.1, distribution specification, "Token Authentication".
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_SCHEME = re.compile(r"(?:^|,)\s*([A-Za-z][\w-]*)(?=\s+[A-Za-z][\w-]*\s*=|\s*$|\s*,)")
_PARAMETER = re.compile(r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


@dataclass(frozen=True, slots=True)
class Challenge:
    """`scheme` in lower case, `bearer` or `basic`; names of parameters in lower case."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    repository: str = ""
    """Whose request was answered so."""

    def scope_for(self, repository: str) -> str:
        """The scope that the registry wants of this repository."""
        scope = self.parameters.get("scope", "")
        if repository == self.repository and scope:
            return scope
        ours, theirs = f"repository:{repository}:", f"repository:{self.repository}:"
        return scope.replace(theirs, ours) if theirs in scope else f"{ours}pull"


def read_challenge(header: str, repository: str) -> Challenge | None:
    """The challenge of a WWW-Authenticate header that can be answered; None when there is none."""
    starts = list(_SCHEME.finditer(header))
    found: dict[str, Challenge] = {}
    for number, start in enumerate(starts):
        end = starts[number + 1].start() if number + 1 < len(starts) else len(header)
        parameters = {one[1].lower(): one[2] or one[3] or "" for one in _PARAMETER.finditer(header[start.end() : end])}
        found.setdefault(start[1].lower(), Challenge(start[1].lower(), parameters, repository))
    if (bearer := found.get("bearer")) and bearer.parameters.get("realm"):
        return bearer
    return found.get("basic") or found.get("bearer")


class Encounters:
    """What is known of registries from earlier requests, so that not every repository is refused first."""

    def __init__(self) -> None:
        self.challenges: dict[str, Challenge] = {}
        self._met: set[str] = set()
        self._meeting: dict[str, asyncio.Lock] = {}

    @asynccontextmanager
    async def meet(self, registry: str) -> AsyncIterator[None]:
        """The first request to a registry goes alone; the others wait for what it learns, be it a failure."""
        if registry not in self._met:
            async with self._meeting.setdefault(registry, asyncio.Lock()):
                if registry not in self._met:
                    try:
                        yield
                    finally:
                        self._met.add(registry)
                    return
        yield
