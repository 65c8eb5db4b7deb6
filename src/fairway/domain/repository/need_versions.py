"""`minVersion` of a need against the version of the chart that the environment declares."""

from __future__ import annotations

from fairway.domain.charts.versions import parse_version
from fairway.domain.errors import Diagnostic
from fairway.domain.repository.models import Need

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
