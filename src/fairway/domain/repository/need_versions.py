"""`minVersion` of a need against the version of the chart that the environment declares."""

from __future__ import annotations

from collections.abc import Iterable

from fairway.domain.charts.versions import parse_version
from fairway.domain.errors import Diagnostic
from fairway.domain.repository.models import Need, Release

RULE = "min-version"


def version_mistake(release: str, need: Need, version: str) -> Diagnostic | None:
    """What is wrong when the needed release's chart has this version; None when it is new enough.

    Versions compare as semver does: a pre-release is older than its release.
    """
    if need.min_version is None:
        return None
    least, found = parse_version(need.min_version), parse_version(version)
    if least is None or found is None or found >= least:
        return None
    return Diagnostic(
        f'release "{release}" needs "{need.release}" from version {need.min_version}, '
        f"and this environment declares {version}",
        need.position,
        f'raise the chart of "{need.release}", or lower minVersion',
        rule=RULE,
    )


def version_mistakes(declared: Iterable[tuple[Release, str]]) -> list[tuple[str, Diagnostic]]:
    """All of them by release, in one environment, given the versions of charts as far as those are known."""
    known = {release.name: (release, version) for release, version in declared}
    mistakes = [
        (release.name, version_mistake(release.name, need, known[need.release][1]))
        for release, _ in known.values()
        for need in release.needs
        if need.release in known
    ]
    return [(name, mistake) for name, mistake in mistakes if mistake is not None]
