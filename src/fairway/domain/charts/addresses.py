"""The addresses of charts: what stands in a reference, and how it is shown without its secrets.

The rule not to break: user names, passwords and signed queries in an address never reach a log or an error.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

from fairway.domain.charts.versions import is_exact, nearest_names
from fairway.domain.errors import Position, UserError
from fairway.domain.repository.models import ChartKind, ChartReference

_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/@+-]*")
_REPOSITORY = re.compile(r"[a-z0-9]+(?:[._/-]+[a-z0-9]+)*")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True, slots=True)
class OciAddress:
    host: str
    """With the port."""
    repository: str
    tag: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class GitAddress:
    remote: str
    """For git itself: without the `git+`, without credentials."""
    path: str
    """Of the chart inside the repository; empty is its top."""
    ref: str
    user: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class S3Address:
    bucket: str
    prefix: str
    """With a `/` at its end unless empty."""
    chart: str


def shown(url: str) -> str:
    """An address for people: without credentials, query and fragment."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rsplit("@", 1)[-1], parts.path, "", ""))


def described(ref: ChartReference) -> str:
    """A reference as its author wrote it, but without login and signed query."""
    if ref.kind is ChartKind.HTTP:
        return shown(ref.location)
    place = split_login(ref.location)[0] if "://" in ref.location else ref.location
    return f"{place} {ref.version}" if ref.version else place


def split_login(url: str) -> tuple[str, tuple[str, str] | None]:
    """(the address without user and password, those two if it had them)."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url, None
    login, host = parts.netloc.rsplit("@", 1)
    user, _, password = login.partition(":")
    return urlunsplit(parts._replace(netloc=host)), (unquote(user), unquote(password))


def same_origin(one: str, other: str) -> bool:
    """Same scheme, host and port: the only place where credentials may go."""
    return _origin(one) == _origin(other)


def is_loopback(host: str) -> bool:
    """Whether a host (with or without port) is this machine."""
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def split_repository(location: str) -> tuple[str, str]:
    """(repository name or address, chart) of `repo/name`. Raises UserError."""
    repository, _, chart = location.rpartition("/")
    if not repository or not chart:
        raise UserError(f'"{location}" does not name a chart', fix="write repository/chart, e.g. stable/redis")
    return repository, chart


def addressed(ref: ChartReference, repositories: Mapping[str, str]) -> ChartReference:
    """A chart of a named repository that lives in an OCI registry or a bucket, as a reference to there.

    Raises UserError when the repository is not defined.
    """
    if ref.kind is not ChartKind.REPOSITORY:
        return ref
    repository, chart = split_repository(ref.location)
    if "://" in repository:
        return ref
    address = repositories.get(repository)
    if address is None:
        near = nearest_names(repository, repositories, 1)
        known = ", ".join(sorted(repositories)) or "none is defined"
        fix = f'did you mean "{near[0]}"?' if near else f"add it to helmRepos in environments.yaml (there: {known})"
        raise UserError(f'there is no chart repository "{repository}"', fix=fix)
    for scheme, kind in (("oci://", ChartKind.OCI), ("s3://", ChartKind.S3)):
        if address.startswith(scheme):
            return replace(ref, kind=kind, location=f"{split_login(address)[0].rstrip('/')}/{chart}")
    return ref


def reference_of(text: str, version: str | None, folder: str | None, position: Position) -> ChartReference:
    """A reference as somebody types it at a prompt; `folder` is its absolute path when it is one. Raises UserError."""
    if folder is not None:
        return ChartReference(ChartKind.DIRECTORY, folder, None, position)
    scheme, separator, _ = text.partition("://")
    if not separator:
        if text.startswith((".", "/", "~")) or text.count("/") > 1:
            raise UserError(f"there is no folder {text}", fix="check the path")
        split_repository(text)
        return ChartReference(ChartKind.REPOSITORY, text, version, position)
    if scheme in ("http", "https"):
        archive = urlsplit(text).path.endswith((".tgz", ".tar.gz"))
        kind = ChartKind.HTTP if archive else ChartKind.REPOSITORY
        return ChartReference(kind, text, None if archive else version, position)
    kinds = {"oci": ChartKind.OCI, "s3": ChartKind.S3}
    if scheme in kinds:
        return ChartReference(kinds[scheme], text, version, position)
    if scheme.startswith("git+"):
        return ChartReference(ChartKind.GIT, text, None, position)
    fix = "use a folder, repo/name, oci://, https://, s3:// or git+https://"
    raise UserError(f'"{shown(text)}" is no chart reference', fix=fix)


def parse_oci(location: str) -> OciAddress:
    """`oci://host/path/name[:tag][@sha256:…]`. Raises UserError."""
    rest, _, digest = location.removeprefix("oci://").partition("@")
    host, _, path = rest.partition("/")
    path, _, tag = path.partition(":")
    path = path.strip("/")
    good = host and _REPOSITORY.fullmatch(path) and (not digest or _DIGEST.fullmatch(digest))
    if not good or (tag and not _TAG.fullmatch(tag)):
        raise UserError(f'"{location}" is not an OCI chart', fix="write oci://host/path/name, in lower case")
    return OciAddress(host, path, tag or None, digest or None)


def parse_s3(location: str) -> S3Address:
    """`s3://bucket/prefix/name`. Raises UserError."""
    bucket, _, key = location.removeprefix("s3://").partition("/")
    prefix, _, chart = key.strip("/").rpartition("/")
    if not bucket or not chart:
        raise UserError(f'"{location}" does not name a chart in a bucket', fix="write s3://bucket/prefix/name")
    return S3Address(bucket, f"{prefix}/" if prefix else "", chart)


def parse_git(location: str) -> GitAddress:
    """`git+https://host/repo//path?ref=REV`, also git+ssh, git+http, git+file. Raises UserError."""
    parts = urlsplit(location.removeprefix("git+"))
    fix = "write git+https://host/repository//path/of/chart?ref=tag"
    if parts.scheme not in ("https", "http", "ssh", "file") or (not parts.netloc and parts.scheme != "file"):
        raise UserError(f'"{shown(location)}" is not a chart in Git', fix=fix)
    remote, _, path = parts.path.partition("//")
    if parts.scheme == "file" and not remote:
        remote, _, path = ("/" + path.lstrip("/")).partition("//")
    ref = (parse_qs(parts.query).get("ref") or ["HEAD"])[0]
    if not _REF.fullmatch(ref) or ".." in ref:
        raise UserError(f'"{ref}" is not a branch, tag or commit', fix=fix)
    if ".." in path.split("/") or not remote.strip("/"):
        raise UserError(f'"{shown(location)}" is not a chart in Git', fix=fix)
    host, user, password = parts.netloc, "", ""
    if parts.scheme != "ssh" and "@" in host:
        login, host = host.rsplit("@", 1)
        user, _, password = (unquote(part) for part in login.partition(":"))
    return GitAddress(urlunsplit((parts.scheme, host, remote, "", "")), path.strip("/"), ref, user, password)


def tag_of(version: str) -> str:
    """OCI tags cannot hold `+`: Helm writes `_`."""
    return version.replace("+", "_")


def version_of(tag: str) -> str:
    return tag.replace("_", "+")


def wants_range(version: str | None) -> bool:
    return version is None or not is_exact(version)


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or {"http": 80, "https": 443}.get(parts.scheme)
