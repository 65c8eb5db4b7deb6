"""What would change, object by object and field by field, with the hooks that would run.

A plan is data: it can be printed, sent to a pull request, saved and later applied exactly, or refused when the
cluster or the inputs moved. Secret values never stand in a plan's fields: `FieldChange` holds masked text only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fairway.domain.errors import Position
from fairway.domain.manifests.objects import ObjectRef
from fairway.domain.releases.revision import Hook
from fairway.domain.releases.state import Action, ReleaseState


class ObjectAction(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    KEEP = "keep"
    """Left the manifest, but carries `helm.sh/resource-policy: keep`."""
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs. `path` reads like `spec.template.spec.containers[app].image`.

    `old`/`new` are plain JSON values, or `MASKED` where the object is secret; a missing side is `ABSENT`.
    """

    path: str
    old: Any
    new: Any
    origin: Position | None = None
    """Where in the repository the new value comes from, when that is known."""


class _Marker:
    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


ABSENT = _Marker("(absent)")
MASKED = _Marker("(masked)")


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """One object of a release. `fields` is filled for updates, by comparison with a server-side dry run."""

    ref: ObjectRef
    action: ObjectAction
    fields: tuple[FieldChange, ...] = ()
    source: str = ""
    """The template that it comes from, e.g. `web/templates/deployment.yaml`."""
    masked_keys: int = 0
    """For Secrets: how many keys change."""
    restarts: int = 0
    """Pods that would be replaced by this change."""
    reason: str = ""
    """Why, where it is not obvious: `changed in the cluster`, `spec.selector is immutable`."""


@dataclass(frozen=True, slots=True)
class InputChange:
    """One input that differs from the last apply, for `why` and for pull requests."""

    name: str
    """`chart`, `values`, `environment defaults`, `patches`, `cluster version`, …"""
    old: str
    new: str
    where: Position | None = None


@dataclass(frozen=True, slots=True)
class ReleasePlan:
    """What one pass would do to one release."""

    environment: str
    release: str
    namespace: str
    state: ReleaseState
    action: Action
    objects: tuple[ObjectChange, ...] = ()
    hooks: tuple[Hook, ...] = ()
    """Hooks that would run, in running order."""
    from_revision: int = 0
    chart_before: str = ""
    chart_after: str = ""
    reason: str = ""
    """One line for people: why this action, or why refused."""
    inputs: tuple[InputChange, ...] = ()
    inputs_digest: str = ""
    content_digest: str = ""
    """sha256 over the documents and hooks that would be applied."""
    warnings: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def changes(self) -> tuple[ObjectChange, ...]:
        return tuple(o for o in self.objects if o.action not in (ObjectAction.UNCHANGED, ObjectAction.KEEP))


@dataclass(frozen=True, slots=True)
class EnvironmentPlan:
    """One environment of a run, releases in declared order."""

    environment: str
    cluster: str
    namespace: str
    address: str
    releases: tuple[ReleasePlan, ...]
    commit: str = ""
    subject: str = ""
    protected: bool = False
    dirty: bool = False
    """Files differ from the commit."""
    refusal: str = ""
    """Why an apply would refuse the environment as a whole: more would be deleted than its policy allows."""
