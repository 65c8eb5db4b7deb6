"""`fairway agent`: keeps environments as Git declares them."""

from __future__ import annotations

from pathlib import Path

import click

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.options import environments_file_option
from fairway.entrypoints.cli.running import engine_option, run_async
from fairway.settings import load_settings, process_environment


@click.command()
@click.argument("environments", metavar="[ENV]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All environments, whatever fairway.yaml says.")
@environments_file_option
@click.option(
    "--config", "configuration", type=click.Path(path_type=Path, dir_okay=False),
    help="The configuration; default: fairway.yaml beside environments.yaml.",
)  # fmt: skip
@click.option("--once", is_flag=True, help="Look once, carry out what there is to do, and end.")
@click.option("--trust-events", is_flag=True, help="As upgrades.trustEvents: believe what registries report.")
@engine_option
def agent(
    environments: tuple[str, ...],
    everything: bool,
    environments_file: Path,
    configuration: Path | None,
    once: bool,
    trust_events: bool,
    engine: str,
) -> int:
    """Keep environments as Git declares them, until it is told to end.

    Fetches the deployments repository (git.url in fairway.yaml, else the folder's origin, else the folder itself),
    applies just what each new commit touches, corrects drift, and removes what is no longer declared. Without ENV it
    looks after agent.environments of fairway.yaml, else after all. ENV may be a glob.

    \b
    Examples:
      fairway agent                           as fairway.yaml says
      fairway agent prod 'shop-*'             these environments
      fairway agent --all --once              one look, for a schedule of your own

    \b
    Exit codes with --once: 0 as declared, 1 a release failed, 2 a mistake or no good signature, 3 refused,
    4 something did not answer.
    """
    from fairway.entrypoints.logs import set_up_logs
    from fairway.entrypoints.workers.agent import run_agent
    from fairway.services.configuring import load_configuration
    from fairway.wiring.agent import AgentOptions

    settings = load_settings()
    # Without a person in front of it, what it does is told by its log.
    set_up_logs(process_environment().get("FAIRWAY_LOG_LEVEL") or "info", settings.log_format)
    if environments and everything:
        raise UserError("ENV and --all exclude each other", fix="give one of them")
    configured = load_configuration(environments_file, configuration)
    if trust_events:
        configured = configured.trusting_events()
    chosen = ("*",) if everything else environments
    options = AgentOptions(chosen, environments_file, configuration, engine, once)
    return run_async(run_agent(settings, configured, options), again="fairway agent")
