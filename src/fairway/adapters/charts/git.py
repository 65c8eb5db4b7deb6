"""Charts in Git repositories, through the git program and whatever credentials it knows.

The rule not to break: git runs without a terminal and without secrets in its arguments; what it checks out is treated
as somebody else's (links may not leave it, nothing of it is run).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fairway.adapters.charts.cache import FileCache
from fairway.adapters.git.process import TIMEOUT, NoGit, run_git
from fairway.domain.charts.addresses import GitAddress, parse_git
from fairway.domain.charts.sources import Identity, Resolved, Unreachable
from fairway.domain.charts.versions import newest_first
from fairway.domain.errors import Terminal, UserError
from fairway.domain.repository.models import ChartReference

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LOGIN = ("authentication failed", "could not read username", "could not read password", "permission denied", "403")
_GONE = ("not found", "does not exist", "does not appear to be a git repository", "no such file")
_NO_REF = ("couldn't find remote ref", "not our ref", "unadvertised object", "no such ref")


@dataclass(frozen=True, slots=True)
class _Commit:
    address: GitAddress
    commit: str


class GitRepository:
    """`git+https://host/repo//path?ref=REV`; a full commit id is immutable, all else is looked up every run."""

    def __init__(
        self,
        cache: FileCache,
        env: Mapping[str, str],
        *,
        offline: bool = False,
    ) -> None:
        self._cache = cache
        self._env = env
        self._offline = offline

    def identify(self, ref: ChartReference) -> Identity:
        address = parse_git(ref.location)
        return Identity(_key(address, address.ref), bool(_COMMIT.fullmatch(address.ref)))

    async def resolve(self, ref: ChartReference) -> Resolved:
        address = parse_git(ref.location)
        commit = address.ref
        if not _COMMIT.fullmatch(commit):
            listed = await self._git(address, "ls-remote", "--", address.remote, address.ref, f"{address.ref}^{{}}")
            commit = _pick(listed, address)
        return Resolved(_key(address, commit), "", _Commit(address, commit))

    async def fetch(self, chart: Resolved, scratch: Path) -> Path:
        wanted: _Commit = chart.location
        address = wanted.address
        bare = self._cache.root / "git" / f"{hashlib.sha256(address.remote.encode()).hexdigest()[:32]}.git"
        async with self._cache.hold(f"git|{address.remote}"):
            if not (bare / "HEAD").is_file():
                await self._git(address, "init", "--quiet", "--bare", "--", str(bare))
            if not await self._has(bare, wanted):
                await self._fetch(bare, wanted)
            # checkout and not archive: archive would obey export-ignore and export-subst of the repository.
            where = (
                f"--git-dir={bare}",
                f"--work-tree={scratch}",
                "-c",
                "core.symlinks=true",
                "-c",
                "core.hooksPath=/dev/null",
            )
            await self._git(
                address,
                *where,
                "checkout",
                "--force",
                "--quiet",
                wanted.commit,
                "--",
                ".",
                index=bare / "fairway-index",
            )
        folder = scratch / address.path
        if not (folder / "Chart.yaml").is_file():
            place = f'"{address.path}"' if address.path else "its top folder"
            raise UserError(
                f"{address.remote} has no chart in {place} at {address.ref}", fix="write //path/of/chart before ?ref="
            )
        return folder

    async def versions(self, ref: ChartReference) -> list[str]:
        """The repository's tags that are versions; `ref=` of a reference takes them as they are."""
        address = parse_git(ref.location)
        listed = await self._git(address, "ls-remote", "--tags", "--refs", "--", address.remote)
        return newest_first(line.split("refs/tags/", 1)[1] for line in listed.splitlines() if "refs/tags/" in line)

    async def _has(self, bare: Path, wanted: _Commit) -> bool:
        try:
            await self._git(
                wanted.address, f"--git-dir={bare}", "cat-file", "-e", f"{wanted.commit}^{{tree}}", local=True
            )
        except Terminal:
            return False
        return True

    async def _fetch(self, bare: Path, wanted: _Commit) -> None:
        address = wanted.address
        fetch = (
            f"--git-dir={bare}",
            "-c",
            "gc.auto=0",
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--force",
        )
        try:
            await self._git(address, *fetch, "--depth=1", "--", address.remote, wanted.commit)
        except _NoSuchRef:
            # Servers may refuse commits that no branch or tag points to: then everything is fetched.
            await self._git(
                address, *fetch, "--", address.remote, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"
            )
            if not await self._has(bare, wanted):
                raise UserError(f"{address.remote} has no commit {wanted.commit}", fix="was it pushed?") from None

    async def _git(self, address: GitAddress, *arguments: str, index: Path | None = None, local: bool = False) -> str:
        if self._offline and not {"fetch", "ls-remote"}.isdisjoint(arguments):
            raise Unreachable(f"offline: {address.remote} was not asked", fix="run again without --offline")
        env = {"GIT_SSH_COMMAND": "ssh -oBatchMode=yes", **self._env, **_quiet(address)}
        if index:
            env["GIT_INDEX_FILE"] = str(index)
        try:
            ran = await run_git(*arguments, env=env)
        except NoGit as error:
            raise UserError("charts in Git need the git program", fix=error.fix) from error
        except TimeoutError:
            raise Unreachable(f"{address.remote}: git did not end within {TIMEOUT:.0f} s") from None
        if ran.code != 0:
            raise _explain(ran.err, address, local=local)
        return ran.out


class _NoSuchRef(UserError):
    """The remote does not give what was asked for by this name."""


def _quiet(address: GitAddress) -> dict[str, str]:
    """No questions, no other protocols, and the address's login where other users cannot see it."""
    env = {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
        "GIT_ALLOW_PROTOCOL": "https:http:ssh:file",
        "GIT_OPTIONAL_LOCKS": "0",
        "LC_ALL": "C",
    }
    if address.user or address.password:
        header = base64.b64encode(f"{address.user}:{address.password}".encode()).decode()
        env |= {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{address.remote}.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {header}",
        }
    return env


def _pick(listed: str, address: GitAddress) -> str:
    """The commit of a name that `ls-remote` found: a tag's own commit before a branch's."""
    found: dict[str, str] = {}
    for line in listed.splitlines():
        commit, _, name = line.partition("\t")
        found[name] = commit
    for name in (
        f"refs/tags/{address.ref}^{{}}",
        f"refs/tags/{address.ref}",
        f"refs/heads/{address.ref}",
        f"{address.ref}^{{}}",
        address.ref,
    ):
        if name in found:
            return found[name]
    fix = "name a branch, a tag or a full commit id"
    raise UserError(f'{address.remote} has no branch or tag "{address.ref}"', fix=fix)


def _explain(errors: str, address: GitAddress, *, local: bool) -> UserError | Terminal | Unreachable:
    text = errors.lower()
    line = next((line for line in errors.splitlines() if line.startswith(("fatal:", "error:"))), errors.strip())
    line = line.removeprefix("fatal: ").removeprefix("error: ")[:300]
    for secret in (address.password, address.user):
        if secret:
            line = line.replace(secret, "***")
    if local:
        return Terminal(f"git: {line}")
    if any(part in text for part in _NO_REF):
        return _NoSuchRef(f"{address.remote}: {line}", fix="name a branch, a tag or a full commit id")
    if any(part in text for part in _LOGIN):
        return UserError(f"{address.remote}: access was refused", fix="set up git's credentials for this host")
    if any(part in text for part in _GONE):
        return UserError(f"there is no repository {address.remote}: {line}", fix="check the address")
    return Unreachable(f"{address.remote}: {line}")


def _key(address: GitAddress, commit: str) -> str:
    return f"git|{address.remote}|{address.path}|{commit}"
