"""What is checked of one rendered object: whether the target serves its kind, and whether it takes its fields.

The rule not to break: an object is checked against a schema only where the target serves its API version.
"""

from __future__ import annotations

from dataclasses import dataclass

from fairway.domain.charts.rendering import ChartSource
from fairway.domain.errors import Position, Severity
from fairway.domain.kubernetes.builtin import builtin_kind, builtin_kinds, is_builtin_group, removal
from fairway.domain.kubernetes.schemas import Schemas
from fairway.domain.kubernetes.validating import Problem, problems_of
from fairway.domain.kubernetes.versions import Minor, minor_of, minor_text
from fairway.domain.manifests.objects import Object
from fairway.domain.repository.findings import suggestion
from fairway.services.linting.collecting import Collected, Whose
from fairway.services.linting.places import Places, key_pattern, value_pattern
from fairway.services.linting.standing_in import stands_at
from fairway.services.rendering import OpenRendering


@dataclass(frozen=True, slots=True)
class ObjectCheck:
    """Checks one release's objects, one after the other."""

    opened: OpenRendering
    whose: Whose
    chart: ChartSource | None
    schemas: Schemas
    places: Places
    collected: Collected

    def __call__(self, source: str, obj: Object) -> None:
        api_version, kind = str(obj.get("apiVersion")), str(obj.get("kind"))
        place = self.places.of_source(source, self.whose.release, self.chart)
        if not self._is_served(obj, api_version, kind, place):
            return
        schema = self.schemas.of(api_version, kind)
        if schema is None:
            if not is_builtin_group(api_version):
                text = f"{api_version} {kind} is not checked: no schema of it is known here"
                self.collected.add("no-schema", Severity.INFO, place, self.whose, text)
            return
        for problem in problems_of(obj, schema, self.schemas):
            if stands_at(obj, problem.path):
                continue
            at = place if problem.kind is Problem.MISSING else self.places.with_line(place, key_pattern(problem.key))
            self._add(problem.kind.value, Severity.ERROR, at, obj, self.opened.secrets.mask(problem.message))

    def _is_served(self, obj: Object, api_version: str, kind: str, place: Position) -> bool:
        """False when there is nothing to check the object against, after saying why."""
        minor = minor_of(self.opened.resources.kube_version)
        served = (api_version, kind) in self.opened.resources.by_ref
        gone = removal(api_version, kind)
        if gone is not None and gone.gone_in(minor) and not served:
            text = f"{api_version} {kind} was removed in Kubernetes {minor_text(gone.removed)}"
            self._add_version("api-removed", Severity.ERROR, place, obj, text, _use(gone.replacement))
            return False
        if gone is not None and gone.deprecated_in(minor):
            text = (
                f"{api_version} {kind} is deprecated since Kubernetes {minor_text(gone.deprecated)} "
                f"and goes in {minor_text(gone.removed)}"
            )
            self._add_version("api-deprecated", Severity.WARNING, place, obj, text, _use(gone.replacement))
        if served:
            return True
        if is_builtin_group(api_version):
            severity, text, fix = _not_built_in(api_version, kind, minor)
            self._add_version("unknown-kind", severity, place, obj, text, fix)
            return False
        if self.opened.live and self.schemas.of(api_version, kind) is None:
            text = f"the cluster does not serve {api_version} {kind}, and no release brings its definition"
            fix = "install its CustomResourceDefinition first, or add it to a chart's crds/"
            self._add_version("unknown-kind", Severity.WARNING, place, obj, text, fix)
            return False
        return True

    def _add_version(
        self, rule: str, severity: Severity, place: Position, obj: Object, text: str, fix: str | None
    ) -> None:
        at = self.places.with_line(place, value_pattern("apiVersion", str(obj.get("apiVersion"))))
        self._add(rule, severity, at, obj, text, fix)

    def _add(
        self, rule: str, severity: Severity, place: Position, obj: Object, text: str, fix: str | None = None
    ) -> None:
        name = str((obj.get("metadata") or {}).get("name", ""))
        self.collected.add(rule, severity, place, self.whose, text, fix, kind=str(obj.get("kind")), name=name)


def _use(replacement: str | None) -> str:
    return f"use {replacement}" if replacement else "there is no replacement: remove the object"


def _not_built_in(api_version: str, kind: str, minor: Minor) -> tuple[Severity, str, str | None]:
    known = builtin_kind(api_version, kind)
    if known is not None and known.switched_off:
        fix = "use it only where an administrator switched this API on (--runtime-config)"
        return Severity.WARNING, f"{api_version} {kind} is not served by default in Kubernetes {minor_text(minor)}", fix
    if known is not None:
        text = f"{api_version} {kind} exists only since Kubernetes {minor_text(known.since)}"
        older = [one for one in builtin_kinds() if one.kind == kind and one.served_in(minor)]
        return Severity.ERROR, text, f"use {older[0].api_version} for {minor_text(minor)}" if older else None
    elsewhere = sorted({one.api_version for one in builtin_kinds() if one.kind == kind and one.served_in(minor)})
    in_version = [one.kind for one in builtin_kinds() if one.api_version == api_version]
    near = "" if elsewhere else suggestion(kind, in_version, most=0)
    text = f"Kubernetes {minor_text(minor)} has no {kind} in {api_version}{near}"
    return Severity.ERROR, text, f"{kind} is in {', '.join(elsewhere)}" if elsewhere else None
