"""The portal, as the command line and the environment say it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from fairway.domain.errors import UserError

GITHUB_WEB = "https://github.com"
GITHUB_API = "https://api.github.com"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class PortalOptions:
    """With a client's id there is a portal."""

    base_url: str = ""
    """How browsers reach this: `https://fairway.example.com`; the sign-in returns to `/auth/callback` below it."""
    github_client_id: str = ""
    """Of the GitHub App or of the OAuth App."""
    github_client_secret: str = field(default="", repr=False)
    github_web: str = GITHUB_WEB
    github_api: str = GITHUB_API
    github_scopes: str = ""
    """For an OAuth App: `repo read:org`. A GitHub App has permissions instead."""
    github_organizations: tuple[str, ...] = ()
    """Whose repositories can be registered, and whose members can sign in; empty: those of any owner."""
    session_idle_seconds: float = 3600.0
    session_longest_seconds: float = 8 * 3600.0

    @property
    def is_wanted(self) -> bool:
        return bool(self.github_client_id)

    @property
    def origin(self) -> str:
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}".lower()

    @property
    def is_secure(self) -> bool:
        return urlsplit(self.base_url).scheme == "https"

    @property
    def callback(self) -> str:
        return f"{self.base_url.rstrip('/')}/auth/callback"

    def checked(self) -> PortalOptions:
        """Itself. Raises UserError for what no portal can be run with."""
        try:
            parts = urlsplit(self.base_url)
            host, known = parts.hostname or "", parts.port is None or parts.port > 0
        except ValueError:
            host, known = "", False
        plain = parts.scheme == "http" and host in LOOPBACK if known else False
        if not host or not known or not (parts.scheme == "https" or plain):
            raise UserError(
                f"the portal cannot be at --base-url {self.base_url!r}",
                fix="name how browsers reach it: https://fairway.example.com (http only on this machine itself)",
            )
        if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
            raise UserError(
                f"the portal cannot be below a path: --base-url {self.base_url!r}",
                fix="give it a host name of its own, https://fairway.example.com",
            )
        if not self.github_client_secret:
            raise UserError(
                "there is a --github-client-id, but no secret that belongs to it",
                fix="generate one in the settings of the App, and set --github-client-secret-file",
            )
        if self.github_scopes and not self.github_organizations:
            raise UserError(
                "with an OAuth App everybody at GitHub could register repositories, for teams of any name",
                fix="name your organization with --github-organizations",
            )
        return self
