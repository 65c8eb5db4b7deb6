"""What a forge knows of one repository; the loopback servers only translate it into their API's shapes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

ME = "fairway-bot"
"""The login of whoever has the token."""


@dataclass
class Note:
    id: int
    author: str
    body: str


@dataclass
class Request:
    """A pull request. `fork` is set when its branch is in another repository."""

    number: int
    branch: str
    base: str
    title: str
    body: str
    labels: list[str] = field(default_factory=list)
    reviewers: list[str] = field(default_factory=list)
    teams: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    state: str = "open"
    auto_merge: bool = False
    fork: bool = False


@dataclass(frozen=True)
class Said:
    """A commit status, or a check run with its annotations (path, line, level, message)."""

    commit: str
    context: str
    state: str
    description: str
    url: str = ""
    annotations: tuple[tuple[str, int, str, str], ...] = ()
    kind: str = "status"


@dataclass
class World:
    """One repository. `clean` means that nothing is left to wait for before a merge."""

    path: str = "shop/deployments"
    branches: dict[str, str] = field(default_factory=lambda: {"main": "1" * 40})
    requests: dict[int, Request] = field(default_factory=dict)
    labels: dict[int, str] = field(default_factory=dict)
    people: set[str] = field(default_factory=lambda: {"anna", "bert"})
    said: list[Said] = field(default_factory=list)
    clean: bool = False
    may_auto_merge: bool = True
    last_id: int = 100

    def push(self, branch: str) -> str:
        """A new commit on a branch."""
        before = self.branches.get(branch, "")
        self.branches[branch] = hashlib.sha1(f"{branch} {before}".encode()).hexdigest()
        return self.branches[branch]

    def open(self, branch: str, base: str, title: str, body: str, *, fork: bool = False) -> Request:
        number = len(self.requests) + 1
        self.requests[number] = Request(number, branch, base, title, body, fork=fork)
        return self.requests[number]

    def open_ones(self) -> list[Request]:
        return [r for r in self.requests.values() if r.state == "open"]

    def next_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def note(self, number: int, author: str, body: str) -> Note:
        note = Note(self.next_id(), author, body)
        self.requests[number].notes.append(note)
        return note

    def find_note(self, key: int) -> tuple[Request, Note] | None:
        return next(((r, n) for r in self.requests.values() for n in r.notes if n.id == key), None)

    def merge(self, request: Request) -> None:
        request.state = "merged"
        self.branches[request.base] = self.branches[request.branch]
