"""`chart:` to a reference of one of the known kinds."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from fairway.domain.repository.findings import suggestion
from fairway.domain.repository.models import ChartKind, ChartReference
from fairway.domain.repository.resolving.context import Context, ReferenceKind
from fairway.domain.repository.sites import Site
from fairway.domain.repository.written.releases import ChartEntry

_FORMS = "repo/name, oci://…, https://….tgz, s3://bucket/prefix/name or git+https://…//path?ref=…"
_KNOWN_REPOS = {
    "stable": "https://charts.helm.sh/stable",
    "incubator": "https://charts.helm.sh/incubator",
    "bitnami": "https://charts.bitnami.com/bitnami",
    "ingress-nginx": "https://kubernetes.github.io/ingress-nginx",
    "prometheus-community": "https://prometheus-community.github.io/helm-charts",
    "jetstack": "https://charts.jetstack.io",
    "grafana": "https://grafana.github.io/helm-charts",
}


def resolve_chart(entry: ChartEntry, site: Site, context: Context, noun: str) -> ChartReference | None:
    """None when the chart is not exactly one of dir and a known form of reference (reported)."""
    findings = context.findings
    given = site.given("dir", "reference")
    if len(given) != 1:
        which = "both dir and reference" if given else "neither dir nor reference"
        findings.error("bad-chart", f"{noun}: chart has {which}", site.at(), "give exactly one of them")
        return None
    if entry.dir is not None:
        if entry.version is not None:
            message = f"{noun}: chart.version has no effect beside chart.dir; the folder is the version"
            findings.warning("bad-chart", message, site.key("version"), "remove it")
        path = context.file(entry.dir, site.at("dir"), noun, ReferenceKind.CHART)
        return ChartReference(ChartKind.DIRECTORY, path, None, site.at("dir"))
    if entry.reference is None:
        return None
    kind = _kind(entry.reference, site, context, noun)
    if kind is None:
        return None
    pinned = kind is ChartKind.OCI and "@sha256:" in entry.reference
    if not site.given("version") and not pinned and kind in (ChartKind.REPOSITORY, ChartKind.OCI, ChartKind.S3):
        name = entry.reference.rsplit("/", 1)[-1]
        message = f"{noun}: chart.reference needs chart.version"
        findings.error("missing-chart-version", message, site.at("reference"), f"add e.g. version: 1.0.0 ({name})")
        return None
    if kind is ChartKind.REPOSITORY:
        _check_repo(entry.reference.partition("/")[0], site, context, noun)
    return ChartReference(kind, entry.reference, entry.version, site.at("reference"))


def _kind(reference: str, site: Site, context: Context, noun: str) -> ChartKind | None:
    problem = _FORMS
    scheme, separator, rest = reference.partition("://")
    if not separator:
        repo, slash, name = reference.partition("/")
        if repo.strip(".") and slash and name and "/" not in name:
            return ChartKind.REPOSITORY
        if slash and (not repo.strip(".") or "/" in name):
            problem = f"if this is a folder, write dir: {reference}"
    elif scheme == "oci" and "/" in rest.strip("/"):
        if ":" not in rest.rsplit("/", 1)[-1].partition("@")[0]:
            return ChartKind.OCI
        problem = "put the tag into chart.version"
    elif scheme in ("http", "https"):
        if urlsplit(reference).path.endswith((".tgz", ".tar.gz")):
            return ChartKind.HTTP
        problem = (
            "an http(s) reference is one archive (….tgz); for a repository add it to helmRepos and write repo/name"
        )
    elif scheme == "s3":
        if "/" in rest.strip("/"):
            return ChartKind.S3
        problem = "write s3://bucket/prefix/name"
    elif scheme.startswith("git+"):
        if parse_qs(urlsplit(reference).query).get("ref"):
            return ChartKind.GIT
        message = f"{noun}: the Git reference names no revision"
        context.findings.error("missing-chart-version", message, site.at("reference"), "add ?ref=TAG")
        return None
    message = f'{noun}: "{reference}" is no chart reference'
    context.findings.error("bad-chart", message, site.at("reference"), problem)
    return None


def _check_repo(repo: str, site: Site, context: Context, noun: str) -> None:
    if repo in context.helm_repos:
        return
    url = _KNOWN_REPOS.get(repo, "https://…")
    message = f'{noun}: the Helm repository "{repo}" is not in helmRepos{suggestion(repo, context.helm_repos)}'
    fix = f"add to environments.yaml: helmRepos: [{{name: {repo}, url: {url}}}]"
    context.findings.error("unknown-helm-repo", message, site.at("reference"), fix)
