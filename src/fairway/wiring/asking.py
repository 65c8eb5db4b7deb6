"""Whom a deployment is asked of, with its login."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fairway.wiring.github_deployments import GITHUB_API, GithubLogin, github_deployments

if TYPE_CHECKING:
    from fairway.services.asking.asking import Asking, Listener
    from fairway.services.asking.ports import Addressee


@dataclass(frozen=True, slots=True)
class ActionsIdentity:
    """What a job of GitHub Actions with `id-token: write` has in its environment."""

    url: str
    token: str = field(repr=False)
    audience: str = ""


def ask_github(
    login: GithubLogin, *, web: str = "", transient: bool = False, production: bool | None = None
) -> Addressee:
    from fairway.adapters.forges.api import Patience
    from fairway.adapters.forges.github.asking import GithubAddressee

    # Whoever asks has the patience; and a deployment whose making failed half-way has to be looked for first.
    once = Patience(attempts=1, longest_wait=0.0)
    deployments = github_deployments(login, once)
    return GithubAddressee(deployments, web or _web(login.api), transient=transient, production=production)


def ask_hookd(url: str, who: str | ActionsIdentity) -> Addressee:
    """hookd's API, as the team with this key, or as the repository of a job."""
    from fairway.adapters.hookd.calls import Hookd
    from fairway.adapters.hookd.rest import HookdApi
    from fairway.adapters.hookd.signing import ActionsToken, TeamKey

    hookd = Hookd(url)
    if isinstance(who, str):
        return HookdApi(hookd, TeamKey(who))
    return HookdApi(hookd, ActionsToken(who.url, who.token, who.audience or hookd.base))


def send_event(url: str, secret: str, *, delivery_id: str, deployment_id: int) -> Addressee:
    """hookd's webhook, as if it were GitHub that sends."""
    from fairway.adapters.hookd.calls import Hookd
    from fairway.adapters.hookd.events import HookdEvents

    return HookdEvents(Hookd(url), secret, delivery_id=delivery_id, deployment_id=deployment_id)


def asking(addressee: Addressee, listener: Listener) -> Asking:
    from fairway.services.asking.asking import Asking

    return Asking(addressee, listener, asyncio.sleep, time.monotonic)


def _web(api: str) -> str:
    """Enterprise Server has its API below /api/v3 of the same host."""
    if api.rstrip("/") == GITHUB_API:
        return "https://github.com"
    parts = urlsplit(api)
    return f"{parts.scheme}://{parts.netloc}"
