import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fairway.adapters.devcluster import bundle
from fairway.adapters.devcluster.compiling import Compiler, Target
from fairway.adapters.devcluster.progress import Progress, silent
from fairway.adapters.devcluster.sources import Sources, find_sources
from fairway.adapters.devcluster.toolchain import Go
from fairway.domain.errors import Terminal

GO = Go(Path("go"), (1, 26, 0))


class ScriptedCompiler(Compiler):
    """Writes small files where programs would be; the modules are folders that it makes."""

    built: list[str]
    broken: str = ""

    def __init__(self, modules: Path, broken: str = "") -> None:
        self.modules = modules
        self.broken = broken
        self.built = []
        self.targets: dict[str, Target] = {}

    def __call__(self, go: Go, progress: Progress) -> Compiler:
        return self

    def build(self, module: Path, target: Target, output: Path) -> None:
        time.sleep(0.05)
        self.built.append(target.program)
        self.targets[target.program] = target
        output.write_text("half", encoding="utf-8")
        if target.program == self.broken:
            raise Terminal("does not compile")
        output.write_text("whole", encoding="utf-8")

    def download(self, module: Path, names: Sequence[str]) -> dict[str, Path]:
        files = {
            bundle.KWOK: {name: f"kind: Stage # {name}\n" for name in bundle._KWOK_STAGES},
            bundle.GATEWAY_API: {"config/crd/standard/gateway.networking.k8s.io_gateways.yaml": "kind: CRD\n"},
            bundle.ISTIO: {"kubernetes/customresourcedefinitions.gen.yaml": "kind: CRD\n"},
        }
        for name in names:
            for path, text in files[name].items():
                file = self.modules / name / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
                file.chmod(0o444)
        return {name: self.modules / name for name in names}


@pytest.fixture
def sources() -> Sources:
    return find_sources()


@pytest.fixture
def compiler(tmp_path: Path) -> ScriptedCompiler:
    return ScriptedCompiler(tmp_path / "modules")


def ensure(sources: Sources, cache: Path, compiler: ScriptedCompiler, progress: Progress = silent) -> bundle.Bundle:
    return bundle.ensure(sources, cache, progress, find_go=lambda: GO, compiler=compiler)


def test_a_bundle_has_programs_stages_definitions_and_versions(
    sources: Sources, tmp_path: Path, compiler: ScriptedCompiler
) -> None:
    made = ensure(sources, tmp_path / "cache", compiler)
    names = {path.name for path in made.folder.iterdir()}
    assert names == {"control-plane", "kwok", "supervisor", "stages.yaml", "crds", "versions.json"}
    assert {path.name for path in (made.folder / "crds").iterdir()} == {
        "gateway.networking.k8s.io_gateways.yaml",
        "customresourcedefinitions.gen.yaml",
    }
    stages = made.supervisor.with_name("stages.yaml").read_text()
    assert "name: pod-ready" in stages
    assert "node-initialize" in stages
    assert made.kubernetes == sources.version_of(bundle.KUBERNETES)
    assert made.etcd == sources.version_of(bundle.ETCD)[1:]


def test_the_control_plane_knows_its_version(sources: Sources, tmp_path: Path, compiler: ScriptedCompiler) -> None:
    made = ensure(sources, tmp_path / "cache", compiler)
    variables = compiler.targets["control-plane"].variables
    assert variables["k8s.io/component-base/version.gitVersion"] == made.kubernetes
    assert variables["k8s.io/component-base/version.gitMinor"] == made.kubernetes.split(".")[1]


def test_a_bundle_is_built_once_and_then_needs_no_go(
    sources: Sources, tmp_path: Path, compiler: ScriptedCompiler
) -> None:
    first = ensure(sources, tmp_path / "cache", compiler)

    def no_go() -> Go:
        raise AssertionError("asked for Go")

    again = bundle.ensure(sources, tmp_path / "cache", silent, find_go=no_go, compiler=compiler)
    assert again == first
    assert len(compiler.built) == 3


def test_several_who_ask_at_once_get_one_build(sources: Sources, tmp_path: Path, compiler: ScriptedCompiler) -> None:
    told: list[str] = []
    together = threading.Barrier(4)

    def ask(_: int) -> bundle.Bundle:
        together.wait()
        return ensure(sources, tmp_path / "cache", compiler, told.append)

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(ask, range(4)))
    assert len(set(made)) == 1
    assert sorted(compiler.built) == ["control-plane", "kwok", "supervisor"]
    assert "another process builds the cluster's programs" in told


@pytest.mark.parametrize("broken", ["supervisor", "control-plane"])
def test_a_failed_build_leaves_nothing_and_can_be_tried_again(sources: Sources, tmp_path: Path, broken: str) -> None:
    cache = tmp_path / "cache"
    with pytest.raises(Terminal, match="does not compile"):
        ensure(sources, cache, ScriptedCompiler(tmp_path / "modules", broken))
    assert [path for path in cache.iterdir() if path.is_dir()] == []
    made = ensure(sources, cache, ScriptedCompiler(tmp_path / "modules"))
    assert (made.folder / broken).read_text() == "whole"


def test_what_a_killed_build_left_in_the_place_is_replaced(
    sources: Sources, tmp_path: Path, compiler: ScriptedCompiler
) -> None:
    folder = bundle.bundle_folder(sources, tmp_path / "cache")
    folder.mkdir(parents=True)
    (folder / "kwok").write_text("half")
    (folder / "versions.json").write_text("{")
    made = ensure(sources, tmp_path / "cache", compiler)
    assert (made.folder / "kwok").read_text() == "whole"
    assert json.loads((made.folder / "versions.json").read_text())["kwok"] == made.kwok


def test_a_cache_that_cannot_be_written_is_named_with_a_way_out(
    sources: Sources, tmp_path: Path, compiler: ScriptedCompiler
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Terminal, match=r"cannot store the cluster's programs in .*file/cache") as raised:
        ensure(sources, tmp_path / "file" / "cache", compiler)
    assert "FAIRWAY_CACHE_DIR" in str(raised.value.fix)
