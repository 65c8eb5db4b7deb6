"""A release: its chart or files, what it follows, needs and must pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from fairway.domain.errors import Position
from fairway.domain.health import HealthRule
from fairway.domain.repository.models.charts import ChartReference
from fairway.domain.repository.models.policies import Owner, Policy
from fairway.domain.repository.models.values import ChartValue, ListMerge, Locked


@dataclass(frozen=True, slots=True)
class ImageTrigger:
    track: str
    position: Position
    tag_value: str = "image.tag"
    repo_value: str = "image.repository"
    prefix_value: str = "image.prefix"
    filter: str = ""
    """A regular expression that tags must match, as `extract`, whose group is the version to compare."""
    extract: str = ""
    range: str = ""
    """A semver constraint; empty allows all."""
    pre_releases: bool = False
    pin: bool = False
    """Write `TAG@DIGEST`, and follow the tag to another digest (`digest: pin`)."""
    platform: str = ""
    """`os/arch`: whose image counts where a tag has several."""
    image_pull_secrets: tuple[str, ...] = ()
    """Secrets in the environment's namespace that hold logins of registries."""


@dataclass(frozen=True, slots=True)
class ChartTrigger:
    track: str
    position: Position
    filter: str = ""
    range: str = ""
    pre_releases: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """`release` must be healthy before; `min_version` compares with the chart's version (semver)."""

    release: str
    position: Position
    min_version: str | None = None


class GateKind(StrEnum):
    READINESS = "readiness"
    HELM_TEST = "helmTest"


@dataclass(frozen=True, slots=True)
class Gate:
    kind: GateKind
    position: Position
    timeout: timedelta | None = None


class PatchKind(StrEnum):
    JSON = "json6902"
    STRATEGIC = "strategicMerge"


@dataclass(frozen=True, slots=True)
class Patch:
    """A change to rendered objects. Target fields are globs; an empty one matches everything."""

    kind: PatchKind
    body: Any
    """json6902: list of operations · strategicMerge: a partial object."""
    position: Position
    target_kind: str = ""
    target_name: str = ""
    target_namespace: str = ""
    target_labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Release:
    """A named instance of a chart, or of plain resource files, in an environment."""

    name: str
    position: Position
    chart: ChartReference | None = None
    resource_files: tuple[str, ...] = ()
    values_file: str | None = None
    values: tuple[ChartValue, ...] = ()
    skip_default_values: bool = False
    image_triggers: tuple[ImageTrigger, ...] = ()
    chart_triggers: tuple[ChartTrigger, ...] = ()
    needs: tuple[Need, ...] = ()
    strategy: str = "rolling"
    gates: tuple[Gate, ...] = ()
    health: tuple[HealthRule, ...] = ()
    """Its own rules, then the environment's."""
    wait: bool = True
    timeout: timedelta = timedelta(minutes=5)
    policy: Policy = field(default_factory=Policy)
    owner: Owner = field(default_factory=Owner)
    list_merge: tuple[ListMerge, ...] = ()
    patches: tuple[Patch, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    from_file: str = ""
    """The release file that declares it."""
    locked: tuple[Locked, ...] = ()
    """What the lock file beside it says; `chart.version` is in `chart` already."""
