"""The deployments repository after reading: both dialects come out as these, defaults filled in, paths resolved.

Paths are strings relative to nothing: absolute, resolved against the file that named them. Every thing that a
person wrote keeps the `Position` where it stands. Contract: docs/spec/repository.md.
"""

from __future__ import annotations

from fairway.domain.repository.models.charts import ChartKind, ChartReference, HelmRepo
from fairway.domain.repository.models.environments import Cluster, Environment, Provider, Repository
from fairway.domain.repository.models.policies import (
    CrdPolicy,
    DriftMode,
    FailurePolicy,
    IgnoreRule,
    ImmutablePolicy,
    Owner,
    Policy,
)
from fairway.domain.repository.models.releases import (
    ChartTrigger,
    Gate,
    GateKind,
    ImageTrigger,
    Need,
    Patch,
    PatchKind,
    Release,
)
from fairway.domain.repository.models.values import (
    CHART_VERSION,
    ChartValue,
    ListMerge,
    ListMergeRule,
    Locked,
    ValueSource,
)

__all__ = [
    "CHART_VERSION",
    "ChartKind",
    "ChartReference",
    "ChartTrigger",
    "ChartValue",
    "Cluster",
    "CrdPolicy",
    "DriftMode",
    "Environment",
    "FailurePolicy",
    "Gate",
    "GateKind",
    "HelmRepo",
    "IgnoreRule",
    "ImageTrigger",
    "ImmutablePolicy",
    "ListMerge",
    "ListMergeRule",
    "Locked",
    "Need",
    "Owner",
    "Patch",
    "PatchKind",
    "Policy",
    "Provider",
    "Release",
    "Repository",
    "ValueSource",
]
