from pathlib import Path

import pytest

from fairway.adapters.devcluster.compiling import Compiler, Target, failure
from fairway.adapters.devcluster.toolchain import Go
from fairway.domain.errors import Terminal, Transient

DISK = "/root/x.go: write /tmp/b001: no space left on device"
NETWORK = 'go: k8s.io/api@v0.36.3: Get "http://proxy/x": dial tcp 127.0.0.1:1: connect: connection refused'


@pytest.mark.parametrize(
    ("line", "kind", "fix"),
    [
        (DISK, Terminal, "make room"),
        (NETWORK, Transient, "GOPROXY"),
        ("main.go:3:2: undefined: x", Terminal, "report it"),
    ],
)
def test_a_failure_says_what_to_do(line: str, kind: type[Exception], fix: str) -> None:
    error = failure("building kwok", ["# kwok", line])
    assert type(error) is kind
    assert error.message == f"building kwok failed:\n  # kwok\n  {line}"
    assert fix in str(error.fix)


def compiler(tmp_path: Path, script: str, told: list[str] | None = None) -> Compiler:
    go = tmp_path / "go"
    go.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    go.chmod(0o755)
    told = [] if told is None else told
    return Compiler(Go(go, (1, 26, 0)), told.append)


def test_packages_are_told_while_they_compile_and_errors_are_kept(tmp_path: Path) -> None:
    told: list[str] = []
    script = "echo k8s.io/api >&2; echo '# k8s.io/api' >&2; echo 'a.go:1:1: expected x' >&2; sleep 1.2; exit 1"
    with pytest.raises(Terminal) as raised:
        compiler(tmp_path, script, told).build(tmp_path, Target("p", "./p", "the program"), tmp_path / "p")
    assert "building the program: k8s.io/api" in told
    assert raised.value.message.splitlines()[1:] == ["  # k8s.io/api", "  a.go:1:1: expected x"]


def test_only_the_last_lines_of_a_long_failure_are_shown(tmp_path: Path) -> None:
    script = "for i in $(seq 100); do echo error number $i >&2; done; exit 1"
    with pytest.raises(Terminal) as raised:
        compiler(tmp_path, script).build(tmp_path, Target("p", "./p", "the program"), tmp_path / "p")
    lines = raised.value.message.splitlines()
    assert len(lines) == 13
    assert lines[-1] == "  error number 100"


def test_linker_variables_and_output_reach_go(tmp_path: Path) -> None:
    told = tmp_path / "args"
    script = f'printf "%s\\n" "$@" > {told}; echo "$GOFLAGS" >> {told}'
    target = Target("p", "./p", "the program", {"a/b.Version": "v1", "a/b.Other": "2"})
    compiler(tmp_path, script).build(tmp_path, target, tmp_path / "out")
    args = told.read_text().splitlines()
    assert args[args.index("-ldflags") + 1] == "-s -w -X a/b.Version=v1 -X a/b.Other=2"
    assert args[args.index("-o") + 1] == str(tmp_path / "out")
    assert args[-2:] == ["./p", "-mod=readonly -buildvcs=false"]


def test_downloaded_modules_are_found_by_name(tmp_path: Path) -> None:
    script = """echo '{"Path": "x.y/a", "Dir": "/m/a"}'; echo '{"Path": "x.y/b",'; echo ' "Dir": "/m/b"}'"""
    found = compiler(tmp_path, script).download(tmp_path, ["x.y/a", "x.y/b"])
    assert found == {"x.y/a": Path("/m/a"), "x.y/b": Path("/m/b")}


def test_an_installed_tool_goes_into_the_folder(tmp_path: Path) -> None:
    compiler(tmp_path, 'echo "$@" > "$GOBIN/tool"').install("x.y/cmd/tool@v1", tmp_path / "tools")
    assert (tmp_path / "tools" / "tool").read_text().strip().endswith("x.y/cmd/tool@v1")
