"""The deployments repository after reading: both dialects come out as these, defaults filled in, paths resolved.

Paths are strings relative to nothing: absolute, resolved against the file that named them. Every thing that a
person wrote keeps the `Position` where it stands. Contract: docs/spec/repository.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from fairway.domain.errors import Position
from fairway.domain.health import HealthRule


@dataclass(frozen=True, slots=True)
class HelmRepo:
    """An entry of `helmRepos`. Credentials name where they come from, they are never written here."""

    name: str
    url: str
    position: Position
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    username: ValueSource | None = None
    password: ValueSource | None = None
    token: ValueSource | None = None
    pass_credentials: bool = False
    """Send the login also to other hosts that the index names (`passCredentials`)."""


@dataclass(frozen=True, slots=True)
class Provider:
    """How to reach a cluster; `kind` is the key under `provider:` (gke, existingContext, devcluster, …)."""

    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Keys as written, e.g. `{"project": …, "clusterName": …, "zone": …}`."""


@dataclass(frozen=True, slots=True)
class Cluster:
    name: str
    provider: Provider
    position: Position
    parameters: Mapping[str, str] = field(default_factory=dict)
    implicit: bool = False
    """True in the old dialect, where a cluster is made for each distinct provider."""


@dataclass(frozen=True, slots=True)
class ValueSource:
    """A `valueFrom`: exactly one of its kinds, with that kind's settings.

    kind and settings: `gceResource` {"name"|"nameFrom", "isGlobal"}, `env` {"name", "default"?},
    `file` {"path", "key"?},
    `configMap`/`secret` {"name", "key", "namespace"?, "optional"?},
    `output` {"release", "kind", "apiVersion"?, "name", "path" (JSONPath)}.
    """

    kind: str
    settings: Mapping[str, Any]
    position: Position

    @property
    def is_secret(self) -> bool:
        return self.kind == "secret" or bool(self.settings.get("sensitive"))


@dataclass(frozen=True, slots=True)
class ChartValue:
    """One `{key, value}` or `{key, valueFrom}`; `key` is a dotted path."""

    key: str
    position: Position
    value: Any = None
    value_from: ValueSource | None = None


class ChartKind(StrEnum):
    DIRECTORY = "dir"
    REPOSITORY = "repository"
    OCI = "oci"
    HTTP = "http"
    S3 = "s3"
    GIT = "git"


@dataclass(frozen=True, slots=True)
class ChartReference:
    """Which chart a release wants. `location` by kind:

    dir: absolute path · repository: `repo/name` · oci: `oci://host/path/name` · http: the URL of a .tgz ·
    s3: `s3://bucket/prefix/name` · git: `git+https://host/repo//path?ref=REV`. `version` is exact or a semver range.
    """

    kind: ChartKind
    location: str
    version: str | None
    position: Position

    def __str__(self) -> str:
        return f"{self.location} {self.version}" if self.version else self.location


CHART_VERSION = "chart.version"
"""The name of the chart's version where values have their dotted paths."""


@dataclass(frozen=True, slots=True)
class Locked:
    """A version that `fairway.lock.yaml` holds for a release; it wins over everything else that says it."""

    key: str
    """A dotted path, or `chart.version`."""
    value: str
    entry: str
    """The name above it in the file: `web`, or `prod/web`."""
    position: Position


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


class DriftMode(StrEnum):
    IGNORE = "ignore"
    REPORT = "report"
    CORRECT = "correct"


class CrdPolicy(StrEnum):
    CREATE = "create"
    UPGRADE = "upgrade"
    SKIP = "skip"


class ImmutablePolicy(StrEnum):
    """What to do when a change touches a field that Kubernetes never changes in place."""

    REFUSE = "refuse"
    REPLACE = "replace"


class FailurePolicy(StrEnum):
    """What follows a failed upgrade: the previous revision again, or the failed one left for a human."""

    ROLLBACK = "rollback"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """Differences that are not drift: JSON pointers in objects that match kind, name and namespace (each a glob)."""

    pointers: tuple[str, ...]
    kind: str = "*"
    name: str = "*"
    namespace: str = "*"


@dataclass(frozen=True, slots=True)
class Policy:
    """How far Fairway may go. Merged field by field: built-in < environment < release."""

    drift: DriftMode = DriftMode.CORRECT
    drift_ignore: tuple[IgnoreRule, ...] = ()
    crds: CrdPolicy = CrdPolicy.CREATE
    immutable: ImmutablePolicy = ImmutablePolicy.REFUSE
    adopt: bool = False
    on_failure: FailurePolicy = FailurePolicy.ROLLBACK
    retries: int = 0
    history: int = 10
    prune_max_releases: float = 0.5
    """Share of an environment's releases that one run may uninstall without an explicit yes; 0 to 1."""
    prune_max_objects: float = 0.5
    prune: bool = True
    """Whether releases that are no longer declared are uninstalled at all."""


@dataclass(frozen=True, slots=True)
class Owner:
    team: str | None = None
    squad: str | None = None
    slack: str | None = None
    links: Mapping[str, str] = field(default_factory=dict)


class ListMergeRule(StrEnum):
    REPLACE = "replace"
    APPEND = "append"
    BY_KEY = "byKey"


@dataclass(frozen=True, slots=True)
class ListMerge:
    """How lists below a dotted path merge; `key` only with byKey."""

    path: str
    rule: ListMergeRule
    key: str | None = None


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
    policy: Policy = Policy()
    owner: Owner = Owner()
    list_merge: tuple[ListMerge, ...] = ()
    patches: tuple[Patch, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    from_file: str = ""
    """The release file that declares it."""
    locked: tuple[Locked, ...] = ()
    """What the lock file beside it says; `chart.version` is in `chart` already."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A namespace in a cluster, with its releases (in declared order), default values and policy.

    `releases` includes one release `resources-<stem>` per release file that has top-level `resourceFiles`.
    """

    name: str
    cluster: Cluster
    namespace: str
    position: Position
    releases: tuple[Release, ...] = ()
    default_values_file: str | None = None
    default_values: tuple[ChartValue, ...] = ()
    policy: Policy = Policy()
    protected: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    owner: Owner = Owner()

    def release(self, name: str) -> Release | None:
        return next((r for r in self.releases if r.name == name), None)


@dataclass(frozen=True, slots=True)
class Repository:
    """One `environments.yaml` and everything that it names."""

    root: str
    """Absolute path of the folder that holds environments.yaml."""
    environments_file: str
    environments: tuple[Environment, ...]
    clusters: tuple[Cluster, ...]
    helm_repos: tuple[HelmRepo, ...] = ()
    kube_config: str | None = None
    files: tuple[str, ...] = ()
    """Every file that was read, absolute, in reading order."""

    def environment(self, name: str) -> Environment | None:
        return next((e for e in self.environments if e.name == name), None)
