"""Policy and owner: built-in < environment < release, field by field."""

from __future__ import annotations

from dataclasses import replace

from fairway.domain.repository.findings import Findings
from fairway.domain.repository.models import (
    CrdPolicy,
    DriftMode,
    FailurePolicy,
    IgnoreRule,
    ImmutablePolicy,
    Owner,
    Policy,
)
from fairway.domain.repository.sites import Site
from fairway.domain.repository.written.policies import OwnerEntry, PolicyEntry


def resolve_policy(below: Policy, entry: PolicyEntry | None, site: Site, findings: Findings) -> Policy:
    """`below` with what the entry says over it; rules to ignore add up."""
    if entry is None:
        return below
    changes: dict[str, object] = {}
    if entry.drift is not None:
        if entry.drift.mode is not None:
            changes["drift"] = DriftMode(entry.drift.mode)
        if entry.drift.ignore:
            added = []
            for index, rule in enumerate(entry.drift.ignore):
                for number, pointer in enumerate(rule.pointers):
                    if not pointer.startswith("/"):
                        place = site.at("drift", "ignore", index, "pointers", number)
                        findings.error(
                            "bad-value",
                            f'"{pointer}" is no JSON pointer',
                            place,
                            f'write "/{pointer.replace(".", "/")}"',
                        )
                added.append(IgnoreRule(tuple(rule.pointers), rule.kind, rule.name, rule.namespace))
            changes["drift_ignore"] = (*below.drift_ignore, *added)
    if entry.crds is not None:
        changes["crds"] = CrdPolicy(entry.crds)
    if entry.immutable is not None:
        changes["immutable"] = ImmutablePolicy(entry.immutable)
    if entry.on_failure is not None:
        changes["on_failure"] = FailurePolicy(entry.on_failure)
    if entry.prune is not None:
        changes["prune"] = entry.prune.enabled
        changes["prune_max_releases"] = entry.prune.max_releases
        changes["prune_max_objects"] = entry.prune.max_objects
    changes.update(adopt=entry.adopt, retries=entry.retries, history=entry.history)
    return replace(below, **{name: value for name, value in changes.items() if value is not None})  # type: ignore[arg-type]


def resolve_owner(below: Owner, entry: OwnerEntry | None) -> Owner:
    if entry is None:
        return below
    return Owner(
        team=entry.team or below.team,
        squad=entry.squad or below.squad,
        slack=entry.slack or below.slack,
        links={**below.links, **(entry.links or {})},
    )
