"""`fairway values` as people call it, over a real folder of files; nothing here needs a cluster."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from fairway.domain.yaml import load

PROGRAM = "from fairway.entrypoints.cli.main import main; main()"
FILES = {
    "environments.yaml": """\
clusters:
  - name: eu-1
    provider: {devcluster: {}}
environments:
  - name: prod
    clusterName: eu-1
    kubeNamespace: shop
    releasesFiles: [releases/prod.yaml]
    defaultValues:
      - {key: ingress.host, value: "{{release}}.example.com"}
""",
    "releases/prod.yaml": """\
releases:
  - name: web
    chart: {dir: ../charts/web}
    valuesFile: web-values.yaml
    values:
      - {key: image.tag, value: "1.10"}
      - {key: db.password, valueFrom: {secret: {name: db, key: password}}}
      - {key: redis.debug, value: null}
  - name: plain
    resourceFiles: [../objects.yaml]
""",
    "releases/web-values.yaml": "image:\n  tag: '1.9'\nsmtpPassword: hunter2hunter2\n",
    "objects.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n",
    "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "charts/web/values.yaml": "# of web\ningress:\n  host: chart.local\nimage:\n  tag: latest\n",
    "charts/web/charts/redis/Chart.yaml": "apiVersion: v2\nname: redis\nversion: 1.0.0\n",
    "charts/web/charts/redis/values.yaml": "replicas: 1\ndebug: true\n",
}


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str


class Here:
    """A deployments repository in a folder, and the command run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in FILES.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def __call__(self, *arguments: str) -> Answer:
        home = {"HOME": str(self.folder / "home"), "XDG_CACHE_HOME": str(self.folder / "home/cache")}
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("FAIRWAY_", "XDG_", "KUBE"))}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, "values", *arguments],
            cwd=self.folder,
            env={**kept, **home, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
        )
        return Answer(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Here:
    return Here(tmp_path_factory.mktemp("repository"))


def test_the_final_values_are_masked_yaml_that_reads_back(here: Here) -> None:
    answer = here("prod", "web", "--offline")
    assert answer.code == 0, answer.err
    assert load(answer.out, "stdout") == {
        "db": {"password": "(from secret shop/db:password not read offline)"},
        "image": {"tag": "1.10"},
        "ingress": {"host": "web.example.com"},
        "redis": {"global": {}, "replicas": 1},
        "smtpPassword": "••••••",
    }


def test_only_the_repository_s_own_values(here: Here) -> None:
    answer = here("prod", "web", "--offline", "--user-only", "-o", "json")
    assert json.loads(answer.out) == {
        "db": {"password": "(from secret shop/db:password not read offline)"},
        "image": {"tag": "1.10"},
        "ingress": {"host": "web.example.com"},
        "redis": {"debug": None},
        "smtpPassword": "••••••",
    }


def test_secrets_are_shown_when_asked_for_in_so_many_words(here: Here) -> None:
    assert "smtpPassword: hunter2hunter2" in here("prod", "web", "--offline", "--show-secrets").out


def test_one_key_is_explained(here: Here) -> None:
    assert here("prod", "web", "--offline", "--explain", "ingress.host").out == (
        "ingress.host = web.example.com\n"
        '  environments.yaml:10:36     environment default  ingress.host: "{{release}}.example.com"   ← wins\n'
        "  charts/web/values.yaml:3:3  chart default        ingress.host: chart.local\n"
    )


def test_everything_is_explained_and_nothing_leaks(here: Here) -> None:
    answer = here("web", "--offline", "--explain")
    assert answer.code == 0, answer.err
    assert "hunter2" not in answer.out
    assert (
        "smtpPassword = ••••••\n  releases/web-values.yaml:3:1  release values file  smtpPassword: ••••••" in answer.out
    )
    assert "db.password: (from secret shop/db:password)" in answer.out
    assert "redis.debug is removed by a null\n" in answer.out
    assert "charts/web/charts/redis/values.yaml:2:1  sub-chart default  debug: true" in answer.out


def test_the_explanation_is_data_for_programs(here: Here) -> None:
    rows = json.loads(here("web", "--offline", "--explain", "image", "-o", "json").out)
    assert [row["key"] for row in rows] == ["image.tag"]
    assert rows[0]["value"] == "1.10"
    origins = [(origin["layer"], origin["file"], origin["line"], origin["value"]) for origin in rows[0]["origins"]]
    assert origins == [
        ("release value", "releases/prod.yaml", 6, "1.10"),
        ("release values file", "releases/web-values.yaml", 2, "1.9"),
        ("chart default", "charts/web/values.yaml", 5, "latest"),
    ]


def test_a_removed_key_can_be_explained_in_both_forms(here: Here) -> None:
    assert here("web", "--offline", "--explain", "redis.debug").out.startswith("redis.debug is removed by a null\n")
    rows = json.loads(here("web", "--offline", "--explain", "redis.debug", "-o", "json").out)
    assert [(row["key"], row["removed"], len(row["origins"])) for row in rows] == [("redis.debug", True, 2)]


def test_the_table_has_a_line_for_each_key(here: Here) -> None:
    lines = here("web", "--offline", "-o", "table").out.splitlines()
    assert lines[0].split() == ["KEY", "VALUE", "FROM"]
    assert ["image.tag", '"1.10"', "releases/prod.yaml:6:33"] in [line.split() for line in lines]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["prod", "web", "--offline", "--explain", "ingress.hst"], 'did you mean "ingress.host"?'),
        (["prod", "web", "--offline", "--explain", "a..b"], "a name is missing"),
        (["prod", "wbe", "--offline"], 'no release "wbe" in prod; did you mean "web"?'),
        (["prd", "web", "--offline"], 'no environment "prd"; did you mean "prod"?'),
        (["prod", "plain", "--offline"], "which take no values"),
        (["prod", "web"], "cluster"),
        (["-f", "none.yaml", "web"], "no none.yaml"),
    ],
)
def test_what_cannot_be_shown_is_one_clear_error(here: Here, arguments: list[str], message: str) -> None:
    answer = here(*arguments)
    assert answer.code == 2
    assert answer.out == ""
    assert message in answer.err
    assert "Traceback" not in answer.err
