"""`fairway hookd` as a process: webhook, API, pages and portal, and everything that follows from a request.

The rule not to break: what is not open is answered with 503, so that whoever asks comes again.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairway.entrypoints.workers.beside import beside
from fairway.entrypoints.workers.ending import Bound
from fairway.entrypoints.workers.part import Part
from fairway.entrypoints.workers.process import Process, run_process

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from fairway.domain.configuration.listening import Listen
    from fairway.entrypoints.cli.flags.tables.api import ApiAccess
    from fairway.entrypoints.web.parts import WebParts
    from fairway.entrypoints.workers.checking import Check
    from fairway.entrypoints.workers.metrics import ProcessMetrics
    from fairway.services.access.options import AccessOptions
    from fairway.services.hookd.hookd import Hookd
    from fairway.services.hookd.metrics import HookdMetrics
    from fairway.services.hookd.options import HookdOptions
    from fairway.services.hookd.ports import DeploymentStatuses
    from fairway.services.notifying.ports import Tell
    from fairway.services.portal.options import PortalOptions
    from fairway.services.queue.options import QueueOptions
    from fairway.settings import Settings
    from fairway.wiring.access import Access
    from fairway.wiring.github_deployments import GithubLogin


log = logging.getLogger(__name__)

Status = Callable[[], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class HookdProcess:
    """What it was asked for; `login` None: GitHub is told nothing, `portal` None: there is none."""

    options: HookdOptions
    queue: QueueOptions
    access: AccessOptions
    api: ApiAccess
    login: GithubLogin | None
    portal: PortalOptions | None
    listen: Listen
    github_web: str
    pages_for_members: bool = False
    configuration: Path | None = None
    """fairway.yaml with the channels by which people are told; None: nobody is told."""


@dataclass(frozen=True, slots=True)
class Opened:
    hookd: Hookd
    app: ASGIApp


async def run_hookd(settings: Settings, asked: HookdProcess, bound: Bound | None = None) -> int:
    """Until cancelled; the exit code."""
    from fairway.entrypoints.workers.metrics import ProcessMetrics

    metrics = ProcessMetrics()
    part = hookd_part(settings, asked, metrics)
    about = {"github": asked.login is not None, "portal": asked.portal is not None, "base_url": asked.options.base_url}
    process = Process("hookd", [part], asked.listen, metrics.page, app=app_of(part), about=about)
    return await run_process(process, bound or Bound())


def hookd_part(
    settings: Settings, asked: HookdProcess, metrics: ProcessMetrics, also: Status | None = None
) -> Part[Opened]:
    """`also` is what `/` shows beside the state of hookd itself."""
    counts = metrics.hookd()
    if asked.portal is not None and not asked.portal.github_organizations:
        log.warning("portal.open_to_all", extra={"fix": "name your organization: --github-organizations"})

    def ready(opened: Opened) -> Mapping[str, str]:
        return {"store": "", "queue": "", **opened.hookd.ready()}

    return Part(
        "hookd", lambda: open_parts(settings, asked, counts, also or dict), lambda opened: opened.hookd.run(), ready
    )


def app_of(part: Part[Opened]) -> Callable[[], ASGIApp | None]:
    return lambda: part.opened.app if part.opened is not None else None


@asynccontextmanager
async def open_parts(
    settings: Settings, asked: HookdProcess, metrics: HookdMetrics, also: Status = dict
) -> AsyncIterator[Opened]:
    """Everything that hookd is made of. Raises Transient, UserError or Refused."""
    from fairway.entrypoints.web.app import create_app
    from fairway.wiring.access import deciding_access, open_access
    from fairway.wiring.hookd import open_hookd
    from fairway.wiring.queue import open_correspondence

    async with AsyncExitStack() as stack:
        correspondence = await stack.enter_async_context(
            open_correspondence(settings, asked.queue, lambda topic, reason: metrics.rejected(topic.value, reason))
        )
        access = await stack.enter_async_context(open_access(settings, asked.access))
        teams = await stack.enter_async_context(deciding_access(asked.access, access, asked.login))
        statuses = _statuses(asked)
        stack.push_async_callback(statuses.aclose)
        tell = await _tell(stack, settings, asked)
        hookd = await stack.enter_async_context(
            open_hookd(settings, asked.options, correspondence, teams, statuses, tell=tell, metrics=metrics)
        )
        web = await _web(stack, settings, asked, hookd, access, also)
        yield Opened(hookd, create_app(web))


async def _web(
    stack: AsyncExitStack, settings: Settings, asked: HookdProcess, hookd: Hookd, access: Access, also: Status
) -> WebParts:
    from fairway.entrypoints.web.dispatch.parts import ApiParts, DispatchParts
    from fairway.entrypoints.web.parts import WebParts
    from fairway.entrypoints.web.portal.adding import members_only
    from fairway.wiring.portal import open_portal
    from fairway.wiring.team_keys import api_authenticating, open_team_keys

    portal = None
    if asked.portal is not None:
        portal = await stack.enter_async_context(open_portal(settings, asked.portal, access))
    api = None
    if asked.api.enabled:
        keys = await stack.enter_async_context(open_team_keys(settings))
        authenticating = api_authenticating(
            keys,
            audience=asked.api.audience,
            issuer=asked.api.issuer,
            published_keys=asked.api.published_keys,
            provision_keys=asked.api.provision_keys,
        )
        api = ApiParts(authenticating, keys)
    gate = members_only(portal) if portal is not None and asked.pages_for_members else None
    tells = asked.options.github_enabled
    dispatch = DispatchParts(hookd.accepting, hookd.store, api, gate, asked.github_web, tells)
    return WebParts(status=lambda: {**hookd.status(), **also()}, dispatch=dispatch, portal=portal)


def _statuses(asked: HookdProcess) -> DeploymentStatuses:
    from fairway.services.hookd.ports import NoStatuses
    from fairway.wiring.github_deployments import github_statuses

    if asked.login is None:
        return NoStatuses()
    return github_statuses(asked.login, at_once=asked.options.post_concurrency)


async def _tell(stack: AsyncExitStack, settings: Settings, asked: HookdProcess) -> Tell | None:
    if asked.configuration is None:
        return None
    from fairway.services.configuring import load_configuration
    from fairway.wiring.notifications import open_notifier

    configured = load_configuration(asked.configuration, asked.configuration)
    notifier = await stack.enter_async_context(
        open_notifier(settings, configured, warn=lambda text: log.warning("hookd.warning", extra={"text": text}))
    )
    await stack.enter_async_context(beside(notifier.run))
    return notifier.tell


def hookd_checks(settings: Settings, asked: HookdProcess) -> list[Check]:
    from fairway.entrypoints.workers.checking import Check
    from fairway.wiring.checks import look_at_access, look_at_github, look_at_ledger, look_at_own_key, look_at_queue

    return [
        Check("database", lambda: look_at_ledger(settings)),
        Check("queue", lambda: look_at_queue(settings, asked.queue)),
        Check("team access", lambda: look_at_access(settings, asked.access)),
        Check("own key", lambda: look_at_own_key(settings)),
        Check("GitHub", lambda: look_at_github(asked.login)),
    ]
