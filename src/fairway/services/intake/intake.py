"""A delivery comes in: is it from whom it says, what does it mean, was it heard before, whom does it wake?

The rule not to break: nothing is read before the sender is known, and nothing is done here but waking.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fairway.domain.errors import Refused, UserError
from fairway.domain.webhooks.delivery import Delivery, Malformed, Parsed
from fairway.domain.webhooks.git import GIT_SENDERS
from fairway.domain.webhooks.registries import PUBSUB, REGISTRY_SENDERS
from fairway.domain.webhooks.signatures import has_token, is_signed, is_token
from fairway.services.intake.metrics import Metrics, NoMetrics
from fairway.services.intake.ports import NoTokens, TokenJudge, Wake
from fairway.services.intake.recent import Recent

SIGNATURES = ("x-hub-signature-256", "x-gitea-signature", "x-hub-signature", "x-fairway-signature-256")
REGISTRY = "registry"
GITHUB = "github"

_LOG = logging.getLogger(__name__)
_MOST_NAMED = 5
_LONGEST_ID = 200

Secrets = Callable[[str], Sequence[str]]
"""The secrets of `github`, `gitlab`, `gitea`, `bitbucket` or `registry`, read now; none: there is no such endpoint.
Raises UserError when one is named and cannot be read."""


def no_secrets(kind: str) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True)
class PubSubAccount:
    """Whose pushes are taken; the audience is checked by the judge of tokens."""

    email: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of a delivery."""

    accepted: int = 0
    """Events that woke somebody."""
    duplicates: int = 0
    ignored: str = ""
    """Why nothing was in it."""


class NoSuchEndpoint(UserError):
    """There is no such sender, or no secret is configured for it."""


@dataclass(slots=True)
class Intake:
    """Every endpoint for webhooks. Raises NoSuchEndpoint, Refused (bad signature or token), Malformed; Transient or
    UserError when our own secrets or keys cannot be had."""

    wake: Wake
    secrets: Secrets = no_secrets
    tokens: TokenJudge = field(default_factory=NoTokens)
    pubsub_account: PubSubAccount | None = None
    metrics: Metrics = field(default_factory=NoMetrics)
    deliveries: Recent = field(default_factory=Recent)
    digests: Recent = field(default_factory=Recent)

    def git(self, sender: str, delivery: Delivery) -> Heard:
        """`/hooks/git/SENDER`"""
        secrets = self.secrets(sender) if sender in GIT_SENDERS else ()
        if not secrets:
            raise NoSuchEndpoint(f"there is no endpoint for {sender[:40]}", fix="see server.webhooks in fairway.yaml")
        signed = is_signed(delivery.body, delivery.header(*SIGNATURES), secrets)
        if sender == "gitlab":
            signed = is_token(delivery.header("x-gitlab-token"), secrets)
        return self._heard(sender, delivery, signed, GIT_SENDERS[sender])

    def registry(self, sender: str, delivery: Delivery) -> Heard:
        """`/hooks/registry/SENDER`"""
        if sender not in REGISTRY_SENDERS:
            raise NoSuchEndpoint(f"there is no endpoint for {sender[:40]}", fix="see docs/spec/webhooks.md")
        secrets = self.secrets(REGISTRY)
        signing = [*secrets, *(self.secrets(GITHUB) if sender == "ghcr" else ())]
        if not signing:
            raise NoSuchEndpoint(f"there is no endpoint for {sender}", fix="see server.webhooks in fairway.yaml")
        known = has_token(delivery, secrets) | is_signed(delivery.body, delivery.header(*SIGNATURES), signing)
        return self._heard(sender, delivery, known, REGISTRY_SENDERS[sender])

    async def pubsub(self, delivery: Delivery) -> Heard:
        """`/hooks/pubsub`: Google Pub/Sub push with an OpenID token."""
        if self.pubsub_account is None:
            raise NoSuchEndpoint("there is no endpoint for pubsub", fix="see server.webhooks.pubsub in fairway.yaml")
        scheme, _, token = delivery.header("authorization").partition(" ")
        try:
            claims = await self.tokens.claims(token.strip() if scheme.lower() == "bearer" else "")
        except Refused:
            self.metrics.webhook("pubsub", "refused")
            raise
        email = claims.get("email")
        known = claims.get("email_verified") is True and isinstance(email, str)
        known = known and is_token(str(email), [self.pubsub_account.email])
        return self._heard("pubsub", delivery, known, PUBSUB)

    def _heard(self, sender: str, delivery: Delivery, known: bool, read: Callable[[Delivery], Parsed]) -> Heard:
        if not known:
            self.metrics.webhook(sender, "refused")
            raise Refused("the signature or token is missing or wrong", fix="use the secret that fairway.yaml names")
        try:
            parsed = read(delivery)
        except Malformed:
            self.metrics.webhook(sender, "malformed")
            raise
        heard = self._passed_on(sender, parsed, delivery)
        self.metrics.webhook(sender, _result(heard))
        _LOG.info("webhook.heard", extra={"sender": sender, "result": _result(heard), **_about(parsed)})
        return heard

    def _passed_on(self, sender: str, parsed: Parsed, delivery: Delivery) -> Heard:
        if parsed.ignored:
            return Heard(ignored=parsed.ignored)
        events = len(parsed.pushes) + len(parsed.images)
        if 0 < len(parsed.id) <= _LONGEST_ID and self.deliveries.repeated((sender, parsed.id), "", delivery.at):
            return Heard(duplicates=events)
        for push in parsed.pushes:
            self.wake.git(push)
        fresh = [
            event
            for event in parsed.images
            if not event.digest or not self.digests.repeated((event.repository, event.tag), event.digest, delivery.at)
        ]
        for event in fresh:
            self.wake.image(event)
        accepted = len(parsed.pushes) + len(fresh)
        return Heard(accepted, events - accepted)


def _result(heard: Heard) -> str:
    if heard.ignored:
        return "ignored"
    return "accepted" if heard.accepted else "duplicate"


def _about(parsed: Parsed) -> dict[str, object]:
    """For the log: the first few names, and why nothing came of it."""
    images = [f"{one.repository}:{one.tag}" for one in parsed.images]
    branches = [f"{one.repositories[0] if one.repositories else ''} {one.branch}" for one in parsed.pushes]
    names = [name[:200] for name in (images + branches)[:_MOST_NAMED]]
    return {"delivery": parsed.id[:100], "names": names, "count": len(images + branches), "ignored": parsed.ignored}
