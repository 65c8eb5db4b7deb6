"""An existing Helm release as an entry: values, chart, labels, and what is refused."""

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fairway.adapters.helm.memory import MemoryRevisionStore
from fairway.domain import yaml
from fairway.domain.errors import Refused, Terminal, UserError
from fairway.domain.releases.revision import Hook, Revision, Status
from fairway.services.importing.helm import ChartAt, added, deployed_revision, import_release
from fairway.services.importing.imported import Imported, write
from fairway.services.importing.stored_charts import exported


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


CHART: dict[str, Any] = {
    "metadata": {"name": "web", "version": "1.2.3", "apiVersion": "v2"},
    "values": {"replicas": 1, "tag": "1.10"},
    "schema": encoded('{"type": "object"}'),
    "templates": [{"name": "templates/a.yaml", "data": encoded("a: {{ .Values.replicas }}\n")}],
    "files": [{"name": "crds/x.yaml", "data": encoded("kind: X\n")}, {"name": "README.md", "data": encoded("Hi\n")}],
    "lock": None,
}


def revision(version: int = 1, status: Status = Status.DEPLOYED, **more: Any) -> Revision:
    return Revision(
        **{"name": "web", "namespace": "shop", "chart": CHART, "manifest": "", **more}, version=version, status=status
    )


def test_the_entry_names_chart_and_values_that_came_out_of_the_record() -> None:
    imported = import_release(revision(config={"tag": "2.10", "list": [1]}), ChartAt(), "releases/web.yaml", "..")
    entry = yaml.load(imported.files["releases/web.yaml"].decode(), "x")["releases"]
    assert entry == [{"name": "web", "chart": {"dir": "../charts/web"}, "valuesFile": "../values/web.yaml"}]
    assert yaml.load(imported.files["values/web.yaml"].decode(), "x") == {"tag": "2.10", "list": [1]}
    assert {name for name in imported.files if name.startswith("charts/")} == {
        "charts/web/Chart.yaml",
        "charts/web/values.yaml",
        "charts/web/values.schema.json",
        "charts/web/templates/a.yaml",
        "charts/web/crds/x.yaml",
        "charts/web/README.md",
    }
    assert imported.files["charts/web/templates/a.yaml"] == b"a: {{ .Values.replicas }}\n"
    assert (
        imported.files["releases/web.yaml"]
        .decode()
        .startswith("# Imported from revision 1 of the Helm release web in shop")
    )


def test_without_values_no_file_of_values_is_written() -> None:
    imported = import_release(revision(), ChartAt(), "web.yaml", ".")
    assert "values/web.yaml" not in imported.files
    assert yaml.load(imported.files["web.yaml"].decode(), "x")["releases"] == [
        {"name": "web", "chart": {"dir": "./charts/web"}}
    ]


@pytest.mark.parametrize(
    ("chart", "entry"),
    [
        (ChartAt(folder="../charts/own"), {"dir": "../charts/own"}),
        (ChartAt(reference="stable/web"), {"reference": "stable/web", "version": "1.2.3"}),
        (ChartAt(reference="stable/web", version="2.0.0"), {"reference": "stable/web", "version": "2.0.0"}),
        (ChartAt(reference="oci://reg/web"), {"reference": "oci://reg/web", "version": "1.2.3"}),
        (ChartAt(reference="https://h/web.tgz"), {"reference": "https://h/web.tgz"}),
        (ChartAt(reference="git+https://h/r//web?ref=a"), {"reference": "git+https://h/r//web?ref=a"}),
    ],
)
def test_a_chart_that_is_named_is_not_exported(chart: ChartAt, entry: dict[str, str]) -> None:
    with_subchart = {**CHART, "metadata": {**CHART["metadata"], "dependencies": [{"name": "redis"}]}}
    imported = import_release(revision(chart=with_subchart), chart, "web.yaml", ".")
    assert yaml.load(imported.files["web.yaml"].decode(), "x")["releases"][0]["chart"] == entry
    assert list(imported.files) == ["web.yaml"]


@pytest.mark.parametrize(
    "more",
    [
        {"chart": {**CHART, "metadata": {**CHART["metadata"], "dependencies": [{"name": "redis"}]}}},
        {"chart": {**CHART, "metadata": {**CHART["metadata"], "dependencies": [{"name": "x", "alias": "redis"}]}}},
        {"manifest": "---\n# Source: web/charts/redis/templates/a.yaml\nkind: X\n"},
        {"hooks": (Hook("a", "Job", "web/charts/redis/templates/job.yaml", "", ()),)},
    ],
)
def test_a_chart_with_sub_charts_is_not_in_a_record(more: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=r"holds no sub-charts.*: redis") as refused:
        exported(revision(**more))
    assert "--chart" in str(refused.value.fix)


@pytest.mark.parametrize("path", ["../evil", "/etc/passwd", "a/../../b", "", "c:\\x", "a\\..\\b"])
def test_a_stored_chart_cannot_write_outside_of_itself(path: str) -> None:
    with pytest.raises(Terminal, match="outside of itself"):
        exported(revision(chart={**CHART, "files": [{"name": path, "data": ""}]}))


def test_a_damaged_file_of_a_stored_chart_is_named() -> None:
    with pytest.raises(Terminal, match=r"web/templates/x.* is damaged"):
        exported(revision(chart={**CHART, "templates": [{"name": "templates/x", "data": "!"}]}))


def test_secrets_in_values_are_noted_by_their_keys_only() -> None:
    config = {"db": {"password": "hunter2!hunter2"}, "tag": "1"}
    imported = import_release(revision(config=config), ChartAt(reference="a/b"), "web.yaml", ".")
    assert any("db.password" in note and "sops" in note for note in imported.notes)
    assert "hunter2" not in str(imported.notes) + imported.files["web.yaml"].decode()


def test_labels_of_the_release_are_kept_without_helms_own() -> None:
    labels = {"tier": "front", "owner": "helm", "name": "web", "status": "deployed", "version": "1"}
    imported = import_release(revision(labels=labels), ChartAt(reference="a/b"), "web.yaml", ".")
    assert yaml.load(imported.files["web.yaml"].decode(), "x")["releases"][0]["labels"] == {"tier": "front"}


class Store:
    """Stored revisions in memory."""

    def __init__(self, *revisions: Revision) -> None:
        self.store = MemoryRevisionStore(now=lambda: datetime(2026, 11, 21, tzinfo=UTC))
        self.revisions = revisions

    async def fill(self) -> MemoryRevisionStore:
        for one in self.revisions:
            await self.store.create(one)
        return self.store


async def test_the_deployed_revision_counts_also_when_a_later_one_failed() -> None:
    store = await Store(revision(1, Status.SUPERSEDED), revision(2), revision(3, Status.FAILED)).fill()
    assert (await deployed_revision(store, "shop", "web")).version == 2


async def test_a_release_that_does_not_exist_suggests_the_nearest() -> None:
    store = await Store(revision()).fill()
    with pytest.raises(UserError, match='no Helm release "wbe" in namespace shop; did you mean "web"'):
        await deployed_revision(store, "shop", "wbe")


async def test_a_release_that_was_never_deployed_is_refused() -> None:
    store = await Store(revision(1, Status.FAILED)).fill()
    with pytest.raises(Refused, match="was never deployed: revision 1 is failed"):
        await deployed_revision(store, "shop", "web")


NEW = import_release(revision(), ChartAt(reference="a/b", version="1"), "web.yaml", ".").files["web.yaml"]


def test_an_entry_is_added_at_the_end_of_a_file_that_keeps_its_text() -> None:
    text = "# mine\nreleases:\n  - name: db   # a comment\n    chart: {dir: ./db}\n"
    after = added(text, "web", NEW, "releases.yaml").decode()
    assert after.startswith(text)
    assert [one["name"] for one in yaml.load(after, "x")["releases"]] == ["db", "web"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("releases:\n  - name: web\n", 'declares the release "web" already'),
        ("releases: []\n", "has no list of releases"),
        ("a: 1\n", "has no list of releases"),
        ("- a\n", "has no list of releases"),
        ("releases: [{name: db}]\n", "not written in a way that can be added to"),
        ("releases:\n- name: db\n", "not written in a way that can be added to"),
        ("releases:\n  - name: db\nx-other: 1\n", "not written in a way|is not the last thing"),
        ("releases:\n  - name: db\nx-other:\n  - a\n", "is not the last thing"),
    ],
)
def test_a_file_that_cannot_be_added_to_safely_is_left_alone(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        added(text, "web", NEW, "releases.yaml")


def test_nothing_is_written_when_one_file_exists(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("mine")
    with pytest.raises(UserError, match="exists already"):
        write(Imported({"a": b"1", "b": b"2"}), tmp_path)
    assert not (tmp_path / "a").exists()
    assert (tmp_path / "b").read_text() == "mine"


def test_folders_are_made_for_files(tmp_path: Path) -> None:
    assert write(Imported({"x/y/z": b"1"}), tmp_path / "new") == [tmp_path / "new/x/y/z"]


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("a file")
    with pytest.raises(UserError, match="cannot write"):
        write(Imported({"x/y": b"1"}), tmp_path)
