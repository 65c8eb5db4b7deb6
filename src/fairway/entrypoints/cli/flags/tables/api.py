"""The API for CI: who may use it beside GitHub's webhook."""

from __future__ import annotations

from dataclasses import dataclass, field

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.flags import kinds
from fairway.entrypoints.cli.flags.flag import Flag, Group
from fairway.entrypoints.cli.flags.given import Given

GITHUB_ACTIONS = "https://token.actions.githubusercontent.com"

ENABLED = Flag("api-enabled", kinds.BOOLEAN, "Serve /api/v1 for CI.", default="true", ours=True)
AUDIENCE = Flag(
    "github-actions-audience", kinds.TEXT, "Take OpenID tokens of GitHub Actions that are made for it.",
    default="--base-url", ours=True,
)  # fmt: skip
ISSUER = Flag(
    "github-actions-issuer", kinds.URL, "Who signs them; another one for GitHub Enterprise.", default=GITHUB_ACTIONS,
    ours=True,
)  # fmt: skip
PROVISION = Flag(
    "provision-key", kinds.SECRETS, "Whoever has it, in hex, may make keys for teams over the API.", secret=True
)

API = Group("API", (ENABLED, AUDIENCE, ISSUER, PROVISION))


@dataclass(frozen=True, slots=True)
class ApiAccess:
    enabled: bool = True
    audience: str = ""
    """Empty: no tokens are taken."""
    issuer: str = GITHUB_ACTIONS
    provision_keys: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def published_keys(self) -> str:
        return f"{self.issuer}/.well-known/jwks"


def api_access(given: Given, base_url: str) -> ApiAccess:
    return ApiAccess(
        given.value(ENABLED) is not False,
        given.value(AUDIENCE) or base_url,
        (given.value(ISSUER) or GITHUB_ACTIONS).rstrip("/"),
        tuple(_key(given, text) for text in given.value(PROVISION) or ()),
    )


def _key(given: Given, text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) < 16:
        raise UserError(
            f"{given.named(PROVISION)}: a key is at least 32 hex digits long", fix="make one: openssl rand -hex 32"
        )
    return key
