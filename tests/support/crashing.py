"""A cluster whose client dies at the n-th write: as SIGKILL would have it, nothing is written from then on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

WRITES = frozenset({"apply", "create", "replace", "patch", "delete"})


class Crash(BaseException):
    """The process is gone. No handler of the engine may catch it."""


class CrashingKube:
    """Passes everything on until write number `at`, counted from 1; that one happens first when `after` is true.

    Dry runs are no writes. `writes` counts; with `at` 0 it never crashes.
    """

    def __init__(self, inner: Any, at: int = 0, *, after: bool = False, error: Callable[[], BaseException] = Crash):
        self._inner = inner
        self._at = at
        self._after = after
        self._error = error
        self.dead = False
        self.writes: list[str] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in WRITES:
            return found

        async def write(*args: Any, **options: Any) -> Any:
            if options.get("dry_run"):
                return await found(*args, **options)
            if self.dead:
                raise Crash
            self.writes.append(f"{name} {next((a for a in args if hasattr(a, 'kind')), '')}")
            if len(self.writes) != self._at:
                return await found(*args, **options)
            self.dead = self._error is Crash
            if self._after:
                await found(*args, **options)
            raise self._error()

        return write
