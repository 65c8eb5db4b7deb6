"""`fairway.yaml` after reading: every mistake with its place, in one run."""

from __future__ import annotations

import re

from fairway.domain.agent.freezing import Window, read_freeze
from fairway.domain.configuration.addresses import check_addresses
from fairway.domain.configuration.agent import AgentSection
from fairway.domain.configuration.file import Configuration
from fairway.domain.configuration.notifications import Channel, NotificationsSection
from fairway.domain.configuration.signatures import check_signatures
from fairway.domain.configuration.texts import check_texts
from fairway.domain.repository.findings import Findings, suggestion
from fairway.domain.repository.sites import Document, Site
from fairway.domain.repository.validating import validated

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_LEASE = re.compile(rf"{_LABEL}/{_LABEL}(?:\.{_LABEL})*")
_CHANNEL_KINDS = ("slack", "slackWebhook", "teams", "email", "webhook", "cloudEvents", "log")


def check_configuration(document: Document, findings: Findings) -> Configuration:
    """The configuration without its faulty parts; it may be used only when `findings` has no error."""
    findings.add(*document.problems)
    site = Site(document.positions)
    raw = document.value if document.value is not None else {}
    if isinstance(raw, dict):
        raw = {key: value for key, value in raw.items() if not str(key).startswith("x-")}
    configuration = validated(Configuration, raw, site, findings, "") or Configuration()
    check_addresses(configuration, site, findings)
    check_signatures(configuration, site, findings)
    check_texts(configuration.upgrades, site.into("upgrades"), findings)
    _check_lease(configuration.agent, site.into("agent"), findings)
    _check_freezes(configuration.agent, site.into("agent"), findings)
    _check_notifications(configuration.notifications, site.into("notifications"), findings)
    return configuration


def _check_lease(section: AgentSection, site: Site, findings: Findings) -> None:
    if section.lease is not None and not _LEASE.fullmatch(section.lease):
        findings.error("bad-name", f'"{section.lease}" names no Lease', site.at("lease"), "write NAMESPACE/NAME")


def _check_freezes(section: AgentSection, site: Site, findings: Findings) -> None:
    for n, freeze in enumerate(section.freezes):
        read = read_freeze(freeze)
        for mistake in () if isinstance(read, Window) else read:
            rule = "bad-time" if mistake.key else "not-exactly-one"
            where = site.at("freezes", n, *([mistake.key] if mistake.key else []))
            findings.error(rule, mistake.message, where, mistake.fix)


def _check_notifications(section: NotificationsSection, site: Site, findings: Findings) -> None:
    names: set[str] = set()
    for n, channel in enumerate(section.channels):
        where = site.into("channels", n)
        _check_channel(channel, where, findings)
        if channel.name in names:
            findings.error("duplicate-name", f'the channel "{channel.name}" stands twice', where.at("name"))
        names.add(channel.name)
    for n, route in enumerate(section.routes):
        for i, name in enumerate(route.to):
            if name not in names:
                message = f'no channel "{name}"{suggestion(name, names)}'
                findings.error("unknown-channel", message, site.at("routes", n, "to", i), "name one of channels")


def _check_channel(channel: Channel, site: Site, findings: Findings) -> None:
    given = site.given(*_CHANNEL_KINDS)
    if len(given) != 1:
        message = f'channel "{channel.name}" has {" and ".join(given) or "no kind"}'
        findings.error("not-exactly-one", message, site.at(), f"give exactly one of {', '.join(_CHANNEL_KINDS)}")
