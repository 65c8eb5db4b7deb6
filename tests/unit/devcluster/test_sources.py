from pathlib import Path

import pytest

from fairway.adapters.devcluster.bundle import ETCD, GATEWAY_API, ISTIO, KUBERNETES, KWOK, bundle_folder
from fairway.adapters.devcluster.sources import Sources, find_sources

FILES = {"go.mod": "module x\n\ngo 1.26.0\n", "cmd/a/main.go": "package main\n", "stages/pod.yaml": "kind: Stage\n"}


def sources(folder: Path, files: dict[str, str]) -> Sources:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Sources(folder)


def test_the_same_sources_in_two_folders_have_one_digest(tmp_path: Path) -> None:
    assert sources(tmp_path / "a", FILES).digest == sources(tmp_path / "b", FILES).digest


@pytest.mark.parametrize(
    "change",
    [
        {"cmd/a/main.go": "package main // changed\n"},
        {"cmd/b/main.go": "package main\n"},
        {"stages/pod.yaml": "kind: Other\n"},
        {"go.sum": "x v1 h1:y\n"},
    ],
)
def test_each_source_file_counts(tmp_path: Path, change: dict[str, str]) -> None:
    assert sources(tmp_path / "a", FILES).digest != sources(tmp_path / "b", {**FILES, **change}).digest


@pytest.mark.parametrize("name", ["cmd/a/main_test.go", "notes.md", "control-plane"])
def test_tests_notes_and_leftover_programs_do_not_count(tmp_path: Path, name: str) -> None:
    assert sources(tmp_path / "a", FILES).digest == sources(tmp_path / "b", {**FILES, name: "x"}).digest


def test_moving_text_from_one_file_to_the_next_is_seen(tmp_path: Path) -> None:
    first = sources(tmp_path / "a", {"a.go": "xy", "b.go": ""})
    second = sources(tmp_path / "b", {"a.go": "x", "b.go": "y"})
    assert first.digest != second.digest


def test_the_bundle_is_kept_by_digest_system_and_machine(tmp_path: Path) -> None:
    found = sources(tmp_path / "src", FILES)
    folder = bundle_folder(found, tmp_path / "cache")
    assert folder.parent == tmp_path / "cache"
    assert folder.name.startswith(found.digest + "-")
    assert folder.name.count("-") == 2


def test_this_installation_has_its_sources_with_all_versions() -> None:
    found = find_sources()
    assert found.go_version >= (1, 26)
    for module in (KUBERNETES, ETCD, KWOK, GATEWAY_API, ISTIO):
        assert found.version_of(module).startswith("v")


def test_a_module_is_not_taken_for_another_with_the_same_beginning(tmp_path: Path) -> None:
    text = "module x\n\ngo 1.26\n\nrequire (\n\tk8s.io/api v0.1.0\n\tk8s.io/apimachinery v0.2.0 // indirect\n)\n"
    found = sources(tmp_path, {"go.mod": text})
    assert found.go_version == (1, 26)
    assert found.version_of("k8s.io/api") == "v0.1.0"
    assert found.version_of("k8s.io/apimachinery") == "v0.2.0"
