"""Charts and the repositories that they come from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fairway.domain.errors import Position
from fairway.domain.repository.models.values import ValueSource


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
