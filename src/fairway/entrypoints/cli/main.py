"""The `fairway` command: the table of verbs, and the one place where errors become exit codes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from fairway import __version__
from fairway.domain.errors import FairwayError
from fairway.entrypoints.cli.lazy import LazyGroup, Verb
from fairway.settings import load_settings

DEPLOY = "Deploy"
LOOK = "Look"
FILES = "The deployments repository"
CLUSTERS = "Clusters"
SHELL = "This program"

VERBS = {
    "apply": Verb("apply:apply", "Carry out what Git declares, and wait until it is healthy", DEPLOY),
    "plan": Verb("plan:plan", "What an apply would change, field by field", DEPLOY),
    "diff": Verb("plan:plan", "The same as plan", DEPLOY),
    "rollback": Verb("releases:rollback", "Bring back an earlier revision of a release", DEPLOY),
    "uninstall": Verb("releases:uninstall", "Take a release out of the cluster", DEPLOY),
    "test": Verb("releases:test", "Run a chart's own tests of a release", DEPLOY),
    "agent": Verb("agent:agent", "Keep environments as Git declares them, until it is told to end", DEPLOY),
    "serve": Verb("serve:serve", "hookd, deployd, pages and agent in one process", DEPLOY),
    "hookd": Verb("hookd:hookd", "Take GitHub deployments, and tell GitHub how they went", DEPLOY),
    "deployd": Verb("deployd:deployd", "Carry out the deployments of one cluster, each as its team", DEPLOY),
    "bootstrap": Verb("bootstrap:bootstrap", "Put the agent into a cluster, or rebuild a wiped one from Git", DEPLOY),
    "suspend": Verb("suspend:suspend", "Leave releases as they are, whatever Git declares", DEPLOY),
    "resume": Verb("suspend:resume", "Go on with what was suspended", DEPLOY),
    "poll": Verb("upgrades:poll", "Newer images and charts in registries; --patch edits the files", DEPLOY),
    "observe": Verb("upgrades:observe", "Which releases want an image that was just pushed", DEPLOY),
    "upgrades": Verb("upgrades:upgrades", "What could be upgraded, and why to nothing else", DEPLOY),
    "holds": Verb("holds:holds", "Versions that upgrades must not bring again", DEPLOY),
    "keys": Verb("keys:keys", "Keys with which teams sign requests over the API", DEPLOY),
    "access": Verb("access:access", "Which repository may deploy as which team", DEPLOY),
    "deploy": Verb("deploy:deploy", "Ask for a deployment from a pipeline, and wait for its outcome", DEPLOY),
    "mkdeploy": Verb("mkdeploy:mkdeploy", "Send hookd a deployment event, without GitHub", DEPLOY),
    "status": Verb("status:status", "How the releases of an environment are doing", LOOK),
    "history": Verb("history:history", "The stored revisions of a release", LOOK),
    "why": Verb("why:why", "Which inputs of a release changed since it was applied", LOOK),
    "drift": Verb("drift:drift", "What was changed in the cluster behind Git's back", LOOK),
    "render": Verb("rendering:render", "The objects that a release renders to", LOOK),
    "values": Verb("values:values", "Final values of a release, and which line set each", LOOK),
    "log": Verb("ledger:log", "What was deployed, by whom and why", LOOK),
    "show": Verb("ledger:show", "One deployment in full: cause, steps, plan, reason", LOOK),
    "notifications": Verb("notifications:notifications", "What people were told; try a channel, send again", LOOK),
    "ledger": Verb("ledger:ledger", "Look after the record of all deployments", SHELL),
    "cluster": Verb("cluster:cluster", "Start and stop a real Kubernetes control plane on this machine", CLUSTERS),
    "lint": Verb("lint:lint", "Find every mistake in the deployments repository", FILES),
    "list": Verb("repository:list_things", "List environments, releases or clusters", FILES),
    "dump": Verb("repository:dump", "The repository as Fairway understands it", FILES),
    "use": Verb("repository:use", "Set the environment that commands take by default", FILES),
    "init": Verb("init:init", "Write kube contexts for the clusters; --example starts a repository", FILES),
    "import": Verb("importing:import_things", "A release of helm, or a helmfile, as entries of the repository", FILES),
    "charts": Verb("charts:charts", "What a chart says about itself; the cache of charts", FILES),
    "indent": Verb("convert:indent", "Indent YAML files, keeping comments", FILES),
    "json2yaml": Verb("convert:json2yaml", "Convert JSON to YAML", FILES),
    "yaml2json": Verb("convert:yaml2json", "Convert YAML to JSON", FILES),
    "schema": Verb("repository:schema", "JSON Schemas of the files, for editors", FILES),
    "completion": Verb("shell:completion", "Completion for bash, zsh or fish", SHELL),
    "version": Verb("shell:version", "Versions of Fairway and its parts", SHELL),
}

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

EXIT_INTERNAL = 5
EXIT_INTERRUPTED = 130


@click.group(cls=LazyGroup, verbs=VERBS, context_settings=CONTEXT)
@click.version_option(__version__, "-V", "--version", prog_name="fairway")
@click.option(
    "-f", "--environments-file", type=click.Path(path_type=Path, dir_okay=False), hidden=True,
    help="For those who write it before the verb.",
)  # fmt: skip
@click.pass_context
def cli(context: click.Context, environments_file: Path | None) -> None:
    """Continuous delivery for Kubernetes: Git declares, one release engine carries out, one ledger remembers.

    \b
    Start here:
      fairway cluster up          a real control plane on this machine
      fairway init --example      a deployments repository that works as it is
      fairway plan                what would change, field by field
      fairway apply               make it so, and wait until it is healthy
    """
    from fairway.entrypoints.logs import set_up_logs

    settings = load_settings()
    context.color = settings.color
    set_up_logs(settings.log_level, settings.log_format)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and exit; never returns. Exit codes: docs/spec/exit-codes.md."""
    code = run(argv)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _nobody_reads()
    except OSError as error:
        code = _failed(error, [])
        _nobody_reads()
    sys.exit(code)


def run(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        result = cli.main(args=arguments, prog_name="fairway", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _nobody_reads()
        return 0
    except SystemExit:  # click's own way out of a broken pipe
        _nobody_reads()
        return 0
    except Exception as error:
        return _failed(error, arguments)
    return result if isinstance(result, int) else 0


def _failed(error: Exception, arguments: list[str]) -> int:
    from fairway.entrypoints.cli.crashes import disk_trouble, foreseen, report_crash
    from fairway.entrypoints.cli.errors import show_error

    if known := foreseen(error):
        show_error(known)
        return known.exit_code
    if text := disk_trouble(error):
        show_error(FairwayError(text, fix="make room or give the right to write there, and try again"))
        return FairwayError.exit_code
    report_crash(error, load_settings().data_dir / "crashes", arguments)
    return EXIT_INTERNAL


def _nobody_reads() -> None:
    from fairway.entrypoints.cli.crashes import leave_quietly

    leave_quietly()
