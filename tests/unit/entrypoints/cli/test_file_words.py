"""Commands that are shown to be typed next work as they are shown, also with another environments file."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from fairway.domain.progress import Event, Notice, RunFinished
from fairway.entrypoints.cli.options import environments_file_option, file_words, with_file


def shown(arguments: list[str], event: Event) -> Event:
    events: list[Event] = []

    @click.command()
    @environments_file_option
    def verb(environments_file: Path) -> None:
        with_file(events.append)(event)

    verb(arguments, standalone_mode=False)
    (one,) = events
    return one


FINISHED = RunFinished("prod", {}, next_steps=(("try again", "fairway apply prod -r web"),))


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        ([], "fairway apply prod -r web"),
        (["-f", "environments.yaml"], "fairway apply prod -r web"),
        (["-f", "deploy/env.yaml"], "fairway apply prod -r web -f deploy/env.yaml"),
        (["-f", "my files/env.yaml"], "fairway apply prod -r web -f 'my files/env.yaml'"),
    ],
)
def test_the_file_that_was_given_is_given_again(arguments: list[str], command: str) -> None:
    event = shown(arguments, FINISHED)
    assert isinstance(event, RunFinished)
    assert event.next_steps == (("try again", command),)


def test_other_events_pass_through_as_they_are() -> None:
    notice = Notice("the ledger can't be reached")
    assert shown(["-f", "other.yaml"], notice) is notice


def test_outside_of_a_command_nothing_is_added() -> None:
    assert file_words() == ""
