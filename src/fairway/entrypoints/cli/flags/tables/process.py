"""What every process has: its log, its addresses, its own key."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fairway.domain.configuration.listening import Listen, parse_listen
from fairway.domain.errors import UserError
from fairway.entrypoints.cli.flags import kinds
from fairway.entrypoints.cli.flags.flag import Flag, Group
from fairway.entrypoints.cli.flags.given import Given
from fairway.settings import Settings

SPELLINGS = {"trace": "debug", "warn": "warning", "fatal": "error", "panic": "error"}
"""Of other loggers, as they stand in the variables of people who come from there."""

ANYWHERE = ("0.0.0.0", "::")

LOG_FORMAT = Flag("log-format", kinds.one_of("text", "json"), "Of the log, on stderr.", default="text")
LOG_LEVEL = Flag(
    "log-level", kinds.one_of("debug", "info", "warning", "error", *SPELLINGS), "How much is logged.", default="info"
)
LOGS = Group("Log", (LOG_FORMAT, LOG_LEVEL))

LISTEN = Flag(
    "listen-address", kinds.ADDRESS, "Where webhooks, API, pages and probes are served.", default="127.0.0.1:8080"
)
BASE_URL = Flag("base-url", kinds.URL, "How GitHub and people reach it; put into links.", default="the address")
METRICS = Flag("metrics-listen-addr", kinds.ADDRESS, "Where metrics and probes are served.", default="127.0.0.1:8081")
OWN_KEY = Flag(
    "secret-key-file", kinds.FILE, "The server's own key, with which it seals stored secrets; alike in all replicas.",
    default="made in the data folder",
    ours=True,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Addresses:
    listen: Listen
    base_url: str = ""
    """Without a slash at its end; empty where nobody said it and the address is no hint."""


def set_up_process(given: Given, settings: Settings) -> Settings:
    """The log as it was asked for; the settings with what flags say."""
    from fairway.entrypoints.logs import set_up_logs

    level = given.value(LOG_LEVEL) or "info"
    set_up_logs(SPELLINGS.get(level, level), given.value(LOG_FORMAT) or "text")
    given.warn()
    own_key = given.value(OWN_KEY) if given.has(OWN_KEY) else None
    return replace(settings, secret_key_file=own_key) if own_key else settings


def addresses(given: Given, flag: Flag = LISTEN) -> Addresses:
    text = given.value(flag) or flag.default
    listen = parse_listen(text)
    if listen is None:
        raise UserError(f'{given.named(flag)}: "{text}" is no address', fix="write e.g. 127.0.0.1:8080, or :8080")
    base = given.value(BASE_URL) if given.has(BASE_URL) else None
    if base and not base.startswith(("https://", "http://")):
        raise UserError(f'{given.named(BASE_URL)}: "{base}" is no URL', fix="write e.g. https://deploy.example.com")
    hint = f"http://{listen}" if listen.port and listen.host not in ANYWHERE else ""
    return Addresses(listen, (base or hint).rstrip("/"))
