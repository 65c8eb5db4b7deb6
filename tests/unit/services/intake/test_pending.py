"""A burst is one wake, and nothing is lost."""

import asyncio
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.upgrades.events import ImagePushed
from fairway.domain.webhooks.events import GitPushed
from fairway.services.intake.pending import PendingWakes, Woken

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def image(repository: str, tag: str = "1", digest: str | None = None) -> ImagePushed:
    return ImagePushed(repository, tag, digest, NOON, "generic", "")


def push(branch: str, commit: str = "1") -> GitPushed:
    return GitPushed(("github.com/a/b",), branch, commit, "github", "")


async def test_ninety_events_are_one_wake() -> None:
    pending = PendingWakes()

    async def burst() -> None:
        for n in range(90):
            pending.image(image(f"registry.example/app-{n}"))
            await asyncio.sleep(0)

    sender = asyncio.create_task(burst())
    woken = await pending.gather(timedelta(milliseconds=50))
    await sender
    assert len(woken.images) + len(pending.take().images) == 90
    assert not pending.take()


async def test_of_the_same_tag_and_branch_the_last_counts() -> None:
    pending = PendingWakes()
    pending.image(image("web", "latest", "sha256:1"))
    pending.image(image("api"))
    pending.image(image("web", "latest", "sha256:2"))
    pending.git(push("main", "1"))
    pending.git(push("main", "2"))
    woken = pending.take()
    assert woken == Woken((push("main", "2"),), (image("api"), image("web", "latest", "sha256:2")))


async def test_waiting_ends_at_once_when_something_is_there_already() -> None:
    pending = PendingWakes()
    pending.git(push("main"))
    await pending.wait()
    assert pending.take().pushes == (push("main"),)
    waiting = asyncio.create_task(pending.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    pending.image(image("web"))
    await waiting


@given(st.lists(st.integers(0, 20), max_size=60), st.integers(1, 9))
def test_what_does_not_fit_makes_everything_be_looked_at(heard: list[int], most: int) -> None:
    pending = PendingWakes(most)
    for n in heard:
        pending.image(image(f"app-{n}"))
    woken = pending.take()
    assert len(woken.images) == min(len(set(heard)), most)
    assert woken.overflow is (len(set(heard)) > most)
    assert bool(woken) is bool(heard)
    assert not pending.take()
