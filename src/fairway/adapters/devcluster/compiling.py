"""Running `go build`, with what it does told while it does it and its failures put in one clear error."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fairway.adapters.devcluster.progress import Progress
from fairway.adapters.devcluster.toolchain import Go
from fairway.domain.errors import FairwayError, Terminal, Transient

_KEPT_LINES = 12


@dataclass(frozen=True, slots=True)
class Target:
    """One program: file name, package path, name for people, and string variables set by the linker."""

    program: str
    package: str
    title: str
    variables: Mapping[str, str] = field(default_factory=dict)


class Compiler:
    """Builds programs with one Go tool chain, at low priority: it takes minutes of all cores."""

    def __init__(self, go: Go, progress: Progress) -> None:
        self._go = go
        self._progress = progress

    def build(self, module: Path, target: Target, output: Path) -> None:
        """Build one program of the module into `output`, stripped and without machine paths."""
        variables = " ".join(f"-X {name}={value}" for name, value in target.variables.items())
        self._run(
            ["build", "-v", "-trimpath", "-ldflags", f"-s -w {variables}".strip(), "-o", str(output), target.package],
            module,
            f"building {target.title}",
        )

    def install(self, package: str, folder: Path) -> None:
        """`go install PACKAGE@VERSION` into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self._run(
            ["install", "-v", "-trimpath", "-ldflags", "-s -w", package],
            folder,
            f"building {package}",
            {"GOBIN": str(folder), "GOFLAGS": "-buildvcs=false"},
        )

    def download(self, module: Path, names: Sequence[str]) -> dict[str, Path]:
        """Where the contents of required modules are, fetched when needed: {module: folder}."""
        text = self._run(["mod", "download", "-json", *names], module, "downloading modules")
        found: dict[str, Path] = {}
        decoder, at = json.JSONDecoder(), 0
        while (at := text.find("{", at)) >= 0:
            entry, at = decoder.raw_decode(text, at)
            found[entry["Path"]] = Path(entry["Dir"])
        return found

    def _run(self, args: list[str], cwd: Path, doing: str, extra: Mapping[str, str] | None = None) -> str:
        polite = ["nice", "-n", "10"] if shutil.which("nice") else []
        process = subprocess.Popen(
            [*polite, str(self._go.command), *args],
            cwd=cwd,
            env={**self._go.environment(os.environ), **(extra or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        output: list[str] = []
        errors: deque[str] = deque(maxlen=_KEPT_LINES)
        latest = [""]
        readers = [
            threading.Thread(target=_collect, args=(process.stdout, output.append), daemon=True),
            threading.Thread(target=_sort_lines, args=(process.stderr, errors, latest), daemon=True),
        ]
        for reader in readers:
            reader.start()
        try:
            while True:
                self._progress(f"{doing}: {latest[0]}" if latest[0] else doing)
                try:
                    code = process.wait(0.5)
                    break
                except subprocess.TimeoutExpired:
                    continue
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        for reader in readers:
            reader.join()
        if code:
            raise failure(doing, list(errors))
        return "".join(output)


def failure(doing: str, lines: Sequence[str]) -> FairwayError:
    """The error for a failed run of Go, from the last lines that it wrote."""
    text = "\n".join(f"  {line}" for line in lines)
    message = f"{doing} failed:\n{text}"
    if "no space left on device" in text:
        return Terminal(message, fix="make room: Go needs about 3 GB in its caches (go env GOCACHE GOMODCACHE)")
    if any(sign in text for sign in ("dial tcp", "i/o timeout", "no such host", "connection refused", "TLS handshake")):
        return Transient(
            message, fix="the module proxy cannot be reached; check the network and GOPROXY, then try again"
        )
    return Terminal(message, fix="if this repeats, report it with these lines")


def _collect(stream: object, keep: object) -> None:
    for line in stream:  # type: ignore[attr-defined]
        keep(line)  # type: ignore[operator]


def _sort_lines(stream: object, errors: deque[str], latest: list[str]) -> None:
    """A line without a space is a package that is being compiled (`-v`), everything else may be an error."""
    for line in stream:  # type: ignore[attr-defined]
        line = line.rstrip()
        if not line or line.startswith("go: downloading"):
            continue
        if " " in line:
            errors.append(line)
        else:
            latest[0] = line
