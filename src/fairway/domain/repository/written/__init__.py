"""What people write, field by field: pydantic models of environments.yaml and release files.

The rule not to break: a model says only which keys and types exist. Everything that needs a second field, another
entry or a file (exactly one of, known names, cycles) is checked in `resolving`, where all mistakes of a run are
collected. Each field has its section in docs/spec/repository.md; the JSON Schemas are made from these models.
"""

from fairway.domain.repository.written.environments import (
    ClusterEntry,
    EnvironmentEntry,
    EnvironmentsFile,
    HelmRepoEntry,
)
from fairway.domain.repository.written.releases import ReleaseEntry, ReleasesFile, TemplateEntry

__all__ = [
    "ClusterEntry",
    "EnvironmentEntry",
    "EnvironmentsFile",
    "HelmRepoEntry",
    "ReleaseEntry",
    "ReleasesFile",
    "TemplateEntry",
]
