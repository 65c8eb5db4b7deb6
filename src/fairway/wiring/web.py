"""What the web endpoints need: intake with its secrets and keys, and the counts.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fairway.domain.errors import UserError
from fairway.settings import process_environment

if TYPE_CHECKING:
    from fairway.adapters.metrics.prometheus import PrometheusMetrics
    from fairway.domain.configuration.secrets import SecretSource
    from fairway.services.configuring import Configured
    from fairway.services.intake import Metrics, Wake
    from fairway.services.intake.intake import Intake, Secrets


def webhook_intake(
    configured: Configured, wake: Wake, metrics: Metrics | None = None, env: Mapping[str, str] | None = None
) -> Intake | None:
    """Every endpoint that fairway.yaml has a secret for; None when it has none at all.

    Raises UserError when one of the secrets cannot be read now, so that this is told at the start.
    """
    from fairway.adapters.oidc.published_keys import PublishedKeys
    from fairway.services.intake.intake import Intake, PubSubAccount
    from fairway.services.intake.metrics import NoMetrics
    from fairway.services.intake.ports import NoTokens

    secrets = webhook_secrets(configured, env)
    kinds = _sources(configured)
    for sources in kinds.values():
        for source in sources:
            configured.secret(source, process_environment() if env is None else env)
    pubsub = configured.configuration.server.webhooks.pubsub
    if pubsub is None and not any(kinds.values()):
        return None
    return Intake(
        wake,
        secrets,
        tokens=PublishedKeys(pubsub.keys, pubsub.audience) if pubsub else NoTokens(),
        pubsub_account=PubSubAccount(pubsub.service_account) if pubsub else None,
        metrics=metrics or NoMetrics(),
    )


def webhook_secrets(configured: Configured, env: Mapping[str, str] | None = None) -> Secrets:
    """Reads at each call, so that a replaced file counts at once. One that is missing does not take the others down."""
    kinds = _sources(configured)

    def secrets(kind: str) -> Sequence[str]:
        environment = process_environment() if env is None else env
        found: list[str] = []
        missing: UserError | None = None
        for source in kinds.get(kind, ()):
            try:
                found.append(configured.secret(source, environment))
            except UserError as error:
                missing = error
        if missing is not None and not found:
            raise missing
        return found

    return secrets


def prometheus_metrics() -> PrometheusMetrics:
    from fairway import __version__
    from fairway.adapters.metrics.prometheus import PrometheusMetrics

    return PrometheusMetrics(__version__)


def _sources(configured: Configured) -> Mapping[str, Sequence[SecretSource]]:
    webhooks = configured.configuration.server.webhooks
    return {
        "github": webhooks.github,
        "gitlab": webhooks.gitlab,
        "gitea": webhooks.gitea,
        "bitbucket": webhooks.bitbucket,
        "registry": webhooks.registry,
    }
