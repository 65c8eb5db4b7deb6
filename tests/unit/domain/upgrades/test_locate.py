"""Where an upgrade is written: in the strongest layer that is the release's own, or nowhere."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from fairway.domain.errors import Position
from fairway.domain.repository.models import Environment, Release
from fairway.domain.upgrades.locate import locate, locate_chart_version
from fairway.domain.upgrades.places import Place, change_all
from fairway.domain.upgrades.written import CannotEdit
from fairway.domain.values.assignments import Assignment, Sourced, assignment
from fairway.domain.values.charts import chart_defaults
from fairway.domain.values.explaining import explain
from fairway.domain.values.layers import EnvironmentLayers, ReleaseLayers, ValuesDocument
from fairway.domain.values.paths import parse_key
from fairway.domain.values.tracing import Origin
from fairway.domain.yaml import load, load_with_positions
from fairway.services.loading import read_repository

CHART = {
    "Chart.yaml": b"apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "values.yaml": b"image: {repository: r.example/web, tag: '1.0'}\nlog: {tag: '1'}\n",
}

ENVIRONMENTS = """\
helmRepos: [{name: stable, url: "https://charts.example"}]
clusters: [{name: c, provider: {minikube: {}}}]
environments:
  - name: prod
    clusterName: c
    kubeNamespace: prod
    releasesFiles: [releases.yaml]
    defaultValuesFile: defaults.yaml
    defaultValues:
      - {key: proxy.tag, value: "3.1"}
"""

RELEASES = """\
# every release of prod
releases:
  - name: plain
    chart: {reference: stable/web, version: 1.2.0}
    values:
      - {key: replicas, value: 2}
      - {key: image.tag, value: "4.0"}
      - key: log
        value:
          tag: v7
      - {key: env.tag, value: "$VERSION"}
      - {key: from.tag, valueFrom: {env: VERSION}}
  - name: filed
    chart: {dir: charts/web}
    valuesFile: web.yaml
    values:
      - {key: proxy.tag, value: "3.2"}
  - name: bare
    chart: {dir: charts/web}
    skipDefaultValues: true
  - name: heir
    extends: service
    values:
      - {key: log.tag, value: "8"}
templates:
  service:
    chart: {reference: stable/web, version: 1.1.0}
    values:
      - {key: image.tag, value: "5.0"}
"""

FILES = {
    "environments.yaml": ENVIRONMENTS,
    "releases.yaml": RELEASES,
    "defaults.yaml": "sidecar:\n  tag: '2.0'\n",
    "web.yaml": "\ufeff# ours\r\nimage:\r\n  tag: 4.0.0 # pinned\r\n",
    "charts/web/Chart.yaml": CHART["Chart.yaml"].decode(),
    "charts/web/values.yaml": CHART["values.yaml"].decode(),
}


class Folder:
    """A deployments repository on disk, and what its releases' values come from."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name, text in FILES.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(text.encode())
        loaded = read_repository(root / "environments.yaml", root)
        environment = next(iter(loaded.repository.environments)) if loaded.repository else None
        assert environment is not None, loaded.diagnostics
        self.environment: Environment = environment

    def release(self, name: str) -> Release:
        release = self.environment.release(name)
        assert release is not None
        return release

    def read(self, file: str) -> bytes:
        return (self.root / file).read_bytes()

    def document(self, path: str | None) -> ValuesDocument | None:
        if path is None:
            return None
        shown = Path(path).relative_to(self.root).as_posix()
        values, positions = load_with_positions(self.read(shown).decode(), shown)
        return ValuesDocument(shown, values, positions)

    def origins(self, name: str, key: str) -> Sequence[Origin]:
        release = self.release(name)
        environment = EnvironmentLayers(
            self.document(self.environment.default_values_file),
            [assignment(item, variables={}, places={}) for item in self.environment.default_values],
        )
        own: list[Assignment] = [
            assignment(
                item,
                variables={"VERSION": "9"},
                places={"release": name},
                sourced=Sourced("9", note="env VERSION") if item.value_from else None,
            )
            for item in release.values
        ]
        layers = ReleaseLayers(name, self.document(release.values_file), own, release.skip_default_values)
        return explain(environment, layers, chart_defaults(CHART, "charts/web")).provenance.get(parse_key(key), ())

    def place(self, name: str, key: str) -> Place:
        return locate(self.release(name), key, self.origins(name, key), self.read)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.mark.parametrize(
    ("name", "key", "place"),
    [
        ("plain", "image.tag", Place("releases.yaml", ("releases", 0, "values", 1, "value"))),
        ("plain", "log.tag", Place("releases.yaml", ("releases", 0, "values", 2, "value", "tag"))),
        ("filed", "image.tag", Place("web.yaml", ("image", "tag"))),
        ("filed", "proxy.tag", Place("releases.yaml", ("releases", 1, "values", 0, "value"))),
        ("filed", "log.tag", Place("releases.yaml", ("releases", 1), "log.tag")),
        ("bare", "image.tag", Place("releases.yaml", ("releases", 2), "image.tag")),
        ("bare", "nowhere.tag", Place("releases.yaml", ("releases", 2), "nowhere.tag")),
        ("heir", "log.tag", Place("releases.yaml", ("releases", 3, "values", 0, "value"))),
    ],
)
def test_the_strongest_layer_of_the_release_is_the_place(folder: Folder, name: str, key: str, place: Place) -> None:
    assert folder.place(name, key) == place


@pytest.mark.parametrize(
    ("name", "key", "line", "message"),
    [
        ("plain", "proxy.tag", ("environments.yaml", 10), "a default of the environment"),
        ("plain", "sidecar.tag", ("defaults.yaml", 2), "a default of the environment"),
        ("plain", "env.tag", ("releases.yaml", 11), "put together from variables"),
        ("plain", "from.tag", ("releases.yaml", 12), "it comes from env VERSION"),
        ("heir", "image.tag", ("releases.yaml", 29), "comes from a template"),
    ],
)
def test_a_value_that_is_not_the_release_s_own_is_refused_with_its_place(
    folder: Folder, name: str, key: str, line: tuple[str, int], message: str
) -> None:
    with pytest.raises(CannotEdit, match=message) as caught:
        folder.place(name, key)
    where = caught.value.where
    assert where is not None
    assert (where.file, where.line) == line
    assert caught.value.fix


def test_an_encrypted_values_file_is_refused(folder: Folder) -> None:
    origins = [replace(one, secret=True) for one in folder.origins("filed", "image.tag")]
    with pytest.raises(CannotEdit, match="encrypted"):
        locate(folder.release("filed"), "image.tag", origins, folder.read)


def test_a_place_makes_the_edit_and_leaves_the_rest(folder: Folder) -> None:
    place = folder.place("filed", "image.tag")
    data = folder.read(place.file)
    assert place.changed(data, "4.0.1") == data.replace(b"4.0.0 #", b"4.0.1 #")
    added = folder.place("bare", "image.tag")
    after = added.changed(folder.read(added.file), "1.1").decode()
    line = '    values:\n      - {key: image.tag, value: "1.1"}\n'
    assert after == RELEASES.replace("charts/web}\n    skip", f"charts/web}}\n{line}    skip")
    release = load(after, "f")["releases"][2]
    assert release["values"] == [{"key": "image.tag", "value": "1.1"}]


def test_edits_of_one_file_may_follow_each_other(folder: Folder) -> None:
    places = [folder.place(name, "image.tag") for name in ("bare", "plain")] + [folder.place("filed", "log.tag")]
    data = folder.read("releases.yaml")
    for place in places:
        data = place.changed(data, "6.0")
    values = load(data.decode(), "f")["releases"]
    tags = [[one["key"] for one in release.get("values", []) if one.get("value") == "6.0"] for release in values]
    assert tags == [["image.tag"], ["log.tag"], ["image.tag"], []]


def test_one_refused_edit_does_not_hold_up_the_others(folder: Folder) -> None:
    bad = Place("releases.yaml", ("releases", 0, "values"))
    edits = {folder.place(name, key): "6.0" for name, key in (("bare", "image.tag"), ("plain", "image.tag"))}
    data, refused = change_all(folder.read("releases.yaml"), {**edits, bad: "7"})
    assert list(refused) == [bad]
    assert "a list or a map" in refused[bad].message
    assert data.decode().count('"6.0"') == 2
    assert change_all(folder.read("releases.yaml"), edits) == (data, {})
    assert change_all(data, {}) == (data, {})


def test_the_version_of_a_chart_is_found(folder: Folder) -> None:
    place = locate_chart_version(folder.release("plain"), folder.read)
    assert place == Place("releases.yaml", ("releases", 0, "chart", "version"))
    after = place.changed(folder.read(place.file), "1.10").decode()
    assert after == RELEASES.replace("version: 1.2.0", 'version: "1.10"')


@pytest.mark.parametrize(("name", "message"), [("heir", "comes from a template"), ("bare", "names no version")])
def test_a_chart_version_that_is_not_the_release_s_own_is_refused(folder: Folder, name: str, message: str) -> None:
    with pytest.raises(CannotEdit, match=message) as caught:
        locate_chart_version(folder.release(name), folder.read)
    assert caught.value.where is not None
    assert caught.value.where.file == "releases.yaml"


def test_lines_that_came_above_a_value_do_not_matter(folder: Folder) -> None:
    origins = folder.origins("plain", "image.tag")
    (folder.root / "releases.yaml").write_bytes(b"# new first line\n" + folder.read("releases.yaml"))
    assert locate(folder.release("plain"), "image.tag", origins, folder.read).path == (
        "releases", 0, "values", 1, "value",
    )  # fmt: skip


def test_a_value_that_changed_since_it_was_read_is_noticed(folder: Folder) -> None:
    origins = folder.origins("plain", "image.tag")
    (folder.root / "releases.yaml").write_bytes(folder.read("releases.yaml").replace(b'"4.0"', b'"4.1"'))
    with pytest.raises(CannotEdit, match="changed since the repository was read") as caught:
        locate(folder.release("plain"), "image.tag", origins, folder.read)
    assert str(caught.value.where) == "releases.yaml:7:33"


def test_a_release_that_went_away_since_it_was_read_is_noticed(folder: Folder) -> None:
    origins = folder.origins("bare", "image.tag")
    (folder.root / "releases.yaml").write_bytes(folder.read("releases.yaml").replace(b"name: bare", b"name: base"))
    with pytest.raises(CannotEdit, match="no longer where it was") as caught:
        locate(folder.release("bare"), "image.tag", origins, folder.read)
    assert caught.value.where == Position("releases.yaml")
