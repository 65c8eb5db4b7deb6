"""What all verbs share: names that the shell completes, warnings that are told, forms of results."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from click.shell_completion import BashComplete

from fairway.domain.errors import Position, Severity
from fairway.entrypoints.cli.main import cli, run
from fairway.entrypoints.cli.output import duration, plain, table, to_json, to_yaml

MAIN = """\
clusters: [{name: local, provider: {minikube: {}}}]
environments:
  - {name: prod, clusterName: local, kubeNamespace: shop, releasesFiles: [r.yaml]}
  - {name: preview, clusterName: local, kubeNamespace: shop}
"""
RELEASES = "releases: [{name: web, resourceFiles: [r.yaml]}, {name: worker, resourceFiles: [r.yaml]}]\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "environments.yaml").write_text(MAIN)
    (tmp_path / "r.yaml").write_text(RELEASES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("args", "incomplete", "names"),
    [
        (["dump"], "pr", ["prod", "preview"]),
        (["dump"], "pro", ["prod"]),
        (["dump", "-c"], "", ["local"]),
        (["list", "release"], "x", []),
    ],
)
def test_the_shell_completes_names_of_the_repository(folder: Path, args, incomplete: str, names: list[str]) -> None:
    found = BashComplete(cli, {}, "fairway", "_FAIRWAY_COMPLETE").get_completions(args, incomplete)
    assert [one.value for one in found] == names


def test_a_repository_with_mistakes_completes_nothing(folder: Path) -> None:
    (folder / "r.yaml").write_text("releases: 5\n")
    assert BashComplete(cli, {}, "fairway", "_FAIRWAY_COMPLETE").get_completions(["dump"], "") == []


def test_release_names_are_those_of_the_environment(folder: Path) -> None:
    from fairway.entrypoints.cli.options import environment_argument, releases_option

    @click.command()
    @environment_argument
    @releases_option
    def deploy(environment: str | None, releases: tuple[str, ...]) -> None: ...

    completion = BashComplete(deploy, {}, "deploy", "_DEPLOY_COMPLETE")
    assert [one.value for one in completion.get_completions(["prod", "-r"], "w")] == ["web", "worker"]
    assert completion.get_completions(["preview", "-r"], "w") == []


def test_warnings_are_told_on_stderr_and_end_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "r.yaml").write_text(
        "releases: [{name: web, resourceFiles: [r.yaml], values: [{key: tag, value: 1.10}]}]\n"
    )
    assert run(["list", "release", "prod"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "web\n"
    assert 'warning  value "tag": 1.10 without quotes is read as 1.1' in captured.err


DATA = {
    "when": datetime(2026, 11, 21, 12, 0, tzinfo=UTC),
    "took": timedelta(seconds=5403),
    "place": Position("a.yaml", 3, 1),
    "level": Severity.ERROR,
    "items": (1, None, True),
}


def test_results_are_plain_data_in_every_form() -> None:
    assert plain(DATA) == {
        "when": "2026-11-21T12:00:00Z",
        "took": "1h30m3s",
        "place": "a.yaml:3:1",
        "level": "error",
        "items": [1, None, True],
    }
    assert '"took": "1h30m3s"' in to_json(DATA)
    assert "took: 1h30m3s\n" in to_yaml(DATA)


@pytest.mark.parametrize(("seconds", "text"), [(0, "0s"), (90, "1m30s"), (3600, "1h"), (0.4, "0s")])
def test_durations_are_written_as_people_write_them(seconds: float, text: str) -> None:
    assert duration(timedelta(seconds=seconds)) == text


def test_tables_are_columns_without_trailing_spaces() -> None:
    rows = [["a", None, click.style("x", fg="red")], ["long name", 5, ""]]
    assert click.unstyle(table(["NAME", "N", "S"], rows)) == "NAME       N  S\na             x\nlong name  5"


@pytest.mark.parametrize("width", [30, 40, 60])
def test_a_table_is_narrowed_to_the_screen_where_it_is_widest(width: int) -> None:
    rows = [["prod", "web", "registry.example/a/very/long/image/name", "1.0.0"], ["prod", "api", "short", "2.0.0"]]
    whole, cut = table(["ENV", "RELEASE", "IMAGE", "NOW"], rows), table(["ENV", "RELEASE", "IMAGE", "NOW"], rows, width)
    assert "very/long/image/name" in whole
    assert max(len(line) for line in cut.splitlines()) <= width
    assert cut.splitlines()[1].startswith("prod  web      registr")
    assert [line.split()[-1] for line in cut.splitlines()] == ["NOW", "1.0.0", "2.0.0"]


def test_a_coloured_cell_that_is_cut_leaves_no_colour_behind() -> None:
    cut = table(["STATE"], [[click.style("Degraded for long", fg="red")], [click.style("ok", fg="green")]], 10)
    assert cut.splitlines() == ["STATE", "Degraded …", click.style("ok", fg="green")]
