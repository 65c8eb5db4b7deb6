"""A release file: releases, plain resource files, and templates that releases extend."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from fairway.domain.repository.written.base import Duration, Parameter, Written
from fairway.domain.repository.written.policies import HealthEntry, OwnerEntry, PolicyEntry
from fairway.domain.repository.written.triggers import TriggerEntry
from fairway.domain.repository.written.values import ChartValueEntry

GateName = Literal["readiness", "helmTest"]


class ChartEntry(Written):
    """`dir`, or `reference` with `version`."""

    dir: str | None = Field(None, description="Folder of the chart, relative to this file")
    reference: str | None = Field(
        None, description="repo/name, oci://…, https://….tgz, s3://bucket/prefix/name or git+https://…//path?ref=…"
    )
    version: str | None = Field(None, description="Exact version or semver range; goes with reference")


class NeedEntry(Written):
    release: str = Field(description="Name of a release of the same environment")
    min_version: str | None = Field(None, description="Its chart's version must be at least this")


class GateEntry(Written):
    kind: GateName = Field(description="What must hold before the release counts as healthy")
    timeout: Duration | None = Field(None, description="Default: the release's timeout")


class TargetEntry(Written):
    """Which rendered objects a patch changes; each field but labels is a glob, left out means any."""

    kind: str = Field("", description="Kind of the objects")
    name: str = Field("", description="Name of the objects")
    namespace: str = Field("", description="Namespace of the objects")
    labels: dict[str, str] = Field(default_factory=dict, description="Labels that the objects must have")


class PatchEntry(Written):
    """A target and exactly one of the two patches."""

    target: TargetEntry | None = Field(None, description="Default for strategicMerge: its own kind and name")
    json6902: list[dict[str, Any]] | None = Field(None, alias="json6902", description="Operations of RFC 6902")
    strategic_merge: dict[str, Any] | None = Field(None, description="A part of an object, merged in as kubectl does")


class MergeByKey(Written):
    by_key: str = Field(description="Items with the same value of this key are merged")


def _release_alone(value: Any) -> Any:
    return {"release": value} if isinstance(value, str) else value


def _kind_alone(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


def _one_is_a_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _rule_alone(value: Any) -> Any:
    return {"rule": value} if isinstance(value, str) else value


class ListMergeEntry(Written):
    rule: Literal["replace", "append"] | None = Field(None, description="Replace the list, or append to it")
    by_key: str | None = Field(None, description="Merge items that have the same value of this key")


Need = Annotated[NeedEntry, BeforeValidator(_release_alone, json_schema_input_type=str | NeedEntry)]
Gate = Annotated[GateEntry, BeforeValidator(_kind_alone, json_schema_input_type=GateName | GateEntry)]
Extends = Annotated[list[str], BeforeValidator(_one_is_a_list, json_schema_input_type=str | list[str])]
ListMerge = Annotated[
    ListMergeEntry,
    BeforeValidator(_rule_alone, json_schema_input_type=Literal["replace", "append"] | MergeByKey),
]


class TemplateEntry(Written):
    """What releases can inherit: every field of a release but its name."""

    extends: Extends | None = Field(None, description="Templates to inherit from; later ones win")
    parameters: dict[str, Parameter] | None = Field(None, description="Values for {{placeholders}}")
    chart: ChartEntry | None = Field(None, description="The chart; or resourceFiles")
    resource_files: list[str] | None = Field(None, description="Plain manifests; or chart")
    values_file: str | None = Field(None, description="YAML file with values, relative to this file")
    values: list[ChartValueEntry] | None = Field(None, description="Values; win over valuesFile")
    skip_default_values: bool | None = Field(None, description="Do not use the environment's default values")
    trigger: TriggerEntry | None = Field(None, description="Same as one entry of triggers")
    triggers: list[TriggerEntry] | None = Field(None, description="What to look for, and how far an upgrade may go")
    needs: list[Need] | None = Field(None, description="Releases that must be healthy before")
    strategy: Literal["rolling"] | None = Field(None, description="How a change is rolled out")
    gates: list[Gate] | None = Field(None, description="What must hold before the release counts as healthy")
    health: list[HealthEntry] | None = Field(None, description="When objects of a kind count as healthy")
    wait: bool | None = Field(None, description="Wait until the objects are healthy (default true)")
    timeout: Duration | None = Field(None, description="How long to wait, e.g. 90s, 5m (default), 1h30m")
    policy: PolicyEntry | None = Field(None, description="How far Fairway may go")
    owner: OwnerEntry | None = Field(None, description="Who answers for it")
    list_merge: dict[str, ListMerge] | None = Field(
        None, description="How lists of several layers merge: path to replace, append or {byKey: …}"
    )
    patches: list[PatchEntry] | None = Field(None, description="Changes to the rendered objects")
    labels: dict[str, str] | None = Field(None, description="For selecting releases; not set on objects")


class ReleaseEntry(TemplateEntry):
    """A named instance of a chart, or of plain resource files."""

    name: str = Field(description="Name of the release; unique in its environment", examples=["web"])


class ReleasesFile(Written):
    """A release file."""

    resource_files: list[str] | None = Field(None, description="Plain manifests that belong to this file")
    releases: list[ReleaseEntry] | None = Field(None, description="The releases")
    templates: dict[str, TemplateEntry] | None = Field(None, description="Templates for releases of this file")
