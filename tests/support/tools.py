"""Outside programs that tests need: from PATH, else built once from their Go modules into the cache."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from fairway.adapters.devcluster.compiling import Compiler
from fairway.adapters.devcluster.locks import locked
from fairway.adapters.devcluster.progress import silent
from fairway.adapters.devcluster.sources import find_sources
from fairway.adapters.devcluster.toolchain import find_go
from fairway.domain.errors import FairwayError
from fairway.settings import load_settings


@dataclass(frozen=True)
class Tool:
    name: str
    module: str
    version: str


HELM = Tool("helm", "helm.sh/helm/v4/cmd/helm", "v4.3.1")
REGISTRY = Tool("registry", "github.com/distribution/distribution/v3/cmd/registry", "v3.1.2")
MINIO = Tool("minio", "github.com/minio/minio", "v0.0.0-20260212201848-7aac2a2c5b7c")
SOPS = Tool("sops", "github.com/getsops/sops/v3/cmd/sops", "v3.13.3")


def helm_binary() -> Path | None:
    """The real helm; None when it is neither there nor can be built."""
    return _binary(HELM)


def registry_binary() -> Path | None:
    """The reference OCI registry; None when it is neither there nor can be built."""
    return _binary(REGISTRY)


def sops_binary() -> Path | None:
    """The real sops; None when it is neither there nor can be built."""
    return _binary(SOPS)


def minio_binary() -> Path | None:
    """A real server that speaks S3; None when it is neither there nor can be built."""
    return _binary(MINIO)


def need(tool: Tool, found: Path | None) -> Path:
    """The program, or a skipped test that says how to get it; in CI a failed one."""
    if found is None:
        unavailable(f"no {tool.name}: put it on PATH, or install Go so that {tool.module} can be built")
    return found


def unavailable(reason: str) -> NoReturn:
    """Skip the test on a developer's machine; fail it in CI, where every part must be there."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _binary(tool: Tool) -> Path | None:
    if found := shutil.which(tool.name):
        return Path(found)
    tools = load_settings().cache_dir / "tools"
    folder = tools / f"{tool.name}-{tool.version}"
    program = folder / tool.name
    if program.exists():
        return program
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with locked(tools / f"{folder.name}.lock"):
            if not program.exists():
                go = find_go(find_sources().go_version, tools, silent)
                Compiler(go, silent).install(f"{tool.module}@{tool.version}", folder)
    except FairwayError:
        return None
    return program if program.exists() else None
