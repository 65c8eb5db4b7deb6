"""`fairway cluster`: a real Kubernetes control plane on this machine, for trying things and for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from fairway.adapters.devcluster import DEFAULT_NAME, DEFAULT_NODES, ClusterInfo, DevClusters
from fairway.entrypoints.cli import cluster_views as views
from fairway.entrypoints.cli.progress_line import ProgressLine
from fairway.settings import load_settings
from fairway.wiring import dev_clusters

Command = Callable[..., Any]


def name_option(command: Command) -> Command:
    return click.option(
        "--name",
        default=DEFAULT_NAME,
        show_default=True,
        envvar="FAIRWAY_CLUSTER",
        show_envvar=True,
        help="Which cluster; several can run side by side.",
    )(command)


def output_option(command: Command) -> Command:
    return click.option(
        "--output",
        "-o",
        type=click.Choice(["table", "json", "yaml"]),
        default="table",
        show_default=True,
        help="Form of the result on stdout.",
    )(command)


@contextmanager
def clusters() -> Iterator[tuple[DevClusters, ProgressLine]]:
    """The clusters of this user, telling their progress on stderr."""
    with ProgressLine() as line:
        yield dev_clusters(load_settings(), line), line


@click.group()
def cluster() -> None:
    """Start and stop a real Kubernetes control plane on this machine.

    It has its own certificates, RBAC, simulated nodes whose pods become ready (or fail, when an annotation asks
    for it), and the custom resources of Gateway API and Istio. It needs no container engine and no root.

    \b
    Examples:
      fairway cluster up                          start it (the first time builds it: minutes)
      fairway cluster kubeconfig --merge          add its context to your kubeconfig
      fairway cluster up --name two --nodes 5     another one beside it
      fairway cluster reset                       the same cluster, empty, in seconds
      fairway cluster down                        no process and no file is left
    """


@cluster.command()
@name_option
@click.option("--nodes", type=click.IntRange(1, 1000), help=f"Simulated nodes.  [default: {DEFAULT_NODES}]")
@click.option("--port", type=click.IntRange(1, 65535), help="Loopback port of the API server.  [default: a free one]")
@click.option(
    "--memory-limit",
    type=click.IntRange(0),
    default=0,
    metavar="MIB",
    help="Keep the API server's memory near this, at the cost of processor time.  [default: no limit]",
)
@output_option
def up(name: str, nodes: int | None, port: int | None, memory_limit: int, output: str) -> None:
    """Start the cluster and wait until it is ready; does nothing when it runs."""
    with clusters() as (known, line):
        started = known.up(name, nodes=nodes, port=port, memory_limit=memory_limit)
        seconds = line.elapsed
    if output != "table":
        views.show_data(views.as_data(started), output)
        return
    if started.changed:
        click.echo(f"cluster {name} is ready after {seconds:.1f} s: {views.summary(started)}")
        _next_steps(started)
    else:
        click.echo(f"cluster {name} runs already: {views.summary(started)}")
    if started.outdated:
        click.echo(f"it is an older build; fairway cluster reset{_option(name)} renews it", err=True)


@cluster.command()
@name_option
def down(name: str) -> None:
    """Stop the cluster and remove all that belongs to it."""
    with clusters() as (known, line):
        removed = known.down(name)
        seconds = line.elapsed
    click.echo(f"cluster {name} is gone after {seconds:.1f} s" if removed else f"there is no cluster {name}")


@cluster.command()
@name_option
@click.option("--nodes", type=click.IntRange(1, 1000), help="Simulated nodes.  [default: as many as before]")
def reset(name: str, nodes: int | None) -> None:
    """Empty the cluster: the same address and certificates, nothing in it."""
    with clusters() as (known, line):
        fresh = known.reset(name, nodes=nodes)
        seconds = line.elapsed
    click.echo(f"cluster {name} is empty and ready after {seconds:.1f} s: {views.summary(fresh)}")


@cluster.command()
@name_option
@output_option
def status(name: str, output: str) -> None:
    """Show the parts of the cluster: pid, restarts, memory, address, version.

    Exit code 0 when it is ready, 1 when it is not.
    """
    with clusters() as (known, _):
        found = known.status(name)
    if output == "table":
        views.show_status(found)
    else:
        views.show_data(views.as_data(found), output)
    if found.phase != "ready":
        click.get_current_context().exit(1)


@cluster.command("list")
@output_option
def list_(output: str) -> None:
    """List the clusters of this user."""
    with clusters() as (known, _):
        found = known.list()
    if output == "table":
        views.show_list(found)
    else:
        views.show_data([views.as_data(item) for item in found], output)


@cluster.command()
@name_option
@click.option("--path", "only_path", is_flag=True, help="Print where the file is instead of what is in it.")
@click.option("--merge", is_flag=True, help="Add the context to your own kubeconfig instead of printing it.")
@click.option(
    "--into",
    metavar="FILE",
    envvar="KUBECONFIG",
    default=str(Path("~/.kube/config")),
    show_default="$KUBECONFIG or ~/.kube/config",
    help="The kubeconfig to merge into; of several in $KUBECONFIG the first.",
)
def kubeconfig(name: str, only_path: bool, merge: bool, into: str) -> None:
    """Print the admin kubeconfig of the cluster, or merge it into your own.

    \b
    Examples:
      export KUBECONFIG=$(fairway cluster kubeconfig --path)
      fairway cluster kubeconfig --merge && kubectl --context devcluster-fairway get nodes
    """
    if only_path and merge:
        raise click.UsageError("--path and --merge exclude each other")
    with clusters() as (known, _):
        path = known.kubeconfig_path(name)
        if merge:
            target = Path(into.split(":")[0]).expanduser()
            known.merge(name, target)
            click.echo(f"context {known.status(name).context} is in {target}; fairway cluster down removes it")
        elif only_path:
            click.echo(path)
        else:
            click.echo(path.read_text(encoding="utf-8"), nl=False)


@cluster.command()
@click.argument("part", required=False)
@name_option
@click.option("--follow", "-f", is_flag=True, help="Go on printing what is written from now on.")
@click.option("--lines", "-n", type=click.IntRange(0), default=20, show_default=True, help="Lines of each part.")
def logs(part: str | None, name: str, follow: bool, lines: int) -> None:
    """Print what the parts of the cluster log: all, or one PART such as kube-apiserver."""
    with clusters() as (known, _):
        files = known.log_files(name)
    if part is not None and part not in files:
        raise click.BadParameter(f'no part "{part}"; there are {", ".join(files)}', param_hint="PART")
    chosen = {part: files[part]} if part is not None else files
    try:
        views.show_logs(chosen, lines, follow)
    except KeyboardInterrupt:
        return


def _next_steps(started: ClusterInfo) -> None:
    option = _option(started.name)
    click.echo(f"  export KUBECONFIG=$(fairway cluster kubeconfig --path{option})     use it in this shell")
    click.echo(f"  fairway cluster kubeconfig --merge{option}                        or add its context to yours")


def _option(name: str) -> str:
    return "" if name == DEFAULT_NAME else f" --name {name}"
