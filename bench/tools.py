"""The peers' programs: from PATH, else built once from their published Go modules into Fairway's cache."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.support.tools import helm_binary

from fairway.adapters.devcluster.progress import silent
from fairway.adapters.devcluster.sources import find_sources
from fairway.adapters.devcluster.toolchain import Go, find_go
from fairway.domain.errors import FairwayError
from fairway.settings import load_settings

HELMFILE = ("github.com/helmfile/helmfile", "v1.8.0")


def helm() -> str | None:
    path = helm_binary()
    return str(path) if path else None


def helmfile() -> str | None:
    """helmfile's module has replace directives, so `go install` refuses it: it is built from its own folder."""
    if path := shutil.which("helmfile"):
        return path
    program = load_settings().cache_dir / "tools" / "helmfile"
    if not program.exists():
        try:
            go = find_go(find_sources().go_version, program.parent, silent)
            _build(go, *HELMFILE, program)
        except (FairwayError, subprocess.CalledProcessError, OSError):
            return None
    return str(program)


def on_path(name: str) -> str | None:
    return shutil.which(name)


def _build(go: Go, module: str, version: str, program: Path) -> None:
    env = {**go.environment(os.environ), "GOFLAGS": "-buildvcs=false"}
    with tempfile.TemporaryDirectory() as name:
        told = subprocess.run(
            [str(go.command), "mod", "download", "-json", f"{module}@{version}"],
            cwd=name,
            env=env,
            check=True,
            capture_output=True,
        )
        source = Path(json.loads(told.stdout)["Dir"])
        for part in ("go.mod", "go.sum"):
            shutil.copyfile(source / part, Path(name) / part)
        subprocess.run(
            [str(go.command), "build", f"-modfile={name}/go.mod", "-trimpath", "-ldflags", "-s -w", "-o", program, "."],
            cwd=source,
            env=env,
            check=True,
            capture_output=True,
        )
