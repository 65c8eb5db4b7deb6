"""Which releases a commit touches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from fairway.domain.agent.touching import Touched, touched
from fairway.domain.repository.models import Repository
from fairway.services.agent.companions import companions_of
from fairway.services.loading import read_repository

FILES: dict[str, Any] = {
    "environments.yaml": {
        "clusters": [{"name": "c", "provider": {"devcluster": {}}}],
        "environments": [
            {
                "name": "prod",
                "clusterName": "c",
                "kubeNamespace": "prod",
                "releasesFiles": ["prod.yaml", "more.yaml"],
                "defaultValuesFile": "defaults.yaml",
            },
            {"name": "test", "clusterName": "c", "kubeNamespace": "test", "releasesFiles": ["test.yaml"]},
        ],
    },
    "prod.yaml": {
        "releases": [
            {"name": "web", "chart": {"dir": "charts/web"}, "valuesFile": "web-values.yaml"},
            {"name": "orders", "chart": {"dir": "charts/orders"}, "skipDefaultValues": True},
            {
                "name": "reader",
                "chart": {"dir": "charts/orders"},
                "skipDefaultValues": True,
                "values": [
                    {
                        "key": "address",
                        "valueFrom": {
                            "output": {"release": "web", "kind": "Service", "name": "web", "path": "{.spec}"}
                        },
                    },
                ],
            },
        ],
    },
    "more.yaml": {"releases": [{"name": "plain", "resourceFiles": ["plain/one.yaml"]}]},
    "test.yaml": {"releases": [{"name": "web", "chart": {"dir": "charts/test-only"}}]},
    "charts/web/Chart.yaml": {
        "apiVersion": "v2",
        "name": "web",
        "version": "1.0.0",
        "dependencies": [{"name": "lib", "version": "1.0.0", "repository": "file://../lib"}],
    },
    "charts/orders/Chart.yaml": {"apiVersion": "v2", "name": "orders", "version": "1.0.0"},
    "charts/test-only/Chart.yaml": {"apiVersion": "v2", "name": "test-only", "version": "1.0.0"},
    "charts/lib/Chart.yaml": {"apiVersion": "v2", "name": "lib", "version": "1.0.0"},
    "defaults.yaml": {},
    "web-values.yaml": {},
    "plain/one.yaml": {"kind": "ConfigMap"},
}

Edit = Callable[[dict[str, Any]], None]


def write(folder: Path, files: dict[str, Any]) -> Repository:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))
    return read_repository(folder / "environments.yaml", folder).complete()


def between(
    tmp_path: Path, *changed: str, environment: str = "prod", other_folder: bool = False, **files: Any
) -> Touched:
    """What a commit touches that changes these files (`x__y` stands for x.y)."""
    before = write(tmp_path / "a", FILES)
    folder = tmp_path / ("b" if other_folder else "a")
    after = write(folder, {**FILES, **{name.replace("__", "."): content for name, content in files.items()}})
    paths = {str(folder / name) for name in (*changed, *(n.replace("__", ".") for n in files))}
    one, two = before.environment(environment), after.environment(environment)
    assert one is not None
    assert two is not None
    return touched(one, two, (before, after), paths, companions_of(after))


def only(*names: str) -> Touched:
    return Touched(frozenset(names), frozenset(), frozenset(names))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        # `reader` takes an output of web.
        ("web-values.yaml", only("web", "reader")),
        ("charts/web/templates/new.yaml", only("web", "reader")),
        ("charts/lib/templates/_helpers.tpl", only("web", "reader")),
        ("charts/orders/values.yaml", only("orders", "reader")),
        ("charts/test-only/values.yaml", only()),
        ("plain/one.yaml", only("plain")),
        ("defaults.yaml", only("web", "plain", "reader")),
        ("README.md", only()),
        ("docs/how.md", only()),
        ("fairway.holds.yaml", only()),
        (".github/workflows/ci.yaml", only()),
    ],
)
def test_a_changed_file_touches_those_who_name_it(tmp_path: Path, path: str, expected: Touched) -> None:
    assert between(tmp_path, path) == expected


def test_a_file_that_nobody_accounts_for_may_touch_everything(tmp_path: Path) -> None:
    found = between(tmp_path, "somewhere/else.yaml", "plain/one.yaml")
    assert found.releases is None
    assert found.certain == {"plain"}


def test_when_it_is_not_known_what_changed_everything_is_looked_at(tmp_path: Path) -> None:
    before = write(tmp_path, FILES)
    one = before.environments[0]
    assert touched(one, one, (before, before), None, {}).releases is None


def test_lines_that_move_and_comments_touch_nobody(tmp_path: Path) -> None:
    text = "# a comment\n\n" + yaml.safe_dump(FILES["prod.yaml"], sort_keys=False)
    assert between(tmp_path, prod__yaml=text) == only()


def test_one_entry_of_a_file_touches_one_release(tmp_path: Path) -> None:
    releases = [dict(one) for one in FILES["prod.yaml"]["releases"]]
    releases[1]["values"] = [{"key": "image.tag", "value": "1.1"}]
    assert between(tmp_path, prod__yaml={"releases": releases}) == only("orders")


def test_an_entry_that_goes_is_gone_and_one_that_comes_is_touched(tmp_path: Path) -> None:
    releases = [FILES["prod.yaml"]["releases"][0], {"name": "new", "chart": {"dir": "charts/orders"}}]
    found = between(tmp_path, prod__yaml={"releases": releases})
    assert (found.releases, found.gone) == (frozenset({"new"}), frozenset({"orders", "reader"}))


def test_the_surroundings_of_an_environment_touch_all_of_it_and_no_other(tmp_path: Path) -> None:
    document = yaml.safe_load(yaml.safe_dump(FILES["environments.yaml"]))
    document["environments"][0]["kubeNamespace"] = "elsewhere"
    assert between(tmp_path, environments__yaml=document).releases is None
    assert between(tmp_path, environment="test", environments__yaml=document) == only()


def test_two_checkouts_in_different_folders_compare_as_one(tmp_path: Path) -> None:
    assert between(tmp_path, "plain/one.yaml", other_folder=True) == only("plain")
