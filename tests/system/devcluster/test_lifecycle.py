"""Clusters from start to end, as somebody at a terminal meets them. In the order of the file they tell one story."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.kube import KubeClient, KubeError
from tests.support.tools import unavailable

from fairway.adapters.devcluster import ClusterInfo, DevClusters
from fairway.adapters.devcluster.ports import choose
from fairway.adapters.devcluster.processes import ProcessId, identify
from fairway.domain.errors import FairwayError, Terminal, UserError
from fairway.settings import load_settings

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("devcluster")]

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
PARTS = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def clusters(data_dir: Path) -> Iterator[DevClusters]:
    """Clusters in a folder of the module's own; the programs come from the user's cache."""
    known = DevClusters(cache_dir=load_settings().cache_dir, data_dir=data_dir)
    yield known
    for name in [path.name for path in (data_dir / "clusters").iterdir()]:
        known.down(name)


@pytest.fixture(scope="module")
def one(clusters: DevClusters) -> ClusterInfo:
    """Cluster `one`, as it was when it had just started; two ask for it at once and one of them starts it."""
    try:
        with ThreadPoolExecutor(2) as both:
            started = list(both.map(lambda _: clusters.up("one", nodes=2), range(2)))
    except FairwayError as error:
        unavailable(f"no control plane: {error.message}; {error.fix}")
    first, second = sorted(started, key=lambda info: not info.changed)
    assert not second.changed
    return first


def fairway(data_dir: Path, *args: str, code: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
    program = "from fairway.entrypoints.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "cluster", *args],
        capture_output=True,
        text=True,
        env={**os.environ, "FAIRWAY_DATA_DIR": str(data_dir), **env},
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def pids(info: ClusterInfo) -> list[ProcessId]:
    return [identify(part.pid) for part in info.parts if part.pid]


def supervisor(data_dir: Path, name: str) -> ProcessId:
    status = json.loads((data_dir / "clusters" / name / "status.json").read_text())
    return ProcessId(status["supervisor"]["pid"], status["supervisor"]["start"])


def eventually(holds: Callable[[], Any], seconds: float = 30) -> Any:
    until = time.monotonic() + seconds
    while not (answer := holds()):
        assert time.monotonic() < until, "did not happen in time"
        time.sleep(0.05)
    return answer


def mark(client: KubeClient, name: str) -> None:
    client.create(CONFIG_MAPS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})


def test_a_cluster_comes_up_with_all_its_parts(one: ClusterInfo) -> None:
    assert one.changed
    assert one.phase == "ready"
    assert [part.name for part in one.parts] == PARTS
    assert all(part.state == "running" and part.pid and part.restarts == 0 for part in one.parts)
    assert one.memory < 2**30


def test_it_answers_on_loopback_only_and_only_to_its_own_certificates(one: ClusterInfo) -> None:
    client = KubeClient.of(one.kubeconfig)
    assert client.get("/version")["gitVersion"] == one.kubernetes
    host, port = one.server.removeprefix("https://").split(":")
    assert host == "127.0.0.1"
    with socket.socket() as probe, pytest.raises(OSError, match="refused"):
        probe.connect(("127.0.0.2", int(port)))
    anonymous = KubeClient(client.host, client.context.__class__(client.context.protocol))
    anonymous.context.check_hostname = False
    anonymous.context.verify_mode = 0  # type: ignore[assignment]
    with pytest.raises(KubeError) as refused:
        anonymous.get("/api/v1/namespaces")
    assert refused.value.code == 403


def test_keys_are_for_their_owner_only(one: ClusterInfo) -> None:
    folder = one.kubeconfig.parent
    assert folder.stat().st_mode & 0o077 == 0
    for path in [one.kubeconfig, *folder.glob("pki/*.key"), *folder.glob("pki/*.kubeconfig")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_nodes_and_custom_resources_are_there(one: ClusterInfo) -> None:
    client = KubeClient.of(one.kubeconfig)
    nodes = client.get("/api/v1/nodes")["items"]
    assert [node["metadata"]["name"] for node in nodes] == ["node-1", "node-2"]
    groups = {group["name"] for group in client.get("/apis")["groups"]}
    assert {"gateway.networking.k8s.io", "networking.istio.io", "security.istio.io"} <= groups
    route = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "r"},
        "spec": {"rules": [{"backendRefs": [{"name": "web", "port": "not a number"}]}]},
    }
    with pytest.raises(KubeError, match="port"):
        client.create("/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes", route)


def test_rbac_is_on(one: ClusterInfo) -> None:
    client = KubeClient.of(one.kubeconfig)
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": "system:serviceaccount:default:default",
            "resourceAttributes": {"verb": "list", "resource": "secrets", "namespace": "default"},
        },
    }
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    assert client.create(path, review)["status"]["allowed"] is False


def test_up_again_does_nothing_and_says_so(one: ClusterInfo, clusters: DevClusters, data_dir: Path) -> None:
    again = clusters.up("one")
    assert not again.changed
    assert [part.pid for part in again.parts] == [part.pid for part in one.parts]
    done = fairway(data_dir, "up", "--name", "one")
    assert done.stdout.startswith("cluster one runs already: ")
    assert done.stderr == ""


@pytest.mark.parametrize(("option", "what"), [({"nodes": 7}, "2 nodes, not 7"), ({"port": 1}, "not 1")])
def test_asking_a_running_cluster_to_be_another_is_refused(
    one: ClusterInfo, clusters: DevClusters, option: dict[str, int], what: str
) -> None:
    with pytest.raises(UserError, match=what) as raised:
        clusters.up("one", **option)
    assert "fairway cluster" in str(raised.value.fix)


def test_status_is_for_people_and_for_programs(one: ClusterInfo, data_dir: Path) -> None:
    table = fairway(data_dir, "status", "--name", "one").stdout
    assert table.startswith("cluster one  ready")
    assert all(part in table for part in PARTS)
    as_json = json.loads(fairway(data_dir, "status", "--name", "one", "-o", "json").stdout)
    as_yaml = yaml.safe_load(fairway(data_dir, "status", "--name", "one", "-o", "yaml").stdout)
    assert as_json["phase"] == as_yaml["phase"] == "ready"
    assert [part["pid"] for part in as_json["parts"]] == [part.pid for part in one.parts]
    assert as_json["kubeconfig"] == str(one.kubeconfig)


def test_the_kubeconfig_is_printed_named_or_merged_on_request(one: ClusterInfo, data_dir: Path, tmp_path: Path) -> None:
    assert fairway(data_dir, "kubeconfig", "--name", "one", "--path").stdout == f"{one.kubeconfig}\n"
    assert fairway(data_dir, "kubeconfig", "--name", "one").stdout == one.kubeconfig.read_text()
    mine = tmp_path / "mine"
    fairway(data_dir, "kubeconfig", "--name", "one", "--merge", KUBECONFIG=f"{mine}:/another")
    assert KubeClient.of(mine).get("/version")["gitVersion"] == one.kubernetes


def test_logs_of_one_part_and_of_all(one: ClusterInfo, data_dir: Path) -> None:
    assert "kwok" not in fairway(data_dir, "logs", "kube-scheduler", "--name", "one", "-n", "3").stdout
    every = fairway(data_dir, "logs", "--name", "one", "-n", "1").stdout
    assert "kube-apiserver          | " in every
    wrong = fairway(data_dir, "logs", "nothing", "--name", "one", code=2)
    assert 'no part "nothing"; there are etcd, ' in wrong.stderr


@pytest.mark.parametrize("part", ["kube-scheduler", "etcd", "kube-apiserver"])
def test_a_part_that_dies_is_started_again_and_reported(one: ClusterInfo, clusters: DevClusters, part: str) -> None:
    client = KubeClient.of(one.kubeconfig)
    mark(client, f"before-{part}")
    known = {found.name: found for found in clusters.status("one").parts}
    before = known[part]
    assert before.pid
    identify(before.pid).signal(signal.SIGKILL)

    def after() -> Any:
        found = {found.name: found for found in clusters.status("one").parts}[part]
        return found if found.state == "running" and found.restarts == 1 else None

    found = eventually(after)
    assert found.pid != before.pid
    assert found.last_exit == "signal: killed"
    assert [e.what for e in clusters.status("one").events if e.part == part] == [
        "ended (signal: killed), starting again in 500ms"
    ]

    def answers() -> Any:
        try:
            return client.get(f"{CONFIG_MAPS}/before-{part}")
        except (OSError, KubeError):
            return None

    assert eventually(answers)


def test_two_clusters_run_side_by_side(one: ClusterInfo, clusters: DevClusters, data_dir: Path) -> None:
    (port,) = choose(1)
    two = clusters.up("two", nodes=1, port=port)
    assert two.server == f"https://127.0.0.1:{port}"
    assert {two.context, one.context} == {"devcluster-one", "devcluster-two"}
    mark(KubeClient.of(two.kubeconfig), "only-in-two")
    with pytest.raises(KubeError) as missing:
        KubeClient.of(one.kubeconfig).get(f"{CONFIG_MAPS}/only-in-two")
    assert missing.value.code == 404
    assert [info.name for info in clusters.list()] == ["one", "two"]
    assert "devcluster-two" in fairway(data_dir, "list").stdout


def test_down_leaves_no_process_and_no_file_and_the_other_alone(
    one: ClusterInfo, clusters: DevClusters, data_dir: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    clusters.up("two")
    clusters.merge("two", mine)
    clusters.merge("one", mine)
    processes = [*pids(clusters.status("two")), supervisor(data_dir, "two")]
    assert fairway(data_dir, "down", "--name", "two").stdout.startswith("cluster two is gone")
    assert not any(process.alive() for process in processes)
    assert [path.name for path in (data_dir / "clusters").iterdir()] == ["one"]
    assert [context["name"] for context in yaml.safe_load(mine.read_text())["contexts"]] == ["devcluster-one"]
    assert clusters.status("one").phase == "ready"
    assert fairway(data_dir, "down", "--name", "two").stdout == "there is no cluster two\n"


def test_a_cluster_whose_supervisor_was_killed_comes_back_with_what_was_in_it(
    one: ClusterInfo, clusters: DevClusters, data_dir: Path
) -> None:
    mark(KubeClient.of(one.kubeconfig), "survivor")
    processes = pids(clusters.status("one"))
    supervisor(data_dir, "one").signal(signal.SIGKILL)
    eventually(lambda: not supervisor(data_dir, "one").alive())
    assert fairway(data_dir, "status", "--name", "one", code=1).stdout.startswith("cluster one  stopped")
    back = clusters.up("one")
    assert back.changed
    assert back.server == one.server
    assert not any(process.alive() for process in processes)
    assert KubeClient.of(one.kubeconfig).get(f"{CONFIG_MAPS}/survivor")


def test_reset_empties_the_cluster_and_keeps_its_address(
    one: ClusterInfo, clusters: DevClusters, data_dir: Path
) -> None:
    assert fairway(data_dir, "reset", "--name", "one", "--nodes", "4").stdout.startswith(
        "cluster one is empty and ready"
    )
    client = KubeClient.of(one.kubeconfig)
    assert clusters.status("one").server == one.server
    assert len(client.get("/api/v1/nodes")["items"]) == 4
    names = [item["metadata"]["name"] for item in client.get(CONFIG_MAPS)["items"]]
    assert names == ["kube-root-ca.crt"]


def test_somebody_who_removes_the_folder_by_hand_leaves_no_process(
    one: ClusterInfo, clusters: DevClusters, data_dir: Path
) -> None:
    clusters.up("one")
    others = {info.name for info in clusters.list()} - {"one"}
    processes = [*pids(clusters.status("one")), supervisor(data_dir, "one")]
    (data_dir / "clusters" / "one" / "cluster.json").unlink()
    eventually(lambda: not any(process.alive() for process in processes))
    assert clusters.down("one")
    assert {path.name for path in (data_dir / "clusters").iterdir()} == others


def test_a_cluster_that_cannot_start_says_which_part_and_why(
    clusters: DevClusters, data_dir: Path, tmp_path: Path
) -> None:
    folder = data_dir / "clusters" / "bad" / "etcd"
    folder.parent.mkdir(parents=True)
    folder.write_text("not a folder")
    with pytest.raises(
        Terminal, match=r"(?s)cluster bad did not start: etcd does not start: it ended 4 times.*etcd: "
    ) as raised:
        clusters.up("bad")
    assert "fairway cluster down --name bad" in str(raised.value.fix)
    assert clusters.status("bad").phase == "failed"
    assert not any(part.pid for part in clusters.status("bad").parts)
    assert clusters.down("bad")


def test_without_a_cluster_each_command_says_how_to_start_one(data_dir: Path) -> None:
    for command in ("status", "kubeconfig", "logs", "reset"):
        done = fairway(data_dir, command, "--name", "none", code=2)
        assert "there is no cluster none" in done.stderr
        assert "fairway cluster up --name none" in done.stderr
        assert done.stdout == ""
