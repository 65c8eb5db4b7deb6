"""The remote repository: its address without credentials, and how to log in there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit

from fairway.adapters.git.login import Login
from fairway.domain.errors import UserError

_SCP = re.compile(r"(?:[\w.-]+@)?[\w.-]+:(?!//)\S+")
_SCHEMES = ("https", "http", "ssh", "file")


@dataclass(frozen=True, slots=True)
class Remote:
    """`branch` empty: the remote's default branch."""

    url: str
    branch: str = ""
    login: Login | None = field(default=None, repr=False)


def parse_remote(url: str, branch: str = "", login: Login | None = None) -> Remote:
    """https, http, ssh, file, `git@host:path` and paths. A login in the address is taken out of it.

    Raises UserError for an address of another kind, and for a branch that git would take as an option.
    """
    if branch and (branch.startswith("-") or any(c in branch for c in " ~^:?*[\\\n") or ".." in branch):
        raise UserError(f'"{branch}" is not a branch', fix="correct git.branch")
    if url.startswith("-") or any(c in url for c in "\n\0"):
        raise _bad(url)
    scheme, separator, _ = url.partition("://")
    if not separator:
        if "::" in url.partition("/")[0] or (":" in url.partition("/")[0] and not _SCP.fullmatch(url)):
            raise _bad(url)
        return Remote(url, branch, login)
    if scheme not in _SCHEMES:
        raise _bad(url)
    parts = urlsplit(url)
    if scheme not in ("https", "http") or "@" not in parts.netloc:
        return Remote(url, branch, login)
    user, _, host = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    # A lone name is a token as well as a name: forges take both.
    own = Login.with_password(unquote(name), unquote(password or name))
    return Remote(urlunsplit(parts._replace(netloc=host)), branch, login or own)


def _bad(url: str) -> UserError:
    shown = url.rpartition("@")[2]
    return UserError(f'"{shown}" is not an address of a repository', fix="e.g. https://github.com/shop/deploy.git")
