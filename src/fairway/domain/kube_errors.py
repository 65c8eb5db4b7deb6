"""What a Kubernetes API server can refuse, in the terms in which the engine decides.

ApiRefusal (Terminal)
├── AlreadyExists     409 on create
├── Conflict          409: another manager owns the field, or the resourceVersion is stale
├── InvalidObject     400/422: the object breaks the schema, a validation rule or an immutable field
├── Forbidden         401/403: RBAC, admission or quota said no
└── UnknownKind       404 on the resource itself: no such API on this cluster
"""

from __future__ import annotations

from dataclasses import dataclass

from fairway.domain.errors import Position, Terminal, Transient


@dataclass(frozen=True, slots=True)
class Cause:
    """One entry of a Kubernetes Status' `details.causes`: reason code, message, field path."""

    reason: str
    message: str
    field: str


class ClusterAway(Transient):
    """The API server can't be reached at all: whatever else is asked of it now will fail alike."""


class ApiRefusal(Terminal):
    """The API server understood and said no; `status` is the HTTP code, `reason` Kubernetes' own word."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        reason: str = "",
        causes: tuple[Cause, ...] = (),
        where: Position | None = None,
        fix: str | None = None,
    ) -> None:
        super().__init__(message, where=where, fix=fix)
        self.status = status
        self.reason = reason
        self.causes = causes


class AlreadyExists(ApiRefusal):
    """Somebody created it first."""


class Conflict(ApiRefusal):
    """Another manager owns a field, or the object moved since it was read."""


class InvalidObject(ApiRefusal):
    """The object itself is wrong; `causes` name the fields."""


class Forbidden(ApiRefusal):
    """RBAC, admission or a quota refused it."""


class UnknownKind(ApiRefusal):
    """The server has no such API (yet)."""
