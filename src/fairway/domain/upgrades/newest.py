"""The track Newest: the image that was created last, whatever its tag says.

The rule not to break: nothing that was created earlier than the current tag is chosen, and a tag without a date never.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from fairway.domain.upgrades.rules import Rules
from fairway.domain.upgrades.tags import TagVersion
from fairway.domain.upgrades.verdicts import Choice, SeenTag, Verdict, ordered, verdict


def choose_newest(current: str, seen: list[SeenTag], rules: Rules, refused: Mapping[str, str]) -> Choice:
    """`seen` without doubles; `refused` says of tags why they cannot be chosen."""
    versions = {one.tag: rules.version_of(one.tag) for one in seen}
    created = {one.tag: one.created for one in seen}
    since = created.get(current)
    unknown = current in created and since is None
    out = {tag: reason for tag in created if (reason := newest_refusal(tag, current, rules, refused))}
    best = None
    if not unknown:
        dated = [(when, tag) for tag, when in created.items() if when is not None and tag != current and tag not in out]
        newer = [(when, tag) for when, tag in dated if since is None or when > since]
        best = max(newer, key=lambda item: (item[0], *_rank(versions[item[1]]), item[1]), default=None)
    verdicts = {}
    for tag, when in created.items():
        kept_back = refused.get(tag, "") if when is not None and (since is None or when > since) else ""
        reason = _why_not(when, since, current, unknown, best, out.get(tag))
        verdicts[tag] = verdict(tag, current, reason, kept_back)
    if best is not None:
        verdicts[best[1]] = Verdict(best[1], True, f"created last, {_shown(best[0])}")
    order = {tag: (when or datetime.min.replace(tzinfo=UTC)) for tag, when in created.items()}
    return Choice(best[1] if best else None, ordered(verdicts, lambda tag: (order[tag], tag)))


def newest_refusal(tag: str, current: str, rules: Rules, refused: Mapping[str, str]) -> str | None:
    """Why a tag is not chosen, whenever it was created; whoever dates tags need not date this one."""
    if reason := refused.get(tag):
        return reason
    return None if tag == current else rules.refusal(tag, rules.version_of(tag), pre_releases=rules.pre_releases)


def _why_not(
    when: datetime | None,
    since: datetime | None,
    current: str,
    unknown: bool,
    best: tuple[datetime, str] | None,
    refusal: str | None,
) -> str:
    """`since`: when the current tag was created; `unknown`: it is there, but nobody knows when it was created."""
    if refusal:
        return f"not chosen: {refusal}"
    if when is None:
        return "not chosen: creation time not known"
    if unknown:
        return f"not chosen: the creation time of the current {current} is not known"
    if since is not None and when <= since:
        return "not chosen: older" if when < since else f"not chosen: created together with {current}"
    if best is None:
        return "current"
    return f"not chosen: {'older than' if when < best[0] else 'created together with'} {best[1]}"


def _rank(version: TagVersion | None) -> tuple[object, ...]:
    """Of tags created together: a version before a word, an exact one before a short one."""
    if version is None:
        return (0,)
    return 1, version.precedence, len(version.numbers)


def _shown(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
