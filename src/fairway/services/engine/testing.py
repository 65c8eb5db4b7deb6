"""Running a release's tests: the hooks of the event `test`, as `helm test` does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from fairway.domain.releases.revision import Hook, HookEvent
from fairway.services.engine.hooks import run_hooks
from fairway.services.engine.session import Session


async def run_tests(
    session: Session,
    release: str,
    namespace: str,
    hooks: tuple[Hook, ...],
    *,
    timeout: timedelta,
    on_progress: Callable[[str], None],
) -> tuple[Hook, ...]:
    """Run all tests of a release; returns all hooks with the runs filled in. Raises `HookFailed` at the first failure.

    A release without tests passes.
    """
    return await run_hooks(session, namespace, hooks, HookEvent.TEST, timeout=timeout, on_progress=on_progress)
