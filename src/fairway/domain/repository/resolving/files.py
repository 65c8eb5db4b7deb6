"""A release file after its own checks, ready to be resolved for each environment that names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from pydantic import BaseModel

from fairway.domain.repository.findings import Findings
from fairway.domain.repository.resolving.names import slug
from fairway.domain.repository.sites import Document, Site
from fairway.domain.repository.templates import Template, bases_of
from fairway.domain.repository.validating import validated, validated_template, without_unknown_keys
from fairway.domain.repository.written import ReleaseEntry, ReleasesFile


@dataclass(frozen=True, slots=True)
class WrittenRelease:
    """An entry of `releases`. `entry` is ready unless it inherits: then it depends on the environment."""

    name: str | None
    raw: Mapping[str, Any]
    site: Site
    entry: ReleaseEntry | None


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    document: Document
    releases: tuple[WrittenRelease, ...] = ()
    templates: Mapping[str, Template] = field(default_factory=dict)
    resource_files: tuple[str, ...] = ()

    @property
    def resources_site(self) -> Site:
        return Site(self.document.positions, ("resourceFiles",))


def check_release_file(document: Document, findings: Findings) -> ReleaseFile:
    """Report what is wrong with the file's shape and with its plain releases."""
    findings.add(*document.problems)
    raw = top_level(document, ReleasesFile, findings)
    site = Site(document.positions)
    resources = [path for path in items(raw, "resourceFiles", site, findings) if isinstance(path, str)]
    releases = []
    for index, entry in enumerate(items(raw, "releases", site, findings)):
        releases.append(_written_release(entry, site.into("releases", index), findings))
    return ReleaseFile(document, tuple(releases), read_templates(raw, site, findings), tuple(resources))


def _written_release(raw: Any, site: Site, findings: Findings) -> WrittenRelease:
    name = raw.get("name") if isinstance(raw, dict) else None
    name = name if isinstance(name, str) else None
    inherits = isinstance(raw, dict) and name is not None and bool(bases_of(raw))
    entry = None if inherits else validated(ReleaseEntry, raw, site, findings, _noun(name))
    return WrittenRelease(name, raw if isinstance(raw, dict) else {}, site, entry)


def _noun(name: str | None) -> str:
    return f'release "{name}"' if name else "release"


def read_templates(raw: Mapping[str, Any], site: Site, findings: Findings) -> dict[str, Template]:
    written = raw.get("templates")
    if written is None:
        return {}
    if not isinstance(written, dict):
        findings.error("wrong-type", "templates must be a map of names to templates", site.at("templates"))
        return {}
    templates = {}
    for name, body in written.items():
        here = site.into("templates", name)
        cleaned = validated_template(body, here, findings, f'template "{name}"')
        if cleaned is not None:
            templates[name] = Template(name, cleaned, here)
    return templates


def top_level(document: Document, model: type[BaseModel], findings: Findings) -> Mapping[str, Any]:
    """The file's map without unknown keys (reported); keys that start with `x-` are free, for anchors."""
    value = document.value
    if value is None:
        value = {}
    if not isinstance(value, dict):
        findings.error("wrong-type", "the file must be a map of keys", document.positions[()], None)
        return {}
    known = {key: item for key, item in value.items() if not key.startswith("x-")}
    return without_unknown_keys(model, known, Site(document.positions), findings)


def items(raw: Mapping[str, Any], key: str, site: Site, findings: Findings) -> Sequence[Any]:
    """The list under a key; something else there is reported and counts as empty."""
    value = raw.get(key)
    if value is None:
        return ()
    if not isinstance(value, list):
        findings.error("wrong-type", f"{key} must be a list", site.at(key), 'write "- …" lines below the key')
        return ()
    return value


def resources_names(files: Sequence[ReleaseFile], root: str) -> dict[str, str]:
    """File path to the name of the release made of its top-level resourceFiles: `resources-<stem>`.

    Files of one environment that share a stem are told apart by their path below the repository's folder.
    """
    with_resources = [file.document.path for file in files if file.resource_files]
    stems = [slug(PurePosixPath(path).stem) for path in with_resources]
    names = {}
    for path, stem in zip(with_resources, stems, strict=True):
        if stems.count(stem) > 1:
            relative = PurePosixPath(path.removeprefix(root.rstrip("/") + "/"))
            stem = slug(str(relative.with_suffix("")))
        names[path] = f"resources-{stem}"[:53].rstrip("-")
    return names
