"""`health`: rules of a release or an environment for when objects of a kind are healthy."""

from __future__ import annotations

from collections.abc import Sequence

from fairway.domain.errors import UserError
from fairway.domain.health import HealthRule
from fairway.domain.repository.resolving.context import Context
from fairway.domain.repository.sites import Site
from fairway.domain.repository.written.policies import HealthEntry
from fairway.domain.values.jsonpath import select


def resolve_health(entries: Sequence[HealthEntry], site: Site, context: Context) -> tuple[HealthRule, ...]:
    """Rules as declared, the first that fits an object decides; mistakes are reported."""
    rules = []
    for index, entry in enumerate(entries):
        here = site.into(index)
        given = here.given("equals", "in")
        if len(given) != 1:
            which = "both equals and in" if given else "neither equals nor in"
            context.findings.error("bad-health", f"a rule of health has {which}", here.at(), "add equals: Ready")
            continue
        try:
            select({}, entry.path)
        except UserError as error:
            context.findings.error("bad-health", error.message, here.at("path"), error.fix)
            continue
        wanted = tuple(entry.one_of or ()) if entry.equals is None else (entry.equals,)
        failed = tuple(entry.failed or ())
        if both := sorted({*wanted} & {*failed}):
            message = f"{', '.join(both)} can't mean both healthy and failed"
            context.findings.error("bad-health", message, here.at("failed"), "leave it in one of them")
        rules.append(HealthRule(entry.kind, entry.path, wanted, failed, entry.group))
    return tuple(rules)
