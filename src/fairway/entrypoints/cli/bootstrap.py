"""`fairway bootstrap`: the agent, its rights and its access to the repository, put into a cluster by one command."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fairway.domain.bootstrapping.chart import NAMESPACE, RELEASE
from fairway.domain.errors import UserError
from fairway.entrypoints.cli.options import chosen, environments_file_option, loaded
from fairway.entrypoints.cli.running import INTERRUPTED, run_async
from fairway.settings import Settings, load_settings, process_environment

if TYPE_CHECKING:
    from fairway.adapters.git.facts import GitFacts
    from fairway.domain.bootstrapping.configuration import Access
    from fairway.domain.progress import Event, Reporter
    from fairway.domain.repository.models import Environment, Repository
    from fairway.services.bootstrapping import Wanted
    from fairway.services.configuring import Configured


@click.command()
@click.argument("environments", metavar="ENV...", nargs=-1, required=True)
@click.option("--image", required=True, help="The agent's image, with tag or digest: deploy/Dockerfile makes one.")
@click.option("--git-url", metavar="URL", help="Default: git.url of fairway.yaml, else origin of the folder.")
@click.option("--branch", metavar="NAME", help="Default: git.branch of fairway.yaml, else the remote's own default.")
@click.option("--token-env", metavar="NAME", help="The variable that holds the access token for HTTPS.")
@click.option("--ssh-key", type=click.Path(path_type=Path, dir_okay=False), help="The private key for SSH.")
@click.option(
    "--known-hosts", type=click.Path(path_type=Path, dir_okay=False), help="Host keys that SSH trusts; with --ssh-key."
)
@click.option("--namespace", default=NAMESPACE, show_default=True, help="Where the agent lives.")
@click.option("--namespaced", is_flag=True, help="No rights outside the namespaces of these environments.")
@click.option(
    "--values", type=click.Path(path_type=Path, dir_okay=False), help="More values of the chart: resources, volumes, …"
)
@environments_file_option
@click.option(
    "--config", "configuration", type=click.Path(path_type=Path, dir_okay=False),
    help="The configuration; default: fairway.yaml beside environments.yaml.",
)  # fmt: skip
@click.option("--dry-run", "-n", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--no-wait", is_flag=True, help="Do not wait until the agent is ready.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask, also for protected environments.")
def bootstrap(
    environments: tuple[str, ...],
    image: str,
    git_url: str | None,
    branch: str | None,
    token_env: str | None,
    ssh_key: Path | None,
    known_hosts: Path | None,
    namespace: str,
    namespaced: bool,
    values: Path | None,
    environments_file: Path,
    configuration: Path | None,
    dry_run: bool,
    no_wait: bool,
    yes: bool,
) -> int:
    """Put the agent into the cluster of ENV..., where it keeps these environments as Git declares them.

    Installs the chart fairway-agent as a release: namespace, rights, a Secret with what fairway.yaml names as secrets,
    the configuration, and the agent. Again it changes what is different. A cluster that was wiped is rebuilt from Git
    by the same command: the agent applies everything.

    \b
    Examples:
      fairway bootstrap prod --image registry.example/fairway:0.1.0 --token-env GIT_TOKEN
      fairway bootstrap shop-eu shop-us --image … --ssh-key deploy_key --known-hosts known_hosts
      fairway bootstrap prod --image … --namespaced -n
    """
    from fairway.domain.bootstrapping.chart import Rights, parse_image
    from fairway.entrypoints.cli.apply import confirm_protected
    from fairway.services.bootstrapping import Wanted
    from fairway.services.configuring import load_configuration

    if ssh_key is not None and token_env is not None:
        raise UserError("--token-env and --ssh-key exclude each other", fix="give the one that the URL needs")
    if known_hosts is not None and ssh_key is None:
        raise UserError("--known-hosts is for SSH", fix="give --ssh-key too")
    settings = load_settings()
    repository = loaded(environments_file)
    meant = _of_one_cluster(repository, environments)
    configured = load_configuration(environments_file, configuration)
    facts = asyncio.run(_facts(repository))
    wanted = Wanted(
        meant,
        facts.prefix + Path(repository.environments_file).name,
        parse_image(image),
        _access(configured, facts, git_url, branch, token_env, ssh_key, known_hosts),
        namespace,
        Rights(tuple(one.namespace for one in meant) if namespaced else ()),
        values,
    )
    if not dry_run:
        for one in meant:
            confirm_protected(one, yes=yes)
    return run_async(_bootstrap(settings, repository, configured, facts, wanted, dry_run=dry_run, wait=not no_wait))


def _of_one_cluster(repository: Repository, names: tuple[str, ...]) -> tuple[Environment, ...]:
    found = tuple(chosen(repository, name)[0] for name in dict.fromkeys(names))
    clusters = {one.cluster.name for one in found}
    if len(clusters) > 1:
        which = ", ".join(f"{one.name} in {one.cluster.name}" for one in found)
        raise UserError(f"these environments are of several clusters: {which}", fix="bootstrap one cluster at a time")
    return found


def _access(
    configured: Configured,
    facts: GitFacts,
    git_url: str | None,
    branch: str | None,
    token_env: str | None,
    ssh_key: Path | None,
    known_hosts: Path | None,
) -> Access:
    from fairway.domain.bootstrapping.configuration import Access
    from fairway.domain.configuration.secrets import SecretSource

    git = configured.configuration.git
    url = git_url or git.url or facts.remote
    if not url:
        raise UserError("which repository should the agent follow?", fix="name it: --git-url https://…")
    return Access(
        url,
        branch or git.branch or "",
        SecretSource(env=token_env, file=None) if token_env else None,
        SecretSource(env=None, file=str(ssh_key.absolute())) if ssh_key else None,
        str(known_hosts.absolute()) if known_hosts else "",
    )


async def _facts(repository: Repository) -> GitFacts:
    from fairway.adapters.git.facts import read_git_facts

    return await read_git_facts(Path(repository.root))


async def _bootstrap(
    settings: Settings,
    repository: Repository,
    configured: Configured,
    facts: GitFacts,
    wanted: Wanted,
    *,
    dry_run: bool,
    wait: bool,
) -> int:
    from fairway.services.bootstrapping import agent_release
    from fairway.wiring.bootstrapping import agent_chart

    with agent_release(wanted, configured, agent_chart(), process_environment()) as environment:
        if not wait:
            releases = tuple(replace(one, wait=False) for one in environment.releases)
            environment = replace(environment, releases=releases)
        if dry_run:
            return await _show(settings, repository, environment)
        code = await _install(settings, repository, facts, environment, wanted)
    if code == 0:
        click.echo(_what_next(wanted), err=True)
    return code


async def _show(settings: Settings, repository: Repository, environment: Environment) -> int:
    from fairway import wiring
    from fairway.entrypoints.cli.chart_notices import ChartNotices
    from fairway.entrypoints.cli.plan import show_plans
    from fairway.services.engine.planning import PlanOptions
    from fairway.services.engine.plans import plan_environment

    async with (
        wiring.chart_service(settings, notices=ChartNotices()) as charts,
        wiring.open_environment(settings, repository, environment, charts) as opened,
    ):
        planned = await plan_environment(opened, PlanOptions(retry_stalled=True), only=[RELEASE])
    show_plans([planned.plan], "text", settings)
    return 0


async def _install(
    settings: Settings, repository: Repository, facts: GitFacts, environment: Environment, wanted: Wanted
) -> int:
    from fairway import wiring
    from fairway.entrypoints.cli.chart_notices import ChartNotices
    from fairway.entrypoints.cli.errors import warn
    from fairway.entrypoints.cli.render.progress import form_for, reporting
    from fairway.services.bootstrapping import make_namespaces
    from fairway.services.engine.planning import PlanOptions
    from fairway.services.engine.run_options import RunOptions
    from fairway.services.engine.running import EnvironmentRun

    form = form_for(
        sys.stderr,
        in_github_actions=settings.in_github_actions,
        quiet=False,
        terminal=os.environ.get("TERM", ""),
    )
    options = RunOptions(plan=PlanOptions(retry_stalled=True), only=frozenset({RELEASE}))
    async with wiring.recorder(settings, warn) as recorder:
        run = wiring.begin_run(recorder, settings, facts, "bootstrap")
        with reporting(sys.stderr, form=form, color=settings.color, quiet=False) as report:
            async with (
                wiring.chart_service(settings, notices=ChartNotices()) as charts,
                wiring.open_environment(settings, repository, environment, charts) as opened,
            ):
                await make_namespaces(opened.session.kube, wanted.rights.namespaces)
                log = wiring.change_log(settings, recorder, run, environment, opened.secrets)
                work = EnvironmentRun(
                    opened.session, environment, opened.gather, options=options, report=_once_more(report), log=log
                )
                try:
                    result = await work.apply()
                except asyncio.CancelledError:
                    return INTERRUPTED  # what was cut short was reported
    if result.bugs:
        raise result.bugs[0]
    return result.exit_code


def _once_more(report: Reporter) -> Reporter:
    """The reporter, with this command as the one to try again."""
    from fairway.domain.progress import RunFinished

    def reported(event: Event) -> None:
        if isinstance(event, RunFinished) and event.next_steps:
            event = replace(event, next_steps=((event.next_steps[0][0], "fairway bootstrap, as before"),))
        report(event)

    return reported


def _what_next(wanted: Wanted) -> str:
    names = ", ".join(one.name for one in wanted.environments)
    cluster = wanted.environments[0].cluster.name
    return "\n".join(
        [
            f"the agent in cluster {cluster} keeps {names} as {wanted.access.url} declares",
            f"  what it does:  kubectl -n {wanted.namespace} logs deploy/{RELEASE} -f",
            f"  its state:     kubectl -n {wanted.namespace} port-forward svc/{RELEASE} 8080:80, then http://127.0.0.1:8080/",
            "  to hear of a push at once, let the forge call its Service: docs/guide/webhooks.md",
        ]
    )
