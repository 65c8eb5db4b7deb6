"""Addresses in `fairway.yaml`: to listen on, to post to, to clone from, to write to."""

from __future__ import annotations

from urllib.parse import urlsplit

from fairway.domain.configuration.file import Configuration
from fairway.domain.configuration.git import GitSection
from fairway.domain.configuration.listening import parse_listen
from fairway.domain.configuration.notifications import Channel
from fairway.domain.configuration.server import ServerSection
from fairway.domain.repository.findings import Findings
from fairway.domain.repository.sites import Site

RULE = "bad-address"


def check_addresses(configuration: Configuration, site: Site, findings: Findings) -> None:
    _check_server(configuration.server, site.into("server"), findings)
    _check_git(configuration.git, site.into("git"), findings)
    for n, channel in enumerate(configuration.notifications.channels):
        _check_channel(channel, site.into("notifications", "channels", n), findings)


def _check_server(server: ServerSection, site: Site, findings: Findings) -> None:
    if parse_listen(server.listen) is None:
        fix = "write e.g. 127.0.0.1:8080, or :8080 for all addresses of this machine"
        findings.error(RULE, f'"{server.listen}" is no address to listen on', site.at("listen"), fix)
    _check_url(server.public_url, site, "publicUrl", findings)
    pubsub = server.webhooks.pubsub
    if pubsub is not None:
        below = site.into("webhooks", "pubsub")
        _check_url(pubsub.keys, below, "keys", findings)
        _check_mail(pubsub.service_account, below, "serviceAccount", findings)
        if not pubsub.audience:
            fix = "write what the subscription has as its audience"
            findings.error("bad-value", "the audience is empty", below.at("audience"), fix)


def _check_git(git: GitSection, site: Site, findings: Findings) -> None:
    if git.url is not None and _has_password(git.url):
        fix = "put it into credentials: {token: {env: …}}"
        findings.error("plain-credential", "a credential is written into the address", site.at("url"), fix)
    if git.forge is not None:
        _check_url(git.forge.api, site.into("forge"), "api", findings)


def _check_channel(channel: Channel, site: Site, findings: Findings) -> None:
    if channel.slack is not None:
        _check_url(channel.slack.api, site.into("slack"), "api", findings)
    if channel.webhook is not None:
        _check_url(channel.webhook.url, site.into("webhook"), "url", findings)
    if channel.cloud_events is not None:
        _check_url(channel.cloud_events.url, site.into("cloudEvents"), "url", findings)
    if channel.email is not None:
        below = site.into("email")
        _check_mail(channel.email.sender, below, "from", findings)
        for n, receiver in enumerate(channel.email.to):
            _check_mail(receiver, below.into("to"), n, findings)
        if not 0 < channel.email.port < 65536:
            findings.error(RULE, f"{channel.email.port} is no port", below.at("port"), "write e.g. 587")


def _check_url(url: str | None, site: Site, key: str, findings: Findings) -> None:
    if url is None:
        return
    if _has_password(url):
        message = "a credential is written into the address"
        findings.error("plain-credential", message, site.at(key), "write the address without it")
    elif not _is_http(url):
        findings.error(
            RULE, f'{key}: "{url}" is no http or https address', site.at(key), "write e.g. https://host/path"
        )


def _check_mail(address: str, site: Site, key: str | int, findings: Findings) -> None:
    name, _, host = address.rstrip(">").rpartition("@")
    if not name or not host or " " in host:
        findings.error(RULE, f'"{address}" is no e-mail address', site.at(key), "write e.g. deploy@example.com")


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _has_password(url: str) -> bool:
    if "://" not in url:
        return False
    try:
        return bool(urlsplit(url).password)
    except ValueError:
        return False
