"""What git printed, as the errors of this house.

The rule not to break: texts of git and of servers are cut and masked before anybody sees them; what is not understood
is Transient when a server was asked (it is tried again), Terminal when only this machine took part.
"""

from __future__ import annotations

from collections.abc import Iterable

from fairway.domain.deployments.masking import mask
from fairway.domain.errors import FairwayError, Terminal, Transient, UserError

LONGEST = 400

_HOST_KEY = ("host key verification failed", "no matching host key")
_CERTIFICATE = ("ssl certificate problem", "server certificate verification failed", "certificate verify failed")
_LOGIN = (
    "authentication failed",
    "could not read username",
    "could not read password",
    "permission denied",
    "invalid credentials",
    "access denied",
    "terminal prompts disabled",
    "the requested url returned error: 401",
    "the requested url returned error: 403",
)
_NO_BRANCH = ("couldn't find remote ref", "no such ref", "unadvertised object", "not our ref")
_NETWORK = (
    "could not resolve",
    "connection refused",
    "connection reset",
    "connection timed out",
    "operation timed out",
    "failed to connect",
    "couldn't connect",
    "the remote end hung up",
    "early eof",
    "rpc failed",
    "ssl_",
    "openssl",
    "gnutls",
    "network is unreachable",
    "operation too slow",
    "the requested url returned error: 429",
    "the requested url returned error: 5",
)
_GONE = (
    "repository not found",
    "does not exist",
    "does not appear to be a git repository",
    "not found",
    "no such file or directory",
    "could not be found",
)
_LOCKED = ("file exists", "another git process seems to be running", "cannot lock ref")
_FULL = ("no space left on device", "disk quota exceeded", "read-only file system")


class NoBranch(UserError):
    """The remote has no branch, or no commit, of this name."""


class Unclear(Transient):
    """It went wrong while a server was asked, and git's words do not tell where."""


class Broken(Terminal):
    """Git failed on this machine's clone; a new clone may help."""


def remote_failure(errors: str, url: str, branch: str, secrets: Iterable[str] = ()) -> FairwayError:
    """What went wrong when a server was asked."""
    text = errors.lower()
    said = told(errors, secrets)
    if _any(text, _FULL):
        return Terminal(f"git: {said}", fix="make room on this machine's disk")
    if _any(text, _HOST_KEY):
        fix = "put the server's key into the file that git.credentials.knownHosts names (ssh-keyscan HOST shows it)"
        return UserError(f"{url}: the server's SSH key is not known", fix=fix)
    if _any(text, _CERTIFICATE):
        fix = "let git trust its authority: set GIT_SSL_CAINFO to a file of certificates"
        return UserError(f"{url}: the server's certificate is not trusted: {said}", fix=fix)
    if _any(text, _NO_BRANCH):
        message = f'{url} has no branch "{branch}"' if branch else f"{url} has no commit on its default branch"
        return NoBranch(message, fix="correct git.branch, or push the branch first")
    if "unable to write" in text or "unable to create" in text:
        return Broken(f"git: {said}", fix="give the right to write there")
    if _any(text, _LOGIN):
        return UserError(f"{url}: access was refused: {said}", fix="check git.credentials in fairway.yaml")
    if _any(text, _NETWORK):
        return Transient(f"{url} does not answer: {said}")
    if _any(text, _GONE):
        fix = "check git.url; forges say so also of private repositories when the login is missing"
        return UserError(f"there is no repository {url}: {said}", fix=fix)
    return Unclear(f"{url}: {said}")


def local_failure(errors: str, secrets: Iterable[str] = ()) -> FairwayError:
    """What went wrong with the clone on this machine."""
    text = errors.lower()
    said = told(errors, secrets)
    if _any(text, _FULL):
        return Terminal(f"git: {said}", fix="make room on this machine's disk")
    if _any(text, _LOCKED):
        return Transient(f"git: {said}")
    return Broken(f"git: {said}")


def told(errors: str, secrets: Iterable[str] = ()) -> str:
    """The line that matters, masked and cut: git's last word, and what the server said before it."""
    lines = [line.strip() for line in errors.replace("\r", "\n").splitlines() if line.strip()]
    remote = [line.removeprefix("remote:").strip() for line in lines if line.startswith("remote:")]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:", "ERROR:", "ssh:"))]
    chosen = " ".join([part for part in remote if part][:4]) or (fatal or lines or ["git said nothing"])[0]
    for prefix in ("fatal: ", "error: ", "ERROR: "):
        chosen = chosen.removeprefix(prefix)
    for secret in secrets:
        if secret:
            chosen = chosen.replace(secret, "***")
    chosen = mask(chosen)
    return f"{chosen[:LONGEST]}…" if len(chosen) > LONGEST else chosen


def _any(text: str, parts: Iterable[str]) -> bool:
    return any(part in text for part in parts)
