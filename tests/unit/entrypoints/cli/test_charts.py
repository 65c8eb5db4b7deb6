"""`fairway charts`: what comes out, and the exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.chart_servers import WebServer, web_server
from tests.support.charts import chart_archive, chart_files, write_chart

from fairway.entrypoints.cli.main import run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FAIRWAY_CACHE_DIR", str(tmp_path / "cache"))
    return work


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        for number in range(12):
            version = f"1.{number}.0"
            server.publish("web", version, chart_archive("web", version))
        yield server


def environments(folder: Path, web: WebServer) -> None:
    text = f"helmRepos: [{{name: stable, url: '{web.url}'}}]\nenvironments: []\n"
    (folder / "environments.yaml").write_text(text)


def test_show_a_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_chart(folder / "charts" / "web", chart_files("web", "1.2.3"))
    assert run(["charts", "show", "charts/web", "-o", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["name"], shown["version"], shown["versions"]) == ("web", "1.2.3", ["1.2.3"])
    assert shown["origin"] == "dir charts/web"


def test_show_a_chart_of_a_repository(folder: Path, web: WebServer, capsys: pytest.CaptureFixture[str]) -> None:
    environments(folder, web)
    assert run(["charts", "show", "stable/web", "--version", "<1.5"]) == 0
    out = capsys.readouterr().out
    assert "1.4.0" in out
    assert "2 more versions: --all-versions" in out
    assert run(["charts", "show", "stable/web", "--all-versions", "-o", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["versions"]) == 12


def test_show_says_what_is_wrong(folder: Path, web: WebServer, capsys: pytest.CaptureFixture[str]) -> None:
    environments(folder, web)
    assert run(["charts", "show", "stable/web", "--version", "9.9.9"]) == 2
    err = capsys.readouterr().err
    assert "stable/web has no version 9.9.9" in err
    assert "1.11.0" in err


def test_show_offline_takes_the_cache_and_says_so(
    folder: Path, web: WebServer, capsys: pytest.CaptureFixture[str]
) -> None:
    environments(folder, web)
    assert run(["charts", "show", "stable/web"]) == 0
    capsys.readouterr()
    assert run(["charts", "show", "stable/web", "--offline", "-o", "json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["version"] == "1.11.0"
    assert "using 1.11.0 from the cache" in captured.err


def test_list_and_prune(folder: Path, web: WebServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["charts", "list"]) == 0
    assert "is empty" in capsys.readouterr().out
    assert run(["charts", "show", f"{web.url}/charts/web-1.3.0.tgz"]) == 0
    capsys.readouterr()
    assert run(["charts", "list", "-o", "json"]) == 0
    (chart,) = json.loads(capsys.readouterr().out)
    assert (chart["name"], chart["version"], chart["sources"]) == ("web", "1.3.0", [f"{web.url}/charts/web-1.3.0.tgz"])
    assert Path(chart["path"]).is_file()
    assert run(["charts", "prune", "--unused-for", "0d", "-n"]) == 0
    assert "1 chart would be removed" in capsys.readouterr().out
    assert run(["charts", "prune"]) == 0
    assert "0 charts removed" in capsys.readouterr().out
    assert run(["charts", "prune", "--unused-for", "0d"]) == 0
    assert "1 chart removed" in capsys.readouterr().out
    assert not Path(chart["path"]).exists()


@pytest.mark.parametrize("age", ["soon", "3", "-1d", ""])
def test_an_age_that_is_none(age: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["charts", "prune", "--unused-for", age]) == 2
    assert "write e.g. 12h or 30d" in capsys.readouterr().err
