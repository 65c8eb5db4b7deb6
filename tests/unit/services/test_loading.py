"""Reading a repository from disk: everything that is wrong with its files, in one run."""

from pathlib import Path

import pytest

from fairway.domain.errors import InvalidInput, UserError
from fairway.services.loading import load_repository, read_repository

MAIN = """\
clusters: [{name: local, provider: {minikube: {}}}]
environments:
  - {name: prod, clusterName: local, kubeNamespace: shop, releasesFiles: [releases/web.yaml]}
"""
WEB = """\
resourceFiles: [../extra.yaml]
releases:
  - {name: web, chart: {dir: ../charts/web}, valuesFile: ../values/web.yaml}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "environments.yaml": MAIN,
        "releases/web.yaml": WEB,
        "charts/web/Chart.yaml": "name: web\nversion: 1.0.0\n",
        "values/web.yaml": "a: 1\n",
        "extra.yaml": "kind: ConfigMap\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def said(folder: Path) -> list[tuple[str, str, str]]:
    found = read_repository(folder / "environments.yaml", folder).diagnostics
    return [(one.rule, str(one.position), one.message) for one in found]


def test_a_repository_is_read_with_absolute_paths(folder: Path) -> None:
    repository = load_repository(folder / "environments.yaml")
    resources, web = repository.environments[0].releases
    assert repository.root == str(folder)
    assert web.chart is not None
    assert web.chart.location == str(folder / "charts/web")
    assert web.values_file == str(folder / "values/web.yaml")
    assert resources.resource_files == (str(folder / "extra.yaml"),)
    assert repository.files == (str(folder / "environments.yaml"), str(folder / "releases/web.yaml"))


def test_positions_are_relative_to_the_folder_that_is_shown_from(folder: Path) -> None:
    loaded = read_repository(folder / "environments.yaml", folder)
    assert loaded.repository is not None
    assert str(loaded.repository.environments[0].releases[1].position) == "releases/web.yaml:3:12"
    elsewhere = read_repository(folder / "environments.yaml", folder / "charts").repository
    assert elsewhere is not None
    assert elsewhere.environments[0].position.file == str(folder / "environments.yaml")


def test_no_environments_file_says_how_to_start(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no environments\.yaml in") as caught:
        load_repository(tmp_path / "environments.yaml")
    assert "fairway init --example" in (caught.value.fix or "")


def test_an_environments_file_of_another_ending_is_pointed_at(tmp_path: Path) -> None:
    (tmp_path / "environments.yml").write_text(MAIN)
    with pytest.raises(UserError) as caught:
        load_repository(tmp_path / "environments.yaml")
    assert "-f environments.yml" in (caught.value.fix or "")


def test_errors_raise_with_all_of_them_and_without_hints(folder: Path) -> None:
    (folder / "releases/web.yaml").write_text(WEB.replace("web.yaml}", "web.yaml, nope: 1, timeout: 5}"))
    (folder / "environments.yaml").write_text(MAIN.replace("releasesFiles", "releases"))
    with pytest.raises(InvalidInput) as caught:
        load_repository(folder / "environments.yaml")
    assert [one.rule for one in caught.value.diagnostics] == ["unknown-key", "bad-duration"]


def test_warnings_do_not_keep_a_repository_from_being_read(folder: Path) -> None:
    text = WEB.replace("web.yaml}", "web.yaml, values: [{key: tag, value: 1.10}]}")
    (folder / "releases/web.yaml").write_text(text)
    loaded = read_repository(folder / "environments.yaml")
    assert loaded.repository is not None
    assert [one.rule for one in loaded.warnings] == ["lossy-scalar"]


CASES = {
    "a release file": (
        "releases/web.yaml",
        "missing-file",
        "environments.yaml:3:75",
        "release file releases/web.yaml does not exist",
    ),
    "a values file": ("values/web.yaml", "missing-file", "releases/web.yaml:3:58", "values file ../values/web.yaml"),
    "a resource file": ("extra.yaml", "missing-file", "releases/web.yaml:1:17", "../extra.yaml does not exist"),
    "Chart.yaml": ("charts/web/Chart.yaml", "not-a-chart", "releases/web.yaml:3:30", "has no Chart.yaml"),
}


@pytest.mark.parametrize(("file", "rule", "place", "says"), CASES.values(), ids=CASES.keys())
def test_a_missing_file_is_told_where_it_is_named(folder: Path, file: str, rule: str, place: str, says: str) -> None:
    (folder / file).unlink()
    ((found_rule, found_place, message),) = said(folder)
    assert (found_rule, found_place) == (rule, place)
    assert says in message


def test_a_missing_chart_folder_suggests_its_neighbour(folder: Path) -> None:
    (folder / "charts/web").rename(folder / "charts/webb")
    ((rule, _, message),) = said(folder)
    assert rule == "missing-file"
    assert 'did you mean "webb"?' in message


def test_a_folder_where_a_file_is_needed_is_told(folder: Path) -> None:
    (folder / "extra.yaml").unlink()
    (folder / "extra.yaml").mkdir()
    ((rule, _, message),) = said(folder)
    assert (rule, "is a folder" in message) == ("missing-file", True)


@pytest.mark.parametrize("file", ["environments.yaml", "releases/web.yaml"])
@pytest.mark.parametrize(("content", "says"), [(b"a: [\n", "ends too early"), (b"a: \xff\n", "not UTF-8")])
def test_a_file_that_cannot_be_read_is_told(folder: Path, file: str, content: bytes, says: str) -> None:
    (folder / file).write_bytes(content)
    ((rule, place, message),) = said(folder)
    assert rule == "yaml-syntax"
    assert place.startswith(file)
    assert says in message


def test_one_unreadable_file_does_not_hide_mistakes_of_others(folder: Path) -> None:
    (folder / "environments.yaml").write_text(
        MAIN.replace("web.yaml]", "web.yaml, releases/bad.yaml, releases/no.yaml]")
    )
    (folder / "releases/bad.yaml").write_text("a: [\n")
    (folder / "releases/web.yaml").write_text(WEB.replace("name: web", "name: WEB"))
    assert [rule for rule, _, _ in said(folder)] == ["missing-file", "yaml-syntax", "bad-name"]


def test_a_thousand_releases_are_read(folder: Path) -> None:
    entries = "".join(
        f"  - {{name: web{number}, chart: {{dir: ../charts/web}}, values: [{{key: image.tag, value: '1.{number}'}}]}}\n"
        for number in range(1000)
    )
    (folder / "releases/web.yaml").write_text(f"releases:\n{entries}")
    assert len(load_repository(folder / "environments.yaml").environments[0].releases) == 1000
