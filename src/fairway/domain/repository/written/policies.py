"""`policy` and `owner`, written on an environment or on a release; what is left out comes from the level above."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from fairway.domain.repository.written.base import Share, Written, complaint

DriftModeName = Literal["ignore", "report", "correct"]


class IgnoreEntry(Written):
    """Fields that may differ from what was applied."""

    pointers: list[str] = Field(description='JSON pointers, e.g. ["/spec/replicas"]', examples=['["/spec/replicas"]'])
    kind: str = Field("*", description="Glob for the object's kind")
    name: str = Field("*", description="Glob for the object's name")
    namespace: str = Field("*", description="Glob for the object's namespace")


class DriftEntry(Written):
    mode: DriftModeName | None = Field(None, description="What to do about objects that somebody changed")
    ignore: list[IgnoreEntry] | None = Field(None, description="Differences that are not drift")


class PruneEntry(Written):
    enabled: bool | None = Field(None, description="Whether releases that are no longer declared are uninstalled")
    max_releases: Share | None = Field(None, description="Share of an environment's releases one run may uninstall")
    max_objects: Share | None = Field(None, description="Share of a release's objects one run may delete")


def _mode_alone(value: Any) -> Any:
    return {"mode": value} if isinstance(value, str) else value


def _switch_alone(value: Any) -> Any:
    return {"enabled": value} if isinstance(value, bool) else value


Drift = Annotated[DriftEntry, BeforeValidator(_mode_alone, json_schema_input_type=DriftModeName | DriftEntry)]
Prune = Annotated[PruneEntry, BeforeValidator(_switch_alone, json_schema_input_type=bool | PruneEntry)]


class PolicyEntry(Written):
    drift: Drift | None = Field(None, description="A mode alone, or {mode, ignore}")
    crds: Literal["create", "upgrade", "skip"] | None = Field(
        None, description="What to do with a chart's crds/ folder"
    )
    immutable: Literal["refuse", "replace"] | None = Field(
        None, description="When a change touches a field that Kubernetes never changes in place"
    )
    adopt: bool | None = Field(None, description="Take over existing objects that no release owns")
    on_failure: Literal["rollback", "keep"] | None = Field(None, description="After a failed upgrade")
    retries: Annotated[int, Field(ge=0, le=100)] | None = Field(None, description="Tries after the first failed one")
    history: Annotated[int, Field(ge=1, le=1000)] | None = Field(None, description="Revisions kept for each release")
    prune: Prune | None = Field(None, description="true or false alone, or {enabled, maxReleases, maxObjects}")


def _one_is_a_list(value: Any) -> Any:
    return value if value is None or isinstance(value, list) else [value]


def _text(value: Any) -> Any:
    """As `domain.health.rules` writes what it finds in an object."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise complaint("wrong-type", "what a value is compared with is a text, a number, true or false")


Text = Annotated[
    str,
    BeforeValidator(_text),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]}),
]
Texts = Annotated[list[Text], BeforeValidator(_one_is_a_list, json_schema_input_type=Text | list[Text])]


class HealthEntry(Written):
    """A kind, a path, and exactly one of equals and in."""

    kind: str = Field(description="Kind of the objects; a glob", examples=["Certificate"])
    group: str = Field("*", description="Their API group; a glob", examples=["cert-manager.io"])
    path: str = Field(description="JSONPath of the value that decides", examples=["status.phase"])
    equals: Text | None = Field(None, description="They are healthy when the value is this")
    one_of: Annotated[list[Text], Field(min_length=1)] | None = Field(
        None, alias="in", description="They are healthy when the value is one of these"
    )
    failed: Texts | None = Field(None, description="They have failed when the value is this, or one of these")


class OwnerEntry(Written):
    team: str | None = Field(None, description="The team that answers for it")
    squad: str | None = Field(None, description="A part of the team")
    slack: str | None = Field(None, description="Channel for messages, e.g. #orders", examples=["#orders"])
    links: dict[str, str] | None = Field(None, description="Title to URL: runbook, dashboard, …")
