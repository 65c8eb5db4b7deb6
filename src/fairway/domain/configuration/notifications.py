"""`notifications`: the channels that exist, and what goes to which."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from fairway.domain.configuration.secrets import Secret
from fairway.domain.repository.written.base import Duration, Written

SeverityName = Literal["info", "warning", "error"]


class Slack(Written):
    token: Secret = Field(description="Bot token (xoxb-…) with chat:write")
    channel: str = Field(description="Where messages go; a release's owner.slack goes before it")
    api: str = Field("https://slack.com/api/", description="Base URL of the Web API")


class IncomingWebhook(Written):
    url: Secret = Field(description="The address, which is a secret itself")


class Email(Written):
    host: str = Field(description="SMTP server")
    port: int = Field(587, description="Its port")
    tls: Literal["starttls", "tls", "none"] = Field("starttls", description="How the connection is protected")
    username: str | None = Field(None, description="Login")
    password: Secret | None = Field(None, description="Goes with username")
    ca_file: str | None = Field(
        None, description="The authority to trust instead of the system's, relative to this file"
    )
    sender: str = Field(alias="from", description="Address of the sender")
    to: list[str] = Field(description="Addresses of the receivers")


class SignedWebhook(Written):
    url: str = Field(description="Where JSON is posted to")
    secret: Secret | None = Field(None, description="Signs the body: X-Fairway-Signature-256")


class CloudEvents(Written):
    url: str = Field(description="Where CloudEvents 1.0 are posted to")
    mode: Literal["binary", "structured"] = Field("structured", description="HTTP content mode")
    token: Secret | None = Field(None, description="Sent as Authorization: Bearer")


class Log(Written):
    """Nothing to set."""


class Channel(Written):
    """Exactly one of its kinds."""

    name: str = Field(description="Name that routes use")
    slack: Slack | None = Field(None, description="Slack's Web API: threads, updated in place")
    slack_webhook: IncomingWebhook | None = Field(None, description="Slack's incoming webhook")
    teams: IncomingWebhook | None = Field(None, description="Microsoft Teams")
    email: Email | None = Field(None, description="E-mail")
    webhook: SignedWebhook | None = Field(None, description="Signed JSON")
    cloud_events: CloudEvents | None = Field(None, description="CloudEvents")
    log: Log | None = Field(None, description="Fairway's own log; write {}")


class Route(Written):
    """Every route that fits is used; globs."""

    to: list[str] = Field(description="Names of channels")
    environments: list[str] = Field(["*"], description="Environments")
    releases: list[str] = Field(["*"], description="Releases")
    teams: list[str] = Field(["*"], description="owner.team of the release")
    at_least: SeverityName = Field("info", description="From which severity on")


class NotificationsSection(Written):
    channels: list[Channel] = Field([], description="Where messages can go")
    routes: list[Route] = Field([], description="Which go where; without routes all go to all channels")
    window: Duration = Field(timedelta(seconds=2), description="How long events are collected for one message")
