"""`server`: the agent's own endpoints: webhooks, health and metrics."""

from __future__ import annotations

from pydantic import Field

from fairway.domain.configuration.secrets import Secret
from fairway.domain.repository.written.base import Written

GOOGLE_KEYS = "https://www.googleapis.com/oauth2/v3/certs"


class PubSub(Written):
    audience: str = Field(description="Audience of the subscription's token")
    service_account: str = Field(description="E-mail address of the account that signs it")
    keys: str = Field(GOOGLE_KEYS, description="Where the issuer publishes its keys (JWKS)")


class Webhooks(Written):
    """Who may report; an endpoint without a secret here does not exist."""

    github: list[Secret] = Field([], description="Secrets of GitHub webhooks; several while one is replaced")
    gitlab: list[Secret] = Field([], description="Secret tokens of GitLab webhooks")
    gitea: list[Secret] = Field([], description="Secrets of Gitea and Forgejo webhooks")
    bitbucket: list[Secret] = Field([], description="Secrets of Bitbucket webhooks")
    registry: list[Secret] = Field([], description="Tokens of registries: Authorization: Bearer, or ?token=")
    pubsub: PubSub | None = Field(None, description="Google Pub/Sub push with OpenID tokens")


class ServerSection(Written):
    listen: str = Field("127.0.0.1:8080", description="Address of webhooks, health and metrics; port 0: any free one")
    public_url: str | None = Field(None, description="How people reach it; put into links")
    webhooks: Webhooks = Field(Webhooks(), description="Who may report")
