"""A command whose every ending has its own exit code, also wrong options and crashes.

Contract: docs/spec/deploy-client.md.

The rule not to break: a pipeline decides by the code, so no error leaves here with one of the other commands' codes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from fairway.domain.dispatch.answers import Unacceptable
from fairway.domain.dispatch.endings import Ending
from fairway.domain.errors import FairwayError, InvalidInput
from fairway.entrypoints.cli.flags.command import FlagCommand
from fairway.entrypoints.cli.flags.given import Given
from fairway.settings import load_settings

if TYPE_CHECKING:
    from fairway.domain.dispatch.wanted import Wanted
    from fairway.entrypoints.cli.asking_view import AskingView
    from fairway.services.asking.asking import Ended, Limits
    from fairway.services.asking.ports import Addressee


class AskingCommand(FlagCommand):
    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        with _own_codes(args):
            return super().make_context(info_name, args, parent, **extra)
        raise AssertionError("an error was swallowed")

    def invoke(self, ctx: click.Context) -> Any:
        with _own_codes(ctx.args):
            return super().invoke(ctx)


@contextmanager
def _own_codes(arguments: list[str]) -> Iterator[None]:
    from fairway.entrypoints.cli.crashes import foreseen, report_crash
    from fairway.entrypoints.cli.errors import show_error

    try:
        yield
    except (click.exceptions.Exit, click.Abort, BrokenPipeError):
        raise
    except click.ClickException as error:
        error.show()
        raise click.exceptions.Exit(Ending.USAGE) from error
    except Exception as error:
        if known := foreseen(error):
            show_error(known)
            raise click.exceptions.Exit(Ending.TEMPLATE if isinstance(known, InvalidInput) else Ending.USAGE) from error
        report_crash(error, load_settings().data_dir / "crashes", [*arguments])
        raise click.exceptions.Exit(Ending.INTERNAL) from error


def warn_of_typed_secrets(given: Given) -> None:
    from fairway.entrypoints.cli.errors import warn

    for name in given.typed_secrets():
        warn(f"everybody on this machine can read {name} while this runs; use {name}-file or its variable")


@dataclass(frozen=True, slots=True)
class Asked:
    """How it ended, and the statuses on the way."""

    ended: Ended
    seconds: float


def carry_out(addressee: Addressee, view: AskingView, wanted: Wanted, limits: Limits) -> Asked | None:
    """Ask and follow; None when it was interrupted."""
    import time

    from fairway.entrypoints.cli.running import run_async
    from fairway.wiring.asking import asking

    found: list[Ended] = []
    started = time.monotonic()

    async def work() -> int:
        try:
            found.append(await asking(addressee, view).run(wanted, limits))
        finally:
            await addressee.aclose()
        return 0

    run_async(work())
    return Asked(found[0], time.monotonic() - started) if found else None


def as_plain(asked: Asked, view: AskingView, ending: Ending, known_as: str | None = None) -> Mapping[str, Any]:
    """The result for `--output json`; `known_as` is an id that there is also without a receipt."""
    ended = asked.ended
    receipt, last = ended.receipt, ended.last
    refused = ended.reason.code if isinstance(ended.reason, Unacceptable) else None
    return {
        "ending": ending.name.lower(),
        "exitCode": int(ending),
        "id": receipt.id if receipt else known_as,
        "code": (receipt.code or None) if receipt else refused,
        "text": receipt.text if receipt else "",
        "state": last.state if last else None,
        "description": last.description if last else "",
        "reason": error_text(ended.reason),
        "logURL": (last.log_url if last else "") or (receipt.log_url if receipt else ""),
        "seconds": round(asked.seconds, 1),
        "statuses": [
            {"state": one.state, "description": one.description, "detail": one.detail, "at": one.at.isoformat()}
            for one in view.statuses
        ],
    }


def error_text(error: FairwayError | None) -> str:
    return error.message if error else ""
