"""What Kubernetes and Helm take as a name. Sources: RFC 1123 labels; Helm's `ValidateReleaseName`."""

from __future__ import annotations

import re

from fairway.domain.errors import Position
from fairway.domain.repository.findings import Findings

MOST_IN_A_LABEL = 63
MOST_IN_A_RELEASE = 53
"""Helm keeps room for what charts put behind the release's name."""

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z")
_RELEASE = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")


def check_label(name: str, what: str, where: Position, findings: Findings) -> None:
    _check(name, what, where, findings, _LABEL, MOST_IN_A_LABEL, "")


def check_release_name(name: str, where: Position, findings: Findings) -> None:
    _check(name, "release", where, findings, _RELEASE, MOST_IN_A_RELEASE, " and dots")


def check_word(name: str, what: str, where: Position, findings: Findings) -> None:
    """Names that only Fairway uses: not empty, no spaces, and no slash (it parts a repository from its chart)."""
    if not name or any(sign.isspace() or sign == "/" for sign in name):
        findings.error("bad-name", f'{what} "{name}": a name has no spaces and no slashes', where)


def slug(text: str) -> str:
    """The nearest label to a text; "unnamed" when nothing of it is left."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:MOST_IN_A_LABEL].strip("-") or "unnamed"


def _check(
    name: str, what: str, where: Position, findings: Findings, allowed: re.Pattern[str], most: int, also: str
) -> None:
    if len(name) > most:
        findings.error("bad-name", f'{what} "{name}": {len(name)} characters, at most {most} are possible', where)
    elif not allowed.match(name):
        message = f'{what} "{name}": a name has only lower-case letters, digits and "-"{also} inside'
        findings.error("bad-name", message, where, f"call it {slug(name)}")
