"""The deployments chapter: requests of CI, two clusters, and what GitHub is told of each.

The rule not to break: GitHub is the only stand-in. Processes, clusters, rights and refusals are the real ones.
"""

from __future__ import annotations

import urllib.request
from itertools import count
from typing import Any
from urllib.error import URLError

import click

from fairway.adapters.devcluster.ports import choose
from fairway.entrypoints.cli.flags.tables.github import CLIENT_SECRET, TOKEN, WEBHOOK_SECRET
from fairway.entrypoints.demo.browsing import register
from fairway.entrypoints.demo.github import PERSON, Github, serve_github
from fairway.entrypoints.demo.places import Places
from fairway.entrypoints.demo.stage import Background, Stage
from fairway.entrypoints.demo.team import write_platform, write_team

DEV, PROD = "demo-dev", "demo-prod"
CLUSTERS = (DEV, PROD)
SECRET = "demo-webhook-secret"
SIGNS = {"success": ("✔", "green"), "failure": ("✘", "red"), "error": ("✘", "red"), "inactive": ("◌", "yellow")}
ASKED = 6
"""Deployments in the story."""
FAILURE, ERROR = 1, 2
"""Exit codes of mkdeploy."""


def tell_deployments(stage: Stage, places: Places, *, once: bool) -> None:
    """All of it; raises StepFailed at the first step that does not go as it should."""
    write_platform(places.platform, DEV, PROD)
    write_team(places.team)
    _clusters(stage)
    _rights(stage, places)
    github = Github(_show)
    (port,) = choose(1)
    url = f"http://127.0.0.1:{port}"
    with serve_github(github) as api:
        stage.scene(
            "Everything in one process",
            "hookd, a deployd for each cluster, and the pages, over SQLite. GitHub is a stand-in on this machine;\n"
            "each status that it is told is shown as it arrives.",
        )
        words = [
            f"--listen-address=127.0.0.1:{port}", f"--github-api-url={api}",
            f"--cluster=dev=devcluster:{DEV}", f"--cluster=prod=devcluster:{PROD}", "--clusters=attic",
            "--deadline=5s", "--deadline-grace=1s", "--settle=1s", f"--github-web-url={api}", "--github-client-id=demo",
            "--github-organizations=shop",
        ]  # fmt: skip
        secrets = {flag.variables[0]: SECRET for flag in (WEBHOOK_SECRET, TOKEN, CLIENT_SECRET)}
        with stage.background("serve", *words, env=secrets) as serve:
            serve.until("it to be ready", lambda: _ready(url))
            _requests(stage, github, url, serve)
            if not once:
                stage.say(f"\nUntil Ctrl-C: {url}/deployments")
                _wait()
    _closing(stage, places)


def _clusters(stage: Stage) -> None:
    stage.scene(
        "Two real control planes on this machine", "etcd, API server, controllers, scheduler; nodes are simulated."
    )
    for name in CLUSTERS:
        stage.fairway("cluster", "up", "--name", name)


def _rights(stage: Stage, places: Places) -> None:
    stage.scene(
        "A team and its rights",
        "The platform's people say in Git what team shop may do: edit what is in the namespace shop.\n"
        "They apply it as everything else.",
    )
    stage.run(["cat", places.inside(places.platform / "shop.yaml")])
    for environment in ("dev", "prod"):
        stage.fairway("apply", environment, "--quiet", "-f", places.inside(places.platform / "environments.yaml"))


def _requests(stage: Stage, github: Github, url: str, serve: Background) -> None:
    stage.scene(
        "A repository is registered",
        f"{PERSON}, admin of shop/web and maintainer of the team shop, opens {url}/repositories:",
    )
    for line in register(url, "shop/web", "shop"):
        click.echo(f"   {click.style('portal │', fg='yellow')} {line}")
    stage.fairway("access", "audit", "shop/web")

    numbers = count(1)

    def ask(file: str, environment: str, *, repository: str = "shop/web", expect: int = 0) -> None:
        what = ("--repository", repository, "--team", "shop", "--environment", environment, "--resource", file)
        number = f"--deployment-id={next(numbers)}"
        stage.fairway("mkdeploy", "--url", url, *what, number, "--wait", expect=expect)

    stage.scene("A good one", "First to dev, then to prod. What CI sees is what GitHub is told.")
    ask("web.yaml", "dev")
    ask("web.yaml", "prod")

    stage.scene("A broken one", "This version crashes at its start; the reason is the pod's own.")
    ask("web-broken.yaml", "dev", expect=FAILURE)

    stage.scene("Ones without rights", "The repository was never registered:")
    ask("web.yaml", "prod", repository="shop/other", expect=ERROR)
    stage.say("\nAnd here the team goes where Kubernetes does not let it. Nothing of the request was applied:")
    ask("elsewhere.yaml", "prod", expect=FAILURE)

    stage.scene("One that nobody takes", "attic is a known cluster whose deployd is gone; the deadline is 5 s here.")
    ask("web.yaml", "attic", expect=FAILURE)

    serve.until("GitHub to know how all of them ended", lambda: len(github.ended()) == ASKED)
    stage.scene("What is remembered")
    stage.fairway("log", "--number", "8")
    stage.say(f"\nEach has a page, to which GitHub links: {url}/deployments")


def _show(repository: str, deployment: int, status: dict[str, Any]) -> None:
    sign, colour = SIGNS.get(str(status["state"]), ("·", "cyan"))
    line = f"{sign} {repository} #{deployment}  {status['state']:<11} {status.get('description') or ''}"
    click.echo(f"   {click.style('GitHub │', fg='magenta')} {click.style(line, fg=colour)}")
    if status["state"] in SIGNS and status.get("log_url"):
        click.echo(f"   {click.style('GitHub │', fg='magenta')}   {status['log_url']}")


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except URLError:
        return False


def _wait() -> None:
    import signal

    try:
        signal.pause()
    except KeyboardInterrupt:
        click.echo()


def _closing(stage: Stage, places: Places) -> None:
    click.echo(click.style(f"\nSeen in {stage.elapsed:.0f} s, all of it on real Kubernetes APIs:", bold=True))
    for line in (
        "requests that were signed, checked, queued, applied as the team, and watched until they were healthy",
        "a crash with its reason, a repository without access, a namespace without rights, a cluster that is gone",
        "exactly one final status at GitHub for each of them, and a page and a record in the ledger",
    ):
        click.echo(f"  {click.style('✓', fg='green')} {line}")
    click.echo(f"\nThe clusters run until {click.style(places.down_command, bold=True)}.")
