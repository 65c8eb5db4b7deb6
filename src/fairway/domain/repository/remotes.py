"""One name for a Git repository, however its clone reaches it: by https, ssh or scp-like address.

A pipeline and a person usually clone by different addresses; what one deployed is the other's, too.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_SCP = re.compile(r"(?:[^/@:]+@)?(?P<host>[^/:@]+):(?!/)(?P<path>.+)")
_USUAL_PORTS = frozenset({22, 80, 443})


def canonical_remote(address: str) -> str:
    """`git@host:org/repo.git` and `https://host/org/repo/` are both `host/org/repo`; a local path stays one."""
    if "://" in address:
        url = urlsplit(address)
        if url.scheme == "file" or not url.hostname:
            return _plain(url.path)
        port = "" if url.port is None or url.port in _USUAL_PORTS else f":{url.port}"
        return f"{url.hostname.lower()}{port}/{_plain(url.path).strip('/')}"
    if found := _SCP.fullmatch(address):
        return f"{found['host'].lower()}/{_plain(found['path']).strip('/')}"
    return _plain(address)


def repository_id(address: str, environments_file: str) -> str:
    """Which deployments repository this is: its one name, and the file below its top.

    Written on every revision and on what agents report, so both have to make it here.
    """
    return f"{canonical_remote(address)}//{environments_file}"


def _plain(path: str) -> str:
    return path.rstrip("/").removesuffix(".git").rstrip("/")
