"""How a hookd works, and its pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.flags import kinds
from fairway.entrypoints.cli.flags.flag import Flag, Group
from fairway.entrypoints.cli.flags.given import Given
from fairway.entrypoints.cli.flags.tables import github
from fairway.entrypoints.cli.flags.tables.process import OWN_KEY
from fairway.services.hookd.options import HookdOptions
from fairway.services.portal.options import PortalOptions

CLUSTERS = Flag("clusters", kinds.NAMES, "Clusters that are known before their deployd was heard of.", ours=True)
CONCURRENCY = Flag(
    "github-concurrency", kinds.number(1, 100), "Statuses on their way to GitHub at once.", "post_concurrency",
    default="8", ours=True,
)  # fmt: skip
FINISH_WITHIN = Flag(
    "finish-within", kinds.SOME_TIME, "From a deployd's last word to the outcome; longer than its --timeout.",
    default="15m", ours=True,
)  # fmt: skip
TIMES = (
    Flag("deadline", kinds.SOME_TIME, "How long a deployd has to begin.", default="1m", ours=True),
    Flag(
        "deadline-grace", kinds.DURATION, "How long after it a report may still arrive.", "grace", default="10s",
        ours=True,
    ),
    FINISH_WITHIN,
    Flag(
        "settle", kinds.DURATION, "After the queue was away: how long nobody is given up.", default="45s", ours=True
    ),
    Flag(
        "github-timeout", kinds.SOME_TIME, "How long GitHub may take to answer.", "post_answer", default="25s",
        ours=True,
    ),
    Flag(
        "github-give-up", kinds.SOME_TIME, "How long a status that GitHub does not take is tried.", "post_within",
        default="24h", ours=True,
    ),
)  # fmt: skip
CONFIGURATION = Flag(
    "notifications-config", kinds.FILE, "A fairway.yaml whose notifications are told of deployments.", ours=True
)
WORK = Group("Deployments", (CLUSTERS, *TIMES, CONCURRENCY, CONFIGURATION))

WEB_URL = Flag(
    "github-web-url", kinds.URL, "Where people see repositories; of GitHub Enterprise.", "github_web",
    default="https://github.com", ours=True,
)  # fmt: skip
SCOPES = Flag("github-scopes", kinds.TEXT, "Of an OAuth App in the place of a GitHub App: 'repo read:org'.", ours=True)
ORGANIZATIONS = Flag(
    "github-organizations", kinds.NAMES, "Only their members sign in, only their repositories can be registered.",
    default="any", ours=True,
)  # fmt: skip
SESSIONS = (
    Flag(
        "session-idle", kinds.SOME_TIME, "After so long without a request one signs in again.", "session_idle_seconds",
        default="1h", ours=True,
    ),
    Flag(
        "session-longest", kinds.SOME_TIME, "After so long in any case.", "session_longest_seconds", default="8h",
        ours=True,
    ),
)  # fmt: skip
MEMBERS_ONLY = Flag(
    "pages-for-members", kinds.BOOLEAN, "Pages of deployments only for those who are signed in to the portal.",
    default="false", ours=True,
)  # fmt: skip
PORTAL = Group("Portal and pages", (WEB_URL, ORGANIZATIONS, SCOPES, *SESSIONS, MEMBERS_ONLY, OWN_KEY))


def hookd_options(given: Given, *, base_url: str, group: str = "") -> HookdOptions:
    times = {flag.fills: timedelta(seconds=seconds) for flag in TIMES if (seconds := given.value(flag)) is not None}
    secrets = github.webhook_secrets(given)
    enabled = given.value(github.ENABLED) is not False
    if enabled and not secrets:
        raise UserError(
            f"{given.named(github.WEBHOOK_SECRET)} is not set: nobody could prove to be GitHub",
            fix="make one with openssl rand -hex 32, and set it here and in the App's settings",
        )
    return given.fill(
        HookdOptions,
        [CLUSTERS, CONCURRENCY],
        github_enabled=enabled,
        webhook_secrets=secrets,
        base_url=base_url,
        group=group,
        **times,
    )


def portal_options(given: Given, *, base_url: str) -> PortalOptions | None:
    """None: there is no portal. Raises UserError for what none can be run with."""
    flags = [github.CLIENT_ID, github.CLIENT_SECRET, WEB_URL, ORGANIZATIONS, SCOPES, *SESSIONS]
    options = given.fill(PortalOptions, flags, base_url=base_url)
    if api := given.value(github.API):
        options = replace(options, github_api=api)
    if given.value(MEMBERS_ONLY) and not options.is_wanted:
        raise UserError(
            f"{given.named(MEMBERS_ONLY)} is set, but {given.named(github.CLIENT_ID)} is not, so nobody can sign in",
            fix="set the client's id and secret",
        )
    return options.checked() if options.is_wanted else None


def pages_for_members(given: Given) -> bool:
    return bool(given.value(MEMBERS_ONLY))
