"""What the addresses of deployments are made of; whoever runs the process gives them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from fairway.services.hookd.accepting import Accepting
from fairway.services.hookd.authenticating import Authenticating
from fairway.services.hookd.ports import RequestStore, TeamKeys

MOST_BYTES = 25 * 1024 * 1024
"""Of one body; GitHub sends no more."""
MOST_BYTES_TOGETHER = 4 * MOST_BYTES
DAY = 86400.0

Gate = Callable[[Request], Awaitable[Response | None]]
"""None for whoever may read; else the answer: the way to sign in, or a refusal."""


@dataclass(frozen=True, slots=True)
class ApiParts:
    """The API for CI."""

    authenticating: Authenticating
    keys: TeamKeys
    keep_old_keys: float = DAY
    """Seconds for which a key stays good after it was replaced."""


@dataclass(frozen=True, slots=True)
class DispatchParts:
    accepting: Accepting
    store: RequestStore
    api: ApiParts | None = None
    """None: there is no `/api/v1`."""
    gate: Gate | None = None
    """None: whoever reaches the server may read the pages, as GitHub's `log_url` leads a team to them."""
    github_url: str = "https://github.com"
    """Where repositories, commits and people are linked to."""
    tells_github: bool = True
    """Whether GitHub hears of deployments at all."""
    most_bytes: int = MOST_BYTES
    most_bytes_together: int = MOST_BYTES_TOGETHER
    """Of all bodies that are held at once, of events and of the API."""
