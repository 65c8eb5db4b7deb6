"""A helmfile as a deployments repository: what is converted, what is noted, and that lint takes the result."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from fairway.domain import yaml
from fairway.domain.errors import InvalidInput, Severity, UserError
from fairway.services.importing.helmfile import import_helmfile
from fairway.services.importing.helmfile_state import State, first_templated, read_state
from fairway.services.importing.imported import Imported, write
from fairway.services.loading import read_repository


class NoPrograms:
    def find(self, name: str) -> str | None:
        return None

    def output(self, command: Sequence[str], folder: Path) -> str:
        raise AssertionError(command)


class Helmfile(NoPrograms):
    """The program helmfile, which prints what it is given."""

    def __init__(self, printed: str) -> None:
        self.printed = printed
        self.commands: list[tuple[list[str], Path]] = []

    def find(self, name: str) -> str | None:
        return f"/bin/{name}"

    def output(self, command: Sequence[str], folder: Path) -> str:
        self.commands.append((list(command), folder))
        return self.printed


class Conversion:
    """One conversion, its files read back."""

    def __init__(self, imported: Imported, root: Path) -> None:
        self.notes = imported.notes
        self.files = {name: yaml.load(data.decode(), name) for name, data in imported.files.items()}
        self.texts = {name: data.decode() for name, data in imported.files.items()}
        write(imported, root)
        found = read_repository(root / "environments.yaml", root).diagnostics
        self.errors = [one.message for one in found if one.severity is Severity.ERROR]

    def releases(self, environment: str = "default") -> dict[str, Any]:
        return {one["name"]: one for one in self.files[f"releases/{environment}.yaml"]["releases"]}

    @property
    def environments(self) -> dict[str, Any]:
        return {one["name"]: one for one in self.files["environments.yaml"]["environments"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "chart").mkdir()
    (tmp_path / "chart/Chart.yaml").write_text("apiVersion: v2\nname: chart\nversion: 1.0.0\n")
    (tmp_path / "a.yaml").write_text("a: 1\nboth: {p: 1, q: 1}\n")
    (tmp_path / "b.yaml").write_text("b: 2\nboth: {q: 2}\n")
    return tmp_path


def convert(folder: Path, text: str, environment: str = "default") -> Conversion:
    (folder / "helmfile.yaml").write_text(text)
    states = read_state(folder / "helmfile.yaml", environment, NoPrograms())
    return Conversion(import_helmfile(states, environment, "here", folder / "out"), folder / "out")


def release(folder: Path, **keys: Any) -> tuple[dict[str, Any], Conversion]:
    whole = {"name": "web", "namespace": "shop", "chart": "./chart", **keys}
    made = convert(folder, yaml.dump({"helmDefaults": {"wait": True}, "releases": [whole]}))
    return made.releases()["web"], made


def test_a_whole_helmfile_becomes_a_repository_that_lint_takes(folder: Path) -> None:
    made = convert(
        folder,
        "repositories: [{name: stable, url: https://charts.example.com}]\n"
        "helmDefaults: {wait: true, timeout: 600, kubeContext: eu-1, historyMax: 5}\n"
        "releases:\n"
        "  - {name: redis, namespace: shop, chart: stable/redis, version: 1.2.3}\n"
        "  - {name: web, namespace: shop, chart: ./chart, values: [a.yaml], needs: [shop/redis],"
        " labels: {tier: front}}\n",
    )
    assert made.errors == []
    assert made.notes == ()
    assert made.files["environments.yaml"] == {
        "helmRepos": [{"name": "stable", "url": "https://charts.example.com"}],
        "clusters": [{"name": "eu-1", "provider": {"existingContext": {"contextName": "eu-1"}}}],
        "environments": [
            {
                "name": "default",
                "clusterName": "eu-1",
                "kubeNamespace": "shop",
                "releasesFiles": ["releases/default.yaml"],
            }
        ],
    }
    common = {"timeout": "600s", "policy": {"history": 5}}
    assert made.releases() == {
        "redis": {"name": "redis", "chart": {"reference": "stable/redis", "version": "1.2.3"}, **common},
        "web": {
            "name": "web",
            "chart": {"dir": "../../chart"},
            "valuesFile": "../../a.yaml",
            "needs": ["redis"],
            "labels": {"tier": "front"},
            **common,
        },
    }


def test_each_namespace_and_context_becomes_an_environment(folder: Path) -> None:
    made = convert(
        folder,
        "releases:\n"
        "  - {name: a, namespace: shop, chart: ./chart}\n"
        "  - {name: b, namespace: infra, chart: ./chart, needs: [shop/a]}\n"
        "  - {name: c, namespace: shop, chart: ./chart, kubeContext: us-1}\n"
        "  - {name: d, chart: ./chart}\n",
        environment="prod",
    )
    assert made.errors == []
    places = {name: (one["clusterName"], one["kubeNamespace"]) for name, one in made.environments.items()}
    assert places == {
        "prod-shop": ("here", "shop"),
        "prod-infra": ("here", "infra"),
        "prod-shop-us-1": ("us-1", "shop"),
        "prod-default": ("here", "default"),
    }
    assert "needs" not in made.releases("prod-infra")["b"]
    assert any("b: it needs shop/a, which is not a release of the same environment" in note for note in made.notes)
    assert "  # it needs shop/a" in made.texts["releases/prod-infra.yaml"]
    assert any("namespace default" in note for note in made.notes)


def test_an_environments_own_context_wins_over_the_default(folder: Path) -> None:
    text = (
        "helmDefaults: {kubeContext: eu-1}\nenvironments: {prod: {kubeContext: us-1}}\n"
        "releases: [{name: a, namespace: x1, chart: ./chart}]\n"
    )
    assert convert(folder, text, "prod").environments["prod"]["clusterName"] == "us-1"


@pytest.mark.parametrize(
    ("keys", "entry"),
    [
        ({"values": [{"a": {"b": 1, "c": [1, 2]}}]}, [("a.b", 1), ("a.c", [1, 2])]),
        ({"values": [{"a.b/c": "x"}]}, [(r"a\.b/c", "x")]),
        ({"values": [{"a": {}}, {"b": None}]}, [("a", {}), ("b", None)]),
        ({"values": [{"a": "$HOME and $5"}]}, [("a", "$$HOME and $$5")]),
        ({"set": [{"name": "a.b", "value": "true"}, {"name": "c", "value": "12"}]}, [("a.b", True), ("c", 12)]),
        ({"set": [{"name": "a", "value": "null"}, {"name": "b", "value": "012"}]}, [("a", None), ("b", "012")]),
        ({"set": [{"name": "a", "value": 1.5}, {"name": "l", "values": ["1", "x"]}]}, [("a", 1.5), ("l", [1, "x"])]),
        ({"setString": [{"name": "a", "value": "true"}, {"name": "b", "value": 12}]}, [("a", "true"), ("b", "12")]),
    ],
)
def test_inline_values_and_set_become_values(folder: Path, keys: dict[str, Any], entry: list[tuple[str, Any]]) -> None:
    converted, made = release(folder, **keys)
    assert [(one["key"], one["value"]) for one in converted["values"]] == entry
    assert "valuesFile" not in converted
    assert made.errors == []


def test_set_from_a_file_is_a_source(folder: Path) -> None:
    converted, made = release(folder, set=[{"name": "a", "file": "a.yaml"}])
    assert converted["values"] == [{"key": "a", "valueFrom": {"file": {"path": "../../a.yaml"}}}]
    assert made.errors == []


def test_one_file_below_inline_values_stays_where_it_is(folder: Path) -> None:
    converted, made = release(folder, values=["a.yaml", {"a": 2}])
    assert converted["valuesFile"] == "../../a.yaml"
    assert converted["values"] == [{"key": "a", "value": 2}]
    assert list(made.files) == ["environments.yaml", "releases/default.yaml"]


@pytest.mark.parametrize(
    ("layers", "merged"),
    [
        (["a.yaml", "b.yaml"], {"a": 1, "b": 2, "both": {"p": 1, "q": 2}}),
        (["b.yaml", "a.yaml"], {"a": 1, "b": 2, "both": {"p": 1, "q": 1}}),
        ([{"a": 5}, "a.yaml"], {"a": 1, "both": {"p": 1, "q": 1}}),
        ([{f"key{n}": n for n in range(21)}], {f"key{n}": n for n in range(21)}),
        ([{"a": "{{release}} $X"}], {"a": "{{release}} $X"}),
    ],
)
def test_layers_that_have_no_simple_form_are_merged_into_a_file(folder: Path, layers: list[Any], merged: Any) -> None:
    text = yaml.dump({"releases": [{"name": "web", "namespace": "shop", "chart": "./chart", "values": layers}]})
    state = State(yaml.load(text, "x"), folder, built=True)
    made = Conversion(import_helmfile([state], "default", "here", folder / "out"), folder / "out")
    assert made.releases()["web"]["valuesFile"] == "../values/default/web.yaml"
    assert made.files["values/default/web.yaml"] == merged
    assert made.errors == []


def test_values_files_that_cannot_be_converted_are_noted(folder: Path) -> None:
    (folder / "t.yaml").write_text("a: {{ .Values.x }}\n")
    (folder / "t.yaml.gotmpl").write_text("a: 1\n")
    (folder / "s.yaml").write_text("a: ENC[x]\nsops: {mac: x}\n")
    _, made = release(folder, values=["absent.yaml", "t.yaml", "t.yaml.gotmpl", "a.yaml", "s.yaml"])
    text = "\n".join(made.notes)
    assert "absent.yaml does not exist here" in text
    assert "t.yaml is a Go template" in text
    assert "t.yaml.gotmpl is a Go template" in text
    assert "s.yaml is encrypted" in text


@pytest.mark.parametrize(
    ("keys", "chart"),
    [
        ({"chart": "./chart"}, {"dir": "../../chart"}),
        ({"chart": "chart"}, {"dir": "../../chart"}),
        ({"chart": "oci://reg.example/web", "version": "~2"}, {"reference": "oci://reg.example/web", "version": "~2"}),
        ({"chart": "reg/web", "version": "1.0.0"}, {"reference": "oci://reg.example/charts/web", "version": "1.0.0"}),
        ({"chart": "stable/web"}, {"reference": "stable/web", "version": ">=0.0.0"}),
        ({"chart": "https://h.example/web-1.tgz"}, {"reference": "https://h.example/web-1.tgz"}),
    ],
)
def test_forms_of_charts(folder: Path, keys: dict[str, Any], chart: dict[str, str]) -> None:
    repositories = [{"name": "reg", "url": "reg.example/charts", "oci": True}, {"name": "stable", "url": "https://s"}]
    whole = {"name": "web", "namespace": "shop", **keys}
    made = convert(folder, yaml.dump({"repositories": repositories, "releases": [whole]}))
    assert made.releases()["web"]["chart"] == chart
    assert made.errors == []
    assert any("names no version" in note for note in made.notes) is (chart.get("version") == ">=0.0.0")


def test_a_chart_of_unknown_form_leaves_the_release_out_with_a_note(folder: Path) -> None:
    made = convert(
        folder,
        "releases: [{name: web, namespace: shop, chart: 'git::https://h/r@charts/web?ref=1'}, "
        "{name: ok, namespace: shop, chart: ./chart}]\n",
    )
    assert list(made.releases()) == ["ok"]
    assert any(note.startswith("release web: its chart git::") for note in made.notes)
    assert "# release web: its chart git::" in made.texts["releases/default.yaml"]


@pytest.mark.parametrize(
    ("key", "value", "note"),
    [
        ("hooks", [{"events": ["presync"]}], "hooks is not converted: helmfile runs them"),
        ("secrets", ["s.yaml"], "secrets is not converted: name the encrypted file as valuesFile"),
        ("condition", "web.enabled", "condition is not converted: the release is taken as switched on"),
        ("postRenderer", "./x", "postRenderer is not converted: use patches"),
        ("somethingNew", {"a": 1}, "somethingNew is not converted"),
        ("strategicMergePatches", ["patch.yaml"], "a strategicMergePatches entry is in a file"),
        ("jsonPatches", ["patch.yaml"], "a jsonPatches entry is in a file"),
    ],
)
def test_what_has_no_counterpart_is_told_and_written_down(folder: Path, key: str, value: Any, note: str) -> None:
    _, made = release(folder, **{key: value})
    assert any(note in one for one in made.notes)
    assert f"  # {note}" in made.texts["releases/default.yaml"]
    assert made.errors == []


def test_what_fairway_does_anyway_needs_no_note(folder: Path) -> None:
    _, made = release(folder, createNamespace=True, atomic=True, cleanupOnFail=True, waitForJobs=True, hooks=[])
    assert made.notes == ()


def test_patches_are_converted(folder: Path) -> None:
    operation = {"op": "replace", "path": "/spec/replicas", "value": 3}
    partial = {"kind": "Service", "metadata": {"name": "web"}, "spec": {"type": "NodePort"}}
    target = {"group": "apps", "version": "v1", "kind": "Deployment", "name": "web"}
    converted, made = release(
        folder, jsonPatches=[{"target": target, "patch": [operation]}], strategicMergePatches=[partial]
    )
    assert converted["patches"] == [
        {"target": {"kind": "Deployment", "name": "web"}, "json6902": [operation]},
        {"strategicMerge": partial},
    ]
    assert made.errors == []


def test_wait_and_timeout_are_kept(folder: Path) -> None:
    converted, _ = release(folder, wait=False, timeout=60)
    assert (converted["wait"], converted["timeout"]) == (False, "60s")


def test_defaults_that_the_program_writes_out_are_nobodys_wish(folder: Path) -> None:
    printed = (
        "helmDefaults: {wait: false, timeout: 0, historyMax: 0, force: false}\n"
        "releases: [{name: web, namespace: shop, chart: ./chart, timeout: 0}]\n"
    )
    (folder / "helmfile.yaml").write_text(TEMPLATED)
    states = read_state(folder / "helmfile.yaml", "default", Helmfile(printed))
    made = Conversion(import_helmfile(states, "default", "here", folder / "out"), folder / "out")
    assert made.releases()["web"] == {"name": "web", "chart": {"dir": "../../chart"}}
    assert [note.partition(" ")[0] for note in made.notes] == ["helmfile"]


def test_helmfiles_default_of_not_waiting_is_noted(folder: Path) -> None:
    made = convert(folder, "releases: [{name: web, namespace: shop, chart: ./chart}]\n")
    assert any("helmfile waits only when told to" in note for note in made.notes)
    assert "# helmfile waits only when told to" in made.texts["releases/default.yaml"]


def test_templates_are_inherited(folder: Path) -> None:
    made = convert(
        folder,
        "templates: {base: {timeout: 60, labels: {tier: back, own: no}}}\n"
        "releases: [{name: web, namespace: shop, chart: ./chart, labels: {own: 'yes'}, inherit: [{template: base}]}]\n",
    )
    assert made.releases()["web"]["timeout"] == "60s"
    assert made.releases()["web"]["labels"] == {"tier": "back", "own": "yes"}


def test_parts_of_a_helmfile_are_put_together(folder: Path) -> None:
    made = convert(
        folder, "commonLabels: {team: a}\n---\nreleases: [{name: web, namespace: shop, chart: ./chart}]\n---\n"
    )
    assert made.releases()["web"]["labels"] == {"team": "a"}


def test_what_is_not_installed_is_left_out_with_a_note(folder: Path) -> None:
    made = convert(
        folder,
        "releases:\n  - {name: web, namespace: shop, chart: ./chart}\n"
        "  - {name: old, namespace: elsewhere, chart: x/old, installed: false}\n",
    )
    assert list(made.environments) == ["default"]
    assert any("release old: it is not installed" in note for note in made.notes)
    assert "# release old: it is not installed" in made.texts["releases/default.yaml"]


def test_credentials_of_repositories_are_not_copied(folder: Path) -> None:
    repository = {
        "name": "my-repo",
        "url": "https://c",
        "username": "u",
        "password": "hunter2",
        "passCredentials": True,
    }
    made = convert(
        folder,
        yaml.dump({"repositories": [repository], "releases": [{"name": "a", "namespace": "x1", "chart": "./chart"}]}),
    )
    [repo] = made.files["environments.yaml"]["helmRepos"]
    assert repo["password"] == {"env": "MY_REPO_PASSWORD"}
    assert repo["passCredentials"] is True
    assert "hunter2" not in str(made.texts) + str(made.notes)
    assert any("MY_REPO_PASSWORD" in note for note in made.notes)
    assert made.errors == []


def test_other_parts_of_the_helmfile_are_noted(folder: Path) -> None:
    made = convert(
        folder,
        "helmfiles: [other.yaml]\nenvironments: {default: {values: [a.yaml]}}\nhelmDefaults: {wait: true, args: [-x]}\n"
        "releases: [{name: web, namespace: shop, chart: ./chart}]\n",
    )
    assert [note.partition(":")[0] for note in made.notes] == [
        "helmfiles is not converted",
        "of helmDefaults is not converted",
        "values of environments (default) serve templates, and there are none",
    ]


TEMPLATED = "releases:\n  # {{ a comment }}\n  - name: web\n    chart: {{ .Values.chart }}\n"


def test_a_template_without_the_program_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "helmfile.yaml").write_text(TEMPLATED)
    with pytest.raises(UserError, match="Go template") as error:
        read_state(tmp_path / "helmfile.yaml", "default", NoPrograms())
    assert error.value.where is not None
    assert (error.value.where.line, error.value.where.column) == (4, 12)
    assert first_templated("a: 1\n# {{\n") is None


def test_a_template_is_filled_in_by_the_program(folder: Path) -> None:
    (folder / "helmfile.yaml.gotmpl").write_text(TEMPLATED)
    printed = (
        "---\nfilepath: helmfile.yaml.gotmpl\nhelmBinary: helm\nrenderedvalues: {}\nhelmDefaults: {wait: true}\n"
        "releases:\n  - name: web\n    namespace: shop\n    chart: ./chart\n    chartPath: /tmp/x\n"
        "    labels: {chart: chart, name: web, namespace: shop, tier: a}\n"
        "---\nbasePath: sub\nhelmDefaults: {wait: true}\nreleases: [{name: two, namespace: shop, chart: ./own}]\n"
    )
    program = Helmfile(printed)
    states = read_state(folder / "helmfile.yaml.gotmpl", "prod", program)
    assert program.commands == [
        (["helmfile", "--file", "helmfile.yaml.gotmpl", "--environment", "prod", "build"], folder)
    ]
    assert [state.folder for state in states] == [folder, folder / "sub"]
    (folder / "sub/own").mkdir(parents=True)
    (folder / "sub/own/Chart.yaml").write_text("apiVersion: v2\nname: own\nversion: 1.0.0\n")
    made = Conversion(import_helmfile(states, "prod", "here", folder / "out"), folder / "out")
    assert made.notes == ()
    assert made.errors == []
    assert made.releases("prod")["web"]["labels"] == {"tier": "a"}
    assert made.releases("prod")["two"]["chart"] == {"dir": "../../sub/own"}


@pytest.mark.parametrize("text", ["- a\n", "text\n"])
def test_what_is_no_helmfile_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "helmfile.yaml").write_text(text)
    with pytest.raises(UserError, match="a helmfile is a map of keys"):
        read_state(tmp_path / "helmfile.yaml", "default", NoPrograms())


def test_unreadable_files_are_errors_with_their_place(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot read"):
        read_state(tmp_path / "helmfile.yaml", "default", NoPrograms())
    (tmp_path / "helmfile.yaml").write_text("a: [\n")
    with pytest.raises(InvalidInput):
        read_state(tmp_path / "helmfile.yaml", "default", NoPrograms())


def test_a_helmfile_without_releases_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no releases"):
        import_helmfile([State({"releases": []}, tmp_path, built=False)], "default", "", tmp_path)
