"""What is said to a forge, and what it says: pull requests, comments, statuses of commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from fairway.domain.errors import Diagnostic


@dataclass(frozen=True, slots=True)
class PullRequest:
    """An open pull (merge) request. `number` is what people see: #12, !12."""

    number: int
    branch: str
    """The branch that is to be merged, in the same repository."""
    base: str
    title: str
    body: str
    url: str
    head: str = ""
    """Commit id of the branch; Bitbucket gives only its first 12 characters."""
    labels: tuple[str, ...] = ()
    auto_merge: bool = False
    """The forge will merge it by itself as soon as its checks allow."""
    merged: bool = False
    """It was merged at once, because nothing was left to wait for."""
    notes: tuple[str, ...] = ()
    """What the forge would not do although it was wished, e.g. an unknown reviewer; the request stands all the same."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a pull request should be."""

    branch: str
    base: str
    title: str
    body: str
    labels: Sequence[str] = ()
    reviewers: Sequence[str] = ()
    """Users, or teams as `org/team`."""
    auto_merge: bool = False
    """Merge as soon as the forge allows it. False takes an earlier yes back: the branch may hold more by now."""


@dataclass(frozen=True, slots=True)
class Comment:
    id: str
    body: str
    url: str = ""


class CommitState(StrEnum):
    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Status:
    """A commit's status, or a check run where the forge has them (GitHub Apps): then with annotations."""

    commit: str
    context: str
    """Names it: `fairway/plan`."""
    state: CommitState
    description: str
    url: str = ""
    annotations: Sequence[Diagnostic] = field(default=())
    """Shown at their lines where the forge can; files are relative to the repository's root."""
