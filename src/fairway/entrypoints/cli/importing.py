"""`fairway import`: entries of a deployments repository for what other tools deployed or described."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.options import chosen, environments_file_option, loaded
from fairway.entrypoints.cli.running import run_async
from fairway.settings import load_settings

if TYPE_CHECKING:
    from fairway.domain.releases.revision import Revision
    from fairway.services.contexts import ClusterAccess
    from fairway.services.importing.helm import ChartAt


@click.group("import")
def import_things() -> None:
    """Write entries of a deployments repository for what other tools deployed or described.

    \b
    Examples:
      fairway import helm web -n shop
      fairway import helmfile helmfile.yaml --out deployments
    """


@import_things.command("helm")
@click.argument("release")
@click.option("--namespace", "-n", metavar="NAME", help="Namespace of the release; default that of ENV or the context.")
@click.option("--environment", "-e", metavar="ENV", help="Connect as this environment of the repository does.")
@click.option("--context", metavar="NAME", help="Context of the kubeconfig; default its current one.")
@click.option("--chart", metavar="REF", help="Folder or reference of the chart; default: out of the record.")
@click.option("--version", metavar="VERSION", help="Version of --chart; default the deployed one.")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Default releases/RELEASE.yaml.")
@environments_file_option
def import_helm(
    release: str,
    namespace: str | None,
    environment: str | None,
    context: str | None,
    chart: str | None,
    version: str | None,
    out: Path | None,
    environments_file: Path,
) -> int:
    """Write the entry of an existing Helm RELEASE, with its values and, unless --chart names it, its chart.

    The values of the record go into values/RELEASE.yaml, the chart into charts/NAME. A file given with --out that
    exists gets the entry at its end. Nothing in the cluster is changed; the next plan shows no object that changes.

    \b
    Examples:
      fairway import helm web -n shop
      fairway import helm redis -e prod --chart stable/redis --out releases/base.yaml
    """
    if context and environment:
        raise UserError("--context and --environment both say which cluster is meant", fix="leave one of them out")
    access = _access(environment, context, environments_file)
    work = _import_helm(
        release, access[0], namespace or access[1], chart, version, out or Path(f"releases/{release}.yaml")
    )
    return run_async(work, again="fairway import helm")


def _access(environment: str | None, context: str | None, environments_file: Path) -> tuple[ClusterAccess, str | None]:
    """How to connect, and the environment's namespace."""
    from fairway.services.contexts import ClusterAccess

    if environment is None:
        return ClusterAccess(context=context), None
    from fairway.wiring import cluster_access

    repository = loaded(environments_file)
    one = chosen(repository, environment)[0]
    return cluster_access(load_settings(), repository, one), one.namespace


async def _import_helm(
    release: str, access: ClusterAccess, namespace: str | None, chart: str | None, version: str | None, out: Path
) -> int:
    import asyncio

    from fairway import wiring
    from fairway.services.importing.helm import deployed_revision

    async with wiring.open_records(access) as (records, context_namespace):
        revision = await deployed_revision(records, namespace or context_namespace or "default", release)
    await asyncio.to_thread(_write_release, revision, chart, version, out)
    return 0


def _write_release(revision: Revision, chart: str | None, version: str | None, out: Path) -> None:
    from fairway.services.importing.helm import added, import_release
    from fairway.services.importing.imported import Imported, write

    path = os.path.relpath(out)
    imported = import_release(revision, _chart(chart, version, out.parent), path, os.path.relpath(".", out.parent))
    if out.exists():
        text = added(out.read_text(encoding="utf-8"), revision.name, imported.files[path], str(out))
        write(Imported({name: data for name, data in imported.files.items() if name != path}), Path())
        out.write_bytes(text)
    else:
        write(imported, Path())
    _tell(imported.files, imported.notes)
    click.echo(
        f"next: see that {out} is among the releasesFiles of an environment with namespace {revision.namespace}, "
        "then fairway plan: no object changes",
        err=True,
    )


def _chart(chart: str | None, version: str | None, folder: Path) -> ChartAt:
    from fairway.services.importing.helm import ChartAt

    if chart is None:
        return ChartAt()
    if "://" not in chart and (Path(chart, "Chart.yaml").is_file() or chart.startswith((".", "/"))):
        if not Path(chart, "Chart.yaml").is_file():
            raise UserError(f"there is no chart in {chart}: it has no Chart.yaml", fix="correct --chart")
        return ChartAt(folder=chart if os.path.isabs(chart) else os.path.relpath(chart, folder))
    return ChartAt(reference=chart, version=version or "")


@import_things.command("helmfile")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default=Path("helmfile.yaml"))
@click.option("--environment", "-e", metavar="NAME", default="default", help="The helmfile's environment.")
@click.option("--context", metavar="NAME", help="Context for releases that name none; default the current one.")
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), help="Default: FILE's folder.")
def import_helmfile_file(file: Path, environment: str, context: str | None, out: Path | None) -> None:
    """Convert a helmfile into a deployments repository: environments.yaml, releases/ and values/.

    Each namespace becomes an environment. A helmfile with Go templates is filled in by the program helmfile, when that
    is on PATH. What has no counterpart is told, and stands as a comment at its place. Nothing is deployed.

    \b
    Examples:
      fairway import helmfile
      fairway import helmfile helmfile.yaml.gotmpl -e prod --out ../deployments
    """
    from fairway import wiring
    from fairway.services.importing.helmfile import import_helmfile
    from fairway.services.importing.helmfile_state import read_state
    from fairway.services.importing.imported import write

    kubeconfigs, programs = wiring.import_ports()
    states = read_state(file, environment, programs)
    folder = out or file.parent
    imported = import_helmfile(states, environment, context or kubeconfigs.current(None) or "", folder)
    write(imported, folder)
    _tell((os.path.join(folder, name) for name in imported.files), imported.notes)
    _check(folder / "environments.yaml")


def _check(environments_file: Path) -> None:
    """Say what lint finds in what was just written."""
    from fairway.entrypoints.cli.errors import diagnostic_text
    from fairway.services.loading import read_repository

    for item in read_repository(environments_file).diagnostics:
        click.echo(diagnostic_text(item), err=True)
    click.echo(f"next: fairway lint -f {environments_file}, then fairway plan -f {environments_file}", err=True)


def _tell(files: Iterable[str], notes: Iterable[str]) -> None:
    for name in _shortened(files):
        click.echo(f"wrote {name}", err=True)
    for note in notes:
        click.echo(f"{click.style('note', fg='yellow')}: {note}", err=True)


def _shortened(names: Iterable[str]) -> list[str]:
    """The files of a chart as one line."""
    return list(dict.fromkeys("/".join(name.split("/")[:2]) if name.startswith("charts/") else name for name in names))
