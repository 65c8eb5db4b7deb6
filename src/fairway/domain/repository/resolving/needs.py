"""`needs` over all releases of an environment: known names, nothing that needs itself, no circles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fairway.domain.charts.versions import is_exact, parse_version
from fairway.domain.repository.findings import Findings, suggestion
from fairway.domain.repository.models import ChartValue, Need, Release
from fairway.domain.repository.need_versions import RULE, version_mistake
from fairway.domain.values.outputs import implied_needs

MOST_SHOWN = 10


def with_outputs(release: Release, default_values: Sequence[ChartValue]) -> Release:
    """The release with a need for each release that its values take an output of."""
    declared = {need.release for need in release.needs}
    implied = [need for need in implied_needs(release, default_values) if need.release not in declared]
    return replace(release, needs=(*release.needs, *implied)) if implied else release


def check_needs(releases: Sequence[Release], declared: Sequence[str], environment: str, findings: Findings) -> None:
    """`declared` has also the names of releases that could not be resolved: needing them is not a second mistake."""
    known = set(declared)
    by_name = {release.name: release for release in releases}
    graph: dict[str, dict[str, Need]] = {}
    for release in releases:
        edges = graph.setdefault(release.name, {})
        for need in release.needs:
            if need.release == release.name:
                findings.error("needs-itself", f'release "{release.name}" needs itself', need.position, "remove it")
            elif need.release not in known:
                message = (
                    f'release "{release.name}" needs "{need.release}", which environment "{environment}" '
                    f"does not have{suggestion(need.release, known)}"
                )
                findings.error("unknown-release", message, need.position)
            else:
                edges.setdefault(need.release, need)
                _check_version(release.name, need, by_name.get(need.release), findings)
    _report_cycles(graph, findings)


def _check_version(release: str, need: Need, needed: Release | None, findings: Findings) -> None:
    """What can be told without the chart: a range, or a folder's own version, is judged when it is fetched."""
    if need.min_version is None:
        return
    if parse_version(need.min_version) is None:
        message = f'release "{release}": minVersion "{need.min_version}" of "{need.release}" is no version'
        findings.error(RULE, message, need.position, "write e.g. minVersion: 2.1.0")
    elif needed is not None and needed.chart is None and needed.resource_files:
        message = f'release "{release}": "{need.release}" is plain files, which have no version'
        findings.error(RULE, message, need.position, "remove minVersion")
    elif needed is not None and needed.chart is not None and is_exact(needed.chart.version or ""):
        mistake = version_mistake(release, need, needed.chart.version or "")
        if mistake is not None:
            findings.error(RULE, mistake.message, need.position, mistake.fix)


def _report_cycles(graph: Mapping[str, Mapping[str, Need]], findings: Findings) -> None:
    """Each circle once, at the need that closes it. Depth first without recursion: chains may be long."""
    done: set[str] = set()
    for start in graph:
        if start in done:
            continue
        chain: list[str] = [start]
        on_chain = {start}
        pending = [iter(graph[start].values())]
        while pending:
            need = next(pending[-1], None)
            if need is None:
                pending.pop()
                finished = chain.pop()
                on_chain.discard(finished)
                done.add(finished)
            elif need.release in on_chain:
                circle = " → ".join(_shortened([*chain[chain.index(need.release) :], need.release]))
                findings.error("needs-cycle", f"releases need each other in a circle: {circle}", need.position)
            elif need.release not in done and need.release in graph:
                chain.append(need.release)
                on_chain.add(need.release)
                pending.append(iter(graph[need.release].values()))


def _shortened(names: list[str]) -> list[str]:
    return names if len(names) <= MOST_SHOWN else [*names[: MOST_SHOWN // 2], "…", *names[-MOST_SHOWN // 2 :]]
