import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from fairway.adapters.devcluster.info import ClusterInfo, PartInfo
from fairway.adapters.devcluster.state import Event
from fairway.entrypoints.cli import cluster_views as views

MOMENT = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
ETCD = PartInfo("etcd", "running", 42, 0, 50 * 2**20, "etcd.sock", "3.6.8", MOMENT, "")
KWOK = PartInfo("kwok", "restarting", None, 2, 0, "", "v0.8.0", None, "signal: killed")
CLUSTER = ClusterInfo(
    name="eu",
    phase="ready",
    message="kwok restarting",
    context="devcluster-eu",
    server="https://127.0.0.1:1234",
    kubeconfig=Path("/data/clusters/eu/kubeconfig"),
    nodes=1,
    kubernetes="v1.36.3",
    outdated=False,
    started_at=MOMENT,
    parts=(ETCD, KWOK),
    events=(Event(MOMENT, "kwok", "ended (signal: killed)"),),
)


def test_the_data_form_is_the_documented_one() -> None:
    data = views.as_data(CLUSTER)
    document = (Path(__file__).parents[3] / "docs" / "spec" / "cluster.md").read_text(encoding="utf-8")
    example = json.loads(document.split("```json\n")[1].split("```")[0])
    assert list(data) == list(example)
    assert list(data["parts"][0]) == list(example["parts"][0])
    assert list(data["events"][0]) == list(example["events"][0])


def test_what_is_not_there_is_null_and_times_are_rfc_3339() -> None:
    data = views.as_data(CLUSTER)
    assert data["startedAt"] == "2026-11-21T10:00:00Z"
    assert data["memoryBytes"] == 50 * 2**20
    first, second = data["parts"]
    assert (first["address"], first["lastExit"]) == ("etcd.sock", None)
    assert (second["address"], second["pid"], second["since"], second["lastExit"]) == (
        None,
        None,
        None,
        "signal: killed",
    )
    assert views.as_data(replace(CLUSTER, started_at=None))["startedAt"] is None


@pytest.mark.parametrize(("output", "parse"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_json_and_yaml_say_the_same(capsys: pytest.CaptureFixture[str], output: str, parse: type) -> None:
    views.show_data([views.as_data(CLUSTER)], output)
    assert parse(capsys.readouterr().out) == [views.as_data(CLUSTER)]


def test_the_table_has_each_part_and_its_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    views.show_status(CLUSTER)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "cluster eu  ready  kwok restarting"
    assert "1 node, context devcluster-eu, 50 MiB" in lines[1]
    assert [line.split() for line in lines[3:6]] == [
        ["PART", "STATE", "PID", "RESTARTS", "MEMORY", "VERSION", "ADDRESS"],
        ["etcd", "running", "42", "0", "50", "MiB", "3.6.8", "etcd.sock"],
        ["kwok", "restarting", "-", "2", "-", "v0.8.0", "-"],
    ]
    assert lines[6].endswith("ago: kwok ended (signal: killed)")


def test_no_clusters_is_said_with_the_way_to_one(capsys: pytest.CaptureFixture[str]) -> None:
    views.show_list([])
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "fairway cluster up" in shown.err


def test_logs_of_several_parts_carry_their_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {}
    for name, text in (("etcd", "1\n2\n3\n"), ("kwok", "a\nb\n")):
        files[name] = tmp_path / f"{name}.log"
        files[name].write_text(text)
    views.show_logs(files, 2, follow=False)
    assert capsys.readouterr().out.splitlines() == ["etcd | 2", "etcd | 3", "kwok | a", "kwok | b"]
    views.show_logs({"etcd": files["etcd"]}, 1, follow=False)
    assert capsys.readouterr().out == "3\n"
