"""An existing Helm release as an entry of a release file, so that the next plan shows no change.

The rule not to break: values are those of the record, exactly; they go into a file, where nothing is interpolated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fairway.domain import yaml
from fairway.domain.errors import Refused, UserError
from fairway.domain.releases.revision import Revision, RevisionSummary, Status
from fairway.domain.repository.findings import suggestion
from fairway.domain.values.secrets import secret_leaves
from fairway.domain.yaml import dump
from fairway.services.importing.imported import Imported, release_file
from fairway.services.importing.stored_charts import exported

_OWN_LABELS = frozenset({"createdAt", "modifiedAt", "name", "owner", "status", "version"})


class Revisions(Protocol):
    async def summaries(self, namespace: str | None, *, name: str = "") -> list[RevisionSummary]: ...

    async def read(self, namespace: str, name: str, version: int) -> Revision | None: ...


@dataclass(frozen=True, slots=True)
class ChartAt:
    """Where the chart comes from: a folder (relative to the release file), a reference, or neither: the record."""

    folder: str = ""
    reference: str = ""
    version: str = ""


async def deployed_revision(store: Revisions, namespace: str, name: str) -> Revision:
    """The revision that is in effect. Raises UserError when there is no such release or none that succeeded."""
    summaries = await store.summaries(namespace, name=name)
    if not summaries:
        others = sorted({one.name for one in await store.summaries(namespace)})
        raise UserError(
            f'no Helm release "{name}" in namespace {namespace}{suggestion(name, others)}',
            fix="name its namespace with -n; see helm list --all-namespaces",
        )
    deployed = [one for one in summaries if one.status is Status.DEPLOYED]
    if not deployed:
        newest = summaries[-1]
        raise Refused(
            f'the Helm release "{name}" was never deployed: revision {newest.version} is {newest.status}',
            fix="bring it into a good state first: helm rollback, or helm upgrade",
        )
    revision = await store.read(namespace, name, deployed[-1].version)
    if revision is None:
        raise UserError(f'revision {deployed[-1].version} of "{name}" vanished meanwhile', fix="try again")
    return revision


def import_release(revision: Revision, chart: ChartAt, release_path: str, root: str) -> Imported:
    """The release file and what it names, by path; `root` leads from the release file's folder to where paths start.

    Raises `Refused` when the chart can't come out of the record.
    """
    files: dict[str, bytes] = {}
    notes: list[str] = []
    metadata: Mapping[str, Any] = revision.chart.get("metadata") or {}
    entry: dict[str, Any] = {"name": revision.name}
    if chart.folder or chart.reference:
        entry["chart"] = _referenced(chart, str(metadata.get("version") or ""))
    else:
        name = str(metadata.get("name") or revision.name)
        files |= {f"charts/{name}/{path}": data for path, data in exported(revision).items()}
        entry["chart"] = {"dir": f"{root}/charts/{name}"}
        notes.append(f"the chart came out of the record into charts/{name}; comments of its values.yaml are not in it")
    if revision.config:
        path = f"values/{revision.name}.yaml"
        files[path] = dump(dict(revision.config)).encode()
        entry["valuesFile"] = f"{root}/{path}"
        notes += _secrets(revision.config, path)
    labels = {key: value for key, value in revision.labels.items() if key not in _OWN_LABELS}
    if labels:
        entry["labels"] = labels
    heading = [
        f"Imported from revision {revision.version} of the Helm release {revision.name} in {revision.namespace}."
    ]
    files = {release_path: release_file([(entry, notes)], heading).encode(), **files}
    return Imported(files, tuple(notes))


def added(text: str, name: str, imported: bytes, shown: str) -> bytes:
    """An existing release file with the imported entry at its end. Raises UserError when that cannot be done safely."""
    before = yaml.load(text, shown)
    releases = before.get("releases") if isinstance(before, dict) else None
    if not isinstance(releases, list) or not releases:
        raise UserError(f"{shown} has no list of releases to add to", fix="name a new file with --out")
    if any(isinstance(one, dict) and one.get("name") == name for one in releases):
        raise UserError(f'{shown} declares the release "{name}" already')
    entry = imported.decode().partition("releases:\n")[2]
    joined = f"{text.rstrip()}\n\n{entry}"
    fix = "name a new file with --out, and add it to releasesFiles"
    try:
        after = yaml.load(joined, shown)
    except UserError as error:
        raise UserError(f"{shown} is not written in a way that can be added to", fix=fix) from error
    if after != {**before, "releases": [*releases, *yaml.load(imported.decode(), "imported")["releases"]]}:
        raise UserError(f"the list of releases is not the last thing in {shown}", fix=fix)
    return joined.encode()


def _referenced(chart: ChartAt, stored_version: str) -> dict[str, str]:
    if chart.folder:
        return {"dir": chart.folder}
    if chart.reference.startswith(("http://", "https://", "git+")):
        return {"reference": chart.reference}
    return {"reference": chart.reference, "version": chart.version or stored_version}


def _secrets(config: Mapping[str, Any], path: str) -> Sequence[str]:
    keys = sorted({".".join(map(str, leaf)) for leaf, _ in secret_leaves(config)})
    if not keys:
        return []
    some = ", ".join(keys[:5]) + (f" and {len(keys) - 5} more" if len(keys) > 5 else "")
    return [f"{path} holds secrets ({some}): encrypt it with sops, or use valueFrom, before it goes into Git"]
