"""Which forge a repository lives on, where its API is, and what the repository is called there.

Pure. The rule not to break: a token is sent over https, unless somebody wrote the plain address down themselves or
it is this machine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from fairway.domain.charts.addresses import is_loopback
from fairway.domain.errors import UserError


class ForgeKind(StrEnum):
    GITHUB = "github"
    GITLAB = "gitlab"
    GITEA = "gitea"
    """Forgejo too."""
    BITBUCKET = "bitbucket"


@dataclass(frozen=True, slots=True)
class ForgeAddress:
    """`api` and `web` are base URLs without a slash at the end; `repository` is owner/name, groups before it."""

    kind: ForgeKind
    api: str
    web: str
    repository: str


_KNOWN = {
    "github.com": ForgeKind.GITHUB,
    "ssh.github.com": ForgeKind.GITHUB,
    "gitlab.com": ForgeKind.GITLAB,
    "altssh.gitlab.com": ForgeKind.GITLAB,
    "codeberg.org": ForgeKind.GITEA,
    "gitea.com": ForgeKind.GITEA,
    "bitbucket.org": ForgeKind.BITBUCKET,
    "altssh.bitbucket.org": ForgeKind.BITBUCKET,
}
_CANONICAL = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
}
_WORDS = {
    "github": ForgeKind.GITHUB,
    "gitlab": ForgeKind.GITLAB,
    "gitea": ForgeKind.GITEA,
    "forgejo": ForgeKind.GITEA,
    "bitbucket": ForgeKind.BITBUCKET,
}
_SCP = re.compile(r"(?:[^/@:]+@)?(?P<host>[^/:@]+):(?!/)(?P<path>.+)")


def forge_address(
    url: str, *, kind: str | None = None, api: str | None = None, repository: str | None = None
) -> ForgeAddress:
    """From the address of a clone; `kind`, `api` and `repository` are what somebody wrote down (`git.forge`).

    Raises UserError when it cannot be told which forge it is.
    """
    scheme, host, path = _parts(url)
    found = _WORDS.get(kind or "") or _KNOWN.get(host.partition(":")[0]) or _by_name(host)
    if found is None:
        raise UserError(
            f"which forge {host or url} is cannot be told",
            fix="write it into fairway.yaml: git: {forge: {kind: gitlab}}",
        )
    host = _CANONICAL.get(host.partition(":")[0], host)
    name = repository or path
    if "/" not in name.strip("/"):
        raise UserError(f'"{name}" is no repository on a forge', fix="owner/name; see git.forge.repository")
    web = f"{scheme}://{host}" if host else _origin(api or "")
    return ForgeAddress(found, (api or _api(found, web)).rstrip("/"), web, name.strip("/"))


def _api(kind: ForgeKind, web: str) -> str:
    if web.startswith("http://") and not is_loopback(urlsplit(web).netloc):
        fix = "write the address of its API into fairway.yaml, git: {forge: {api: …}}"
        raise UserError(f"{web} is not https: a token is not sent there by itself", fix=fix)
    if kind is ForgeKind.GITHUB:
        return "https://api.github.com" if web == "https://github.com" else f"{web}/api/v3"
    if kind is ForgeKind.BITBUCKET:
        return "https://api.bitbucket.org/2.0"
    return f"{web}/api/v4" if kind is ForgeKind.GITLAB else f"{web}/api/v1"


def _parts(url: str) -> tuple[str, str, str]:
    """Scheme, host with an unusual port, and path without `.git`."""
    if "://" in url:
        parts = urlsplit(url)
        plain = parts.scheme == "http"
        port = f":{parts.port}" if parts.port and parts.scheme in ("http", "https") else ""
        return ("http" if plain else "https"), f"{(parts.hostname or '').lower()}{port}", _name(parts.path)
    if found := _SCP.fullmatch(url):
        return "https", found["host"].lower(), _name(found["path"])
    return "https", "", _name(url)


def _name(path: str) -> str:
    return path.strip("/").removesuffix(".git").strip("/")


def _by_name(host: str) -> ForgeKind | None:
    """`gitlab.example.com`: its first names often say what it is."""
    found = {_WORDS[word] for word in re.split(r"[.\-]", host) if word in _WORDS}
    return found.pop() if len(found) == 1 else None


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
