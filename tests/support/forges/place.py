"""A forge as the contract tests look at it: the port that is tested, and what its other side sees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.support.forges.world import World

from fairway.adapters.forges.memory import MemoryForge
from fairway.services.forges.ports import CommitState, Forge


class Place(Protocol):
    forge: Forge
    has_labels: bool
    has_auto_merge: bool
    tells_authors: bool
    """Whether comments of others are told apart."""

    def push(self, branch: str) -> str: ...

    def branches(self) -> Iterable[str]: ...

    def is_open(self, number: int) -> bool: ...

    def merges(self, number: int) -> bool:
        """Whether it would be merged by itself."""
        ...

    def label_by_hand(self, number: int, label: str) -> None: ...

    def labels(self, number: int) -> Sequence[str]: ...

    def reviewers(self, number: int) -> Sequence[str]: ...

    def comment_by_hand(self, number: int, body: str) -> None: ...

    def bodies(self, number: int) -> list[str]: ...

    def statuses(self, commit: str) -> list[tuple[str, str, str]]:
        """(context, state, description), the newest of each context; states in the port's words."""
        ...

    def shows_as(self, state: CommitState) -> str:
        """Some forges have one word for failure and error."""
        ...


@dataclass
class MemoryPlace:
    forge: MemoryForge
    known: dict[str, str]
    world: World
    has_labels: bool = True
    has_auto_merge: bool = True
    tells_authors: bool = False

    def push(self, branch: str) -> str:
        self.known[branch] = self.world.push(branch)
        return self.known[branch]

    def branches(self) -> Iterable[str]:
        return self.known

    def is_open(self, number: int) -> bool:
        return number in self.forge.open_numbers()

    def merges(self, number: int) -> bool:
        return self.forge.merges(number)

    def label_by_hand(self, number: int, label: str) -> None:
        self.forge.add_label(number, label)

    def labels(self, number: int) -> Sequence[str]:
        return self.forge.labels(number)

    def reviewers(self, number: int) -> Sequence[str]:
        return self.forge.reviewers(number)

    def comment_by_hand(self, number: int, body: str) -> None:
        raise NotImplementedError("everything in memory is one's own")

    def bodies(self, number: int) -> list[str]:
        return self.forge.bodies(number)

    def statuses(self, commit: str) -> list[tuple[str, str, str]]:
        return [(s.context, s.state.value, s.description) for s in self.forge.statuses(commit)]

    def shows_as(self, state: CommitState) -> str:
        return state.value


@dataclass
class ServedPlace:
    """A forge behind a loopback server that tells of `world`; `states` are the server's words for the port's."""

    forge: Forge
    world: World
    states: dict[str, str]
    has_labels: bool = True
    has_auto_merge: bool = True
    tells_authors: bool = True

    def push(self, branch: str) -> str:
        return self.world.push(branch)

    def branches(self) -> Iterable[str]:
        return self.world.branches

    def is_open(self, number: int) -> bool:
        return self.world.requests[number].state == "open"

    def merges(self, number: int) -> bool:
        return self.world.requests[number].auto_merge

    def label_by_hand(self, number: int, label: str) -> None:
        self.world.requests[number].labels.append(label)
        self.world.labels.setdefault(self.world.next_id(), label)

    def labels(self, number: int) -> Sequence[str]:
        return self.world.requests[number].labels

    def reviewers(self, number: int) -> Sequence[str]:
        request = self.world.requests[number]
        return [*request.reviewers, *request.teams]

    def comment_by_hand(self, number: int, body: str) -> None:
        self.world.note(number, "anna", body)

    def bodies(self, number: int) -> list[str]:
        return [note.body for note in self.world.requests[number].notes]

    def statuses(self, commit: str) -> list[tuple[str, str, str]]:
        newest = {said.context: said for said in self.world.said if said.commit == commit}
        return [(said.context, self.states[said.state], said.description) for said in newest.values()]

    def shows_as(self, state: CommitState) -> str:
        return state.value if state.value in self.states.values() else CommitState.FAILURE.value
