"""Where logins of registries come from, one after the other.

The rule not to break: a source that has nothing says None and lets the next one look; what it lacked it can tell
afterwards, when the registry refused.
"""

from __future__ import annotations

from typing import Protocol

from fairway.adapters.charts.logins import Login


class LoginSource(Protocol):
    """Asked anew whenever a registry wants a login; what may be kept, and how long, is the source's own business."""

    async def login_of(self, host: str, repository: str = "") -> Login | None:
        """None when there is none. A Login with only a `token` holds a refresh token for the registry's realm."""
        ...

    def advice(self, host: str) -> str:
        """What to do so that this source has a login for `host`; empty when it is not its kind of registry."""
        ...


class FirstLogin:
    """The first of `sources` that has a login."""

    def __init__(self, *sources: LoginSource) -> None:
        self._sources = sources

    async def login_of(self, host: str, repository: str = "") -> Login | None:
        for source in self._sources:
            if login := await source.login_of(host, repository):
                return login
        return None

    def advice(self, host: str) -> str:
        return "; ".join(text for source in self._sources if (text := source.advice(host)))
