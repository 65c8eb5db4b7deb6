"""Who is signed in, and what GitHub says about his repositories."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from fairway.domain.errors import UserError


class SignedOut(UserError):
    """The person has to sign in again: GitHub does not take the token any more."""


@dataclass(frozen=True, slots=True)
class Person:
    login: str
    id: int
    """The login may change, this does not."""


@dataclass(frozen=True, slots=True)
class UserToken:
    """With which Fairway asks GitHub in the name of a person. Times are None where it does not end by itself."""

    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    access_ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class RepositoryAtGithub:
    name: str
    """`owner/name`, as GitHub writes it."""
    is_admin: bool
    is_private: bool = False
    is_archived: bool = False
    in_organization: bool = True
    """Only an organization has teams."""
    description: str = ""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """As it is stored: hashes instead of what the browser has, and the token sealed."""

    key: str
    sign_in: str
    """Unique: one sign-in makes one session."""
    login: str
    user_id: int
    began_at: datetime
    seen_at: datetime
    ends_at: datetime
    token: bytes = field(repr=False)
