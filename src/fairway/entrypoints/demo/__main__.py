"""`python -m fairway.entrypoints.demo [--deployments] [--once | --down]`, called by `make demo` and its like."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from fairway.domain.errors import FairwayError, UserError
from fairway.entrypoints.demo.deployments import CLUSTERS, SECRET, tell_deployments
from fairway.entrypoints.demo.places import CLUSTER, Places
from fairway.entrypoints.demo.stage import Stage, undisturbed
from fairway.entrypoints.demo.story import tell
from fairway.settings import load_settings, process_environment

INTERRUPTED = 130


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--once", is_flag=True, help="End by itself; without it, keep showing how prod is doing.")
@click.option("--deployments", is_flag=True, help="The chapter of GitHub Deployments, on two clusters.")
@click.option("--down", is_flag=True, help="Stop the demo's clusters and remove its folder.")
@click.pass_context
def demo(context: click.Context, once: bool, deployments: bool, down: bool) -> None:
    """Show Fairway's main job on a real control plane: about a minute, once that is built."""
    settings = load_settings()
    context.color = settings.color
    places = Places(Path.cwd(), settings)
    try:
        if down:
            _down(places)
        elif deployments:
            _deployments(places, once)
        else:
            _up(places, once)
    except KeyboardInterrupt:
        click.echo(f"\ninterrupted; the cluster runs until {places.down_command}", err=True)
        sys.exit(INTERRUPTED)
    except FairwayError as error:
        fix = f"\n  {error.fix}" if error.fix else ""
        click.echo(f"\nthe demo stopped: {error}{fix}", err=True)
        sys.exit(1)


def _up(places: Places, once: bool) -> None:
    if shutil.which("git") is None:
        raise UserError("the demo needs git", fix="install it, then call the demo again")
    places.make_fresh()
    stage = Stage(places.shop, undisturbed(process_environment()))
    tell(stage, places)
    if once:
        return
    stage.say("\nUntil Ctrl-C:")
    try:
        stage.fairway("status", "prod", "--watch")
    except KeyboardInterrupt:
        click.echo()


def _deployments(places: Places, once: bool) -> None:
    places.make_fresh()
    variables = {"FAIRWAY_LEDGER_URL": places.ledger_url, "HMAC": SECRET}
    environment = {**undisturbed(process_environment()), **variables}
    tell_deployments(Stage(places.team, environment), places, once=once)


def _down(places: Places) -> None:
    stopped = [places.stop_cluster(name) for name in (CLUSTER, *CLUSTERS)]
    removed = places.remove()
    click.echo("the demo's clusters and files are gone" if any(stopped) or removed else "there is no demo to stop")


if __name__ == "__main__":
    demo()
