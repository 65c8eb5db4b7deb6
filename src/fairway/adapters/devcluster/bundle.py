"""The built programs of the development cluster, kept in the cache under the digest of what they were built from.

A bundle appears whole or not at all: it is built in a folder beside its place and renamed. Once there it needs neither
Go nor a network.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fairway.adapters.devcluster.compiling import Compiler, Target
from fairway.adapters.devcluster.locks import locked
from fairway.adapters.devcluster.progress import Progress
from fairway.adapters.devcluster.sources import Sources
from fairway.adapters.devcluster.toolchain import Go
from fairway.domain.errors import Terminal

KUBERNETES = "k8s.io/kubernetes"
ETCD = "go.etcd.io/etcd/server/v3"
KWOK = "sigs.k8s.io/kwok"
GATEWAY_API = "sigs.k8s.io/gateway-api"
ISTIO = "istio.io/api"

_KWOK_STAGES = (
    "kustomize/stage/node/fast/node-initialize.yaml",
    "kustomize/stage/node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "kustomize/stage/volume/fast/pv-bind.yaml",
    "kustomize/stage/volume/fast/pv-delete.yaml",
    "kustomize/stage/volume/fast/pvc-provision.yaml",
    "kustomize/stage/volume/fast/pvc-delete.yaml",
)


@dataclass(frozen=True, slots=True)
class Bundle:
    """`control-plane`, `kwok`, `supervisor`, `stages.yaml`, `crds/` and `versions.json` in one folder."""

    folder: Path
    kubernetes: str
    etcd: str
    kwok: str
    gateway_api: str
    istio: str

    @property
    def supervisor(self) -> Path:
        return self.folder / "supervisor"


def bundle_folder(sources: Sources, cache: Path) -> Path:
    """Where the bundle of these sources is, or will be: system, machine and content name it."""
    return cache / f"{sources.digest}-{sys.platform}-{platform.machine().lower()}"


def load(folder: Path) -> Bundle | None:
    """A finished bundle, None when it is not there."""
    try:
        versions = json.loads((folder / "versions.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return Bundle(folder, **{name: versions[name] for name in Bundle.__slots__ if name != "folder"})


def ensure(
    sources: Sources,
    cache: Path,
    progress: Progress,
    *,
    find_go: Callable[[], Go],
    compiler: Callable[[Go, Progress], Compiler] = Compiler,
) -> Bundle:
    """The bundle of these sources; built by exactly one process when several ask at once.

    The first build takes about four minutes on two cores, mostly Kubernetes itself.
    """
    folder = bundle_folder(sources, cache)
    if bundle := load(folder):
        return bundle
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with locked(cache / f"{folder.name}.lock", progress, "another process builds the cluster's programs"):
            if bundle := load(folder):
                return bundle
            fresh = folder.with_name(f"{folder.name}.new-{os.getpid()}")
            try:
                _build(sources, fresh, compiler(find_go(), progress), progress)
                shutil.rmtree(folder, ignore_errors=True)
                fresh.rename(folder)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise Terminal(
            f"cannot store the cluster's programs in {cache}: {error.strerror or error}",
            fix="make room there (about 250 MB, and 3 GB for Go's own cache), or set FAIRWAY_CACHE_DIR",
        ) from error
    built = load(folder)
    assert built is not None
    return built


def _build(sources: Sources, target: Path, compiler: Compiler, progress: Progress) -> None:
    (target / "crds").mkdir(parents=True)
    kubernetes, kwok = sources.version_of(KUBERNETES), sources.version_of(KWOK)
    progress("getting the sources of Kubernetes, etcd, kwok, Gateway API and Istio")
    modules = compiler.download(sources.folder, (KWOK, GATEWAY_API, ISTIO))
    for what in (
        Target("supervisor", "./cmd/supervisor", "the supervisor"),
        Target("kwok", f"{KWOK}/cmd/kwok", f"kwok {kwok}", {f"{KWOK}/pkg/consts.Version": kwok}),
        Target(
            "control-plane",
            "./cmd/control-plane",
            f"Kubernetes {kubernetes} and etcd",
            _version_variables(kubernetes),
        ),
    ):
        compiler.build(sources.folder, what, target / what.program)
    _copy_definitions(modules, target / "crds")
    _join_stages(sources, modules[KWOK], target / "stages.yaml")
    versions = {
        "kubernetes": kubernetes,
        "etcd": sources.version_of(ETCD).removeprefix("v"),
        "kwok": kwok,
        "gateway_api": sources.version_of(GATEWAY_API),
        "istio": sources.version_of(ISTIO),
    }
    (target / "versions.json").write_text(json.dumps(versions, indent=2), encoding="utf-8")


def _version_variables(version: str) -> dict[str, str]:
    """What `kubectl version` and Helm's .Capabilities.KubeVersion show; without them they would say v0.0.0."""
    package = "k8s.io/component-base/version"
    major, minor = version.removeprefix("v").split(".")[:2]
    return {
        f"{package}.gitVersion": version,
        f"{package}.gitMajor": major,
        f"{package}.gitMinor": minor,
        f"{package}.gitTreeState": "clean",
        f"{package}.buildDate": "1970-01-01T00:00:00Z",
    }


def _copy_definitions(modules: dict[str, Path], target: Path) -> None:
    files = sorted((modules[GATEWAY_API] / "config" / "crd" / "standard").glob("gateway.*.yaml"))
    files.append(modules[ISTIO] / "kubernetes" / "customresourcedefinitions.gen.yaml")
    for file in files:
        # The module cache is read-only, and copy() would take that along.
        shutil.copyfile(file, target / file.name)


def _join_stages(sources: Sources, kwok: Path, target: Path) -> None:
    files = [*sorted((sources.folder / "stages").glob("*.yaml")), *(kwok / name for name in _KWOK_STAGES)]
    target.write_text("\n---\n".join(file.read_text(encoding="utf-8") for file in files), encoding="utf-8")
