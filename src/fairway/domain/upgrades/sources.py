"""Where the sources of an image are, as its labels say: repository, revision, and the page that compares two of them.

The rule not to break: labels are written by whoever built the image. Only plain https and http addresses without a
login, and revisions that are hashes, go into links. Source of the names: OCI image specification, "Annotations".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

SOURCE = ("org.opencontainers.image.source", "org.label-schema.vcs-url")
REVISION = ("org.opencontainers.image.revision", "org.label-schema.vcs-ref")

_REVISION = re.compile(r"[0-9a-f]{7,64}", re.IGNORECASE | re.ASCII)
_SSH = re.compile(r"(?:[\w.-]+@)(?P<host>[\w.-]+):(?P<path>[\w./~-]+)", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?", re.ASCII)
_PATH = re.compile(r"(?:/[\w.~-]+)+", re.ASCII)
_BELOW = re.compile(r"/(?:-/)?(?:tree|blob|src|commit)/.*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Source:
    """Both are empty when the image does not say."""

    url: str = ""
    """Of the repository as a web page, without `.git`."""
    revision: str = ""


def source_of(labels: Mapping[str, str]) -> Source:
    """What an image's labels say of its sources."""
    url = next((found for name in SOURCE if (found := web_address(labels.get(name, "")))), "")
    revision = next((text for name in REVISION if _REVISION.fullmatch(text := labels.get(name, ""))), "")
    return Source(url, revision)


def web_address(text: str) -> str:
    """The page of a Git repository, whichever way its address is written; empty when that cannot be told."""
    text = text.strip().removeprefix("git+")
    if match := _SSH.fullmatch(text):
        text = f"https://{match['host']}/{match['path']}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("https", "http", "ssh", "git") or not _HOST.fullmatch(host):
        return ""
    plain = parts.scheme in ("ssh", "git")
    path = _BELOW.sub("", parts.path).rstrip("/").removesuffix(".git")
    if not _PATH.fullmatch(path) or ".." in path.split("/"):
        return ""
    at = f"{host}:{port}" if port and not plain else host
    return f"{'https' if plain else parts.scheme}://{at}{path}"


def compare_url(old: Source, new: Source) -> str:
    """The page with what changed between two images; empty when they are not of one repository, or nobody has one."""
    if not old.revision or not new.revision or old.url != new.url or old.revision == new.revision:
        return ""
    forge = forge_of(new.url)
    if forge in ("github", "gitea"):
        return f"{new.url}/compare/{old.revision}...{new.revision}"
    if forge == "gitlab":
        return f"{new.url}/-/compare/{old.revision}...{new.revision}"
    if forge == "bitbucket":
        return f"{new.url}/branches/compare/{new.revision}{quote(chr(13))}{old.revision}#diff"
    return ""


def forge_of(url: str) -> str:
    """`github`, `gitlab`, `gitea` (and Forgejo) or `bitbucket`, told by a part of the host; empty when by none."""
    host = urlsplit(url).hostname or ""
    if host == "codeberg.org":
        return "gitea"
    known = {"github": "github", "gitlab": "gitlab", "gitea": "gitea", "forgejo": "gitea", "bitbucket": "bitbucket"}
    return next((forge for part in host.split(".") for name, forge in known.items() if name in part), "")
