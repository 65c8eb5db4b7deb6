"""environments.yaml and its release files to one `Repository`: the order in which everything is looked at."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fairway.domain.errors import Diagnostic
from fairway.domain.repository.findings import Findings
from fairway.domain.repository.models import Environment, HelmRepo, Repository, ValueSource
from fairway.domain.repository.resolving.clusters import Clusters, check_duplicates
from fairway.domain.repository.resolving.context import Context, FileReference
from fairway.domain.repository.resolving.environments import resolve_environment
from fairway.domain.repository.resolving.files import ReleaseFile, check_release_file, items, read_templates, top_level
from fairway.domain.repository.resolving.locking import apply_locks
from fairway.domain.repository.resolving.names import check_word
from fairway.domain.repository.resolving.values import resolve_source
from fairway.domain.repository.sites import Document, Site
from fairway.domain.repository.templates import Template, bases_of
from fairway.domain.repository.validating import validated
from fairway.domain.repository.written import ClusterEntry, EnvironmentEntry, EnvironmentsFile, HelmRepoEntry


@dataclass(frozen=True, slots=True)
class Resolution:
    """`repository` has everything that could be resolved; it may be used only when no diagnostic is an error."""

    repository: Repository
    diagnostics: tuple[Diagnostic, ...]
    references: tuple[FileReference, ...]


def release_files_of(main: Document) -> list[tuple[str, Site]]:
    """(absolute path, where it is written) of every release file that environments name, in order, with repeats."""
    found = []
    environments = main.value.get("environments") if isinstance(main.value, dict) else None
    folder = posixpath.dirname(main.path)
    for index, entry in enumerate(environments if isinstance(environments, list) else []):
        for key in ("releasesFiles", "releases"):
            paths = entry.get(key) if isinstance(entry, dict) else None
            for number, path in enumerate(paths if isinstance(paths, list) else []):
                if isinstance(path, str):
                    site = Site(main.positions, ("environments", index, key, number))
                    found.append((posixpath.normpath(posixpath.join(folder, path)), site))
    return found


def resolve_repository(
    main: Document, documents: Mapping[str, Document], findings: Findings, locks: Mapping[str, Document] | None = None
) -> Resolution:
    """`documents` are the release files that could be read, by absolute path; `locks` the lock files by their folder.
    All findings go to `findings`."""
    folders = {one.shown: posixpath.dirname(one.path) for one in (main, *documents.values())}
    context = Context(findings, folders)
    findings.add(*main.problems)
    raw = top_level(main, EnvironmentsFile, findings)
    site = Site(main.positions)
    kube_config = raw.get("kubeConfig")
    if kube_config is not None and not isinstance(kube_config, str):
        findings.error("wrong-type", "kubeConfig must be a path", site.at("kubeConfig"))
        kube_config = None
    helm_repos = _helm_repos(raw, site, context)
    context.helm_repos = frozenset(_names(raw, "helmRepos"))
    clusters = _clusters(raw, site, context)
    shared = read_templates(raw, site, findings)
    files = {path: check_release_file(document, findings) for path, document in documents.items()}
    root = posixpath.dirname(main.path)
    environments = _environments(raw, site, clusters, files, shared, root, context)
    _report_unused(shared, files, findings)
    repository = Repository(
        root=root,
        environments_file=main.path,
        environments=apply_locks(environments, locks or {}, findings),
        clusters=tuple(clusters.by_name.values()),
        helm_repos=helm_repos,
        kube_config=context.resolved(kube_config, site.at("kubeConfig")) if kube_config else None,
        files=(main.path, *documents, *(lock.path for lock in (locks or {}).values())),
    )
    return Resolution(repository, tuple(findings.in_order()), tuple(context.references))


def _names(raw: Mapping[str, Any], key: str) -> list[str]:
    """Names under a list of entries, also of those that are otherwise wrong."""
    entries = raw.get(key)
    entries = entries if isinstance(entries, list) else []
    return [entry["name"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("name"), str)]


def _entry_noun(what: str, raw: Any, number: int) -> str:
    name = raw.get("name") if isinstance(raw, dict) else None
    return f'{what} "{name}"' if isinstance(name, str) else f"{what} {number + 1}"


def _helm_repos(raw: Mapping[str, Any], site: Site, context: Context) -> tuple[HelmRepo, ...]:
    repos = []
    entries = []
    for index, written in enumerate(items(raw, "helmRepos", site, context.findings)):
        here = site.into("helmRepos", index)
        noun = _entry_noun("helmRepo", written, index)
        entry = validated(HelmRepoEntry, written, here, context.findings, noun)
        if entry is None:
            continue
        entries.append((entry.name, here))
        check_word(entry.name, "helmRepo", here.at("name"), context.findings)
        if not entry.url.startswith(("http://", "https://", "oci://", "s3://", "file://")):
            message = f'{noun}: "{entry.url}" is no URL'
            context.findings.error("bad-value", message, here.at("url"), "write e.g. https://charts.example.com")
        repos.append(_helm_repo(entry, here, context, noun))
    check_duplicates(entries, "helmRepo", context)
    return tuple(repos)


def _helm_repo(entry: HelmRepoEntry, site: Site, context: Context, noun: str) -> HelmRepo:
    files: dict[str, str | None] = {}
    sources: dict[str, ValueSource | None] = {}
    for key, written in (("caFile", entry.ca_file), ("certFile", entry.cert_file), ("keyFile", entry.key_file)):
        files[key] = context.file(written, site.at(key), noun) if written is not None else None
    for key, source in (("username", entry.username), ("password", entry.password), ("token", entry.token)):
        sources[key] = resolve_source(source, site.into(key), context, f"{noun}: {key}") if source else None
        if (one := sources[key]) is not None and one.kind not in ("env", "file"):
            message = f"{noun}: {key} cannot come from {one.kind}: charts are fetched before a cluster is known"
            context.findings.error("bad-value", message, site.at(key), f"write e.g. {{env: REPO_{key.upper()}}}")
    return HelmRepo(
        name=entry.name,
        url=entry.url.rstrip("/"),
        position=site.at("name"),
        ca_file=files["caFile"],
        cert_file=files["certFile"],
        key_file=files["keyFile"],
        username=sources["username"],
        password=sources["password"],
        token=sources["token"],
        pass_credentials=entry.pass_credentials,
    )


def _clusters(raw: Mapping[str, Any], site: Site, context: Context) -> Clusters:
    clusters = Clusters(context)
    clusters.declared_names.update(_names(raw, "clusters"))
    names = []
    for index, written in enumerate(items(raw, "clusters", site, context.findings)):
        here = site.into("clusters", index)
        entry = validated(ClusterEntry, written, here, context.findings, _entry_noun("cluster", written, index))
        if entry is not None:
            names.append((entry.name, here))
            clusters.declare(entry, here)
    check_duplicates(names, "cluster", context)
    return clusters


def _environments(
    raw: Mapping[str, Any],
    site: Site,
    clusters: Clusters,
    files: Mapping[str, ReleaseFile],
    shared: Mapping[str, Template],
    root: str,
    context: Context,
) -> list[Environment]:
    if "environments" not in raw:
        fix = "add environments: [{name: …, clusterName: …, kubeNamespace: …, releasesFiles: [ … ]}]"
        context.findings.error("missing-key", '"environments" is missing', site.at(), fix)
    environments = []
    names = []
    for index, written in enumerate(items(raw, "environments", site, context.findings)):
        here = site.into("environments", index)
        noun = _entry_noun("environment", written, index)
        entry = validated(EnvironmentEntry, written, here, context.findings, noun, {"kubeNamespace": "default"})
        if entry is None:
            continue
        names.append((entry.name, here))
        paths = [
            posixpath.normpath(posixpath.join(root, p))
            for p in (*(entry.releases_files or ()), *(entry.releases or ()))
        ]
        own = [files[path] for path in dict.fromkeys(paths) if path in files]
        environment = resolve_environment(entry, here, clusters, own, shared, root, context)
        if environment is not None:
            environments.append(environment)
    check_duplicates(names, "environment", context)
    return environments


def _report_unused(shared: Mapping[str, Template], files: Mapping[str, ReleaseFile], findings: Findings) -> None:
    """Templates that nothing extends; one that is only extended by unused ones counts as used."""
    used: set[str] = set()
    for templates in (shared, *(file.templates for file in files.values())):
        for template in templates.values():
            used.update(bases_of(template.raw))
    for file in files.values():
        for release in file.releases:
            used.update(bases_of(release.raw))
    for templates in (shared, *(file.templates for file in files.values())):
        for name, template in templates.items():
            if name not in used:
                findings.info(
                    "unused-template", f'nothing extends the template "{name}"', template.site.key(), "remove it"
                )
