import json
import os
from pathlib import Path
from typing import Any

import pytest

from fairway.adapters.devcluster import info
from fairway.adapters.devcluster.processes import identify
from fairway.adapters.devcluster.state import ClusterFolder, Plan, check_name
from fairway.domain.errors import Terminal, UserError

PLAN = Plan(
    name="x",
    bundle="/cache/one",
    api_port=1234,
    node_port=1235,
    nodes=3,
    kubernetes="v1.36.3",
    etcd="3.6.8",
    kwok="v0.8.0",
    context="devcluster-x",
)
GONE = {"pid": 4194304, "start": "1"}


def me() -> dict[str, Any]:
    known = identify(os.getpid())
    return {"pid": known.pid, "start": known.start}


def status(phase: str = "ready", supervisor: dict[str, Any] | None = None, **part: Any) -> dict[str, Any]:
    one = {
        "name": "etcd",
        "state": "running",
        "since": "2026-11-21T10:00:00.5Z",
        "restarts": 0,
        "address": "etcd.sock",
        "version": "3.6.8",
        **me(),
        **part,
    }
    return {
        "phase": phase,
        "message": phase,
        "supervisor": me() if supervisor is None else supervisor,
        "started_at": "2026-11-21T10:00:00Z",
        "parts": [one],
        "events": [{"time": "2026-11-21T10:00:01Z", "part": "etcd", "what": "ended"}],
    }


@pytest.fixture
def folder(tmp_path: Path) -> ClusterFolder:
    folder = ClusterFolder(tmp_path / "x")
    folder.write_plan(PLAN)
    return folder


def look(folder: ClusterFolder, document: dict[str, Any] | None) -> info.ClusterInfo:
    if document is not None:
        (folder.path / "status.json").write_text(json.dumps(document), encoding="utf-8")
    return info.read(folder, PLAN, Path(PLAN.bundle))


def test_a_plan_is_read_as_it_was_written(folder: ClusterFolder) -> None:
    assert folder.plan() == PLAN
    assert folder.path.stat().st_mode & 0o077 == 0


def test_no_folder_is_no_cluster(tmp_path: Path) -> None:
    folder = ClusterFolder(tmp_path / "missing")
    assert folder.plan() is None
    assert folder.status() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": "x"}', '{"surprise": 1}'])
def test_a_damaged_plan_names_the_way_out(folder: ClusterFolder, text: str) -> None:
    (folder.path / "cluster.json").write_text(text, encoding="utf-8")
    with pytest.raises(Terminal, match=r"cluster\.json cannot be read") as raised:
        folder.plan()
    assert raised.value.fix == "fairway cluster down --name x removes what is there"


@pytest.mark.parametrize("text", ["{", '{"phase": "ready"}', '{"phase": 1, "supervisor": {}}'])
def test_a_damaged_status_is_reported(folder: ClusterFolder, text: str) -> None:
    (folder.path / "status.json").write_text(text, encoding="utf-8")
    with pytest.raises(Terminal, match=r"status\.json cannot be read"):
        folder.status()


def test_a_running_cluster_is_what_the_supervisor_says(folder: ClusterFolder) -> None:
    found = look(folder, status())
    assert (found.phase, found.message, found.server) == ("ready", "ready", "https://127.0.0.1:1234")
    (part,) = found.parts
    assert (part.state, part.pid) == ("running", os.getpid())
    assert found.memory == part.memory > 0
    assert [event.what for event in found.events] == ["ended"]


def test_a_cluster_that_never_said_a_word_is_stopped(folder: ClusterFolder) -> None:
    assert look(folder, None).phase == "stopped"


def test_a_dead_supervisor_makes_the_cluster_stopped_whatever_it_said_last(folder: ClusterFolder) -> None:
    found = look(folder, status("ready", supervisor=GONE, **GONE))
    assert found.phase == "stopped"
    assert found.parts[0].state == "gone"
    assert found.parts[0].pid is None
    assert found.started_at is None
    assert "fairway cluster up" in found.message


def test_processes_that_a_dead_supervisor_left_are_counted(folder: ClusterFolder) -> None:
    found = look(folder, status("ready", supervisor=GONE))
    assert "1 of its processes are left over" in found.message


def test_a_pid_that_was_used_again_is_not_the_part(folder: ClusterFolder) -> None:
    found = look(folder, status(pid=os.getpid(), start="long ago"))
    assert found.parts[0].state == "gone"


def test_a_failed_start_is_still_told_after_the_supervisor_ended(folder: ClusterFolder) -> None:
    document = {**status("failed", supervisor=GONE), "message": "etcd does not start: it ended 4 times"}
    found = look(folder, document)
    assert (found.phase, found.message) == ("failed", "etcd does not start: it ended 4 times")


def test_a_part_that_is_being_restarted_is_named(folder: ClusterFolder) -> None:
    found = look(folder, status(state="restarting", pid=0, start="", restarts=2, last_exit="signal: killed"))
    assert found.message == "etcd restarting"
    (part,) = found.parts
    assert (part.state, part.pid, part.restarts, part.last_exit) == ("restarting", None, 2, "signal: killed")


def test_a_cluster_of_an_older_build_is_outdated(folder: ClusterFolder) -> None:
    assert not info.read(folder, PLAN, Path("/cache/one")).outdated
    assert info.read(folder, PLAN, Path("/cache/two")).outdated


@pytest.mark.parametrize("name", ["a", "fairway", "test-123", "0", "a" * 40])
def test_good_names(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize("name", ["", "A", "a_b", "-a", "a-", "../etc", "a/b", "a" * 41, "ä", "a b"])
def test_names_that_could_not_be_a_folder_and_a_context(name: str) -> None:
    with pytest.raises(UserError, match="cannot name a cluster"):
        check_name(name)
