"""When a wait ends, what it costs, and what it says."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.unit.services.waiting.conftest import Cluster, crashing, creating

from fairway.domain.health import HealthRule
from fairway.domain.manifests.objects import ref_of
from fairway.services.engine.session import Unhealthy
from fairway.services.waiting import needs_wait, open_waiter


async def test_what_is_healthy_in_its_answer_costs_nothing(cluster: Cluster) -> None:
    config = await cluster.put("v1", "ConfigMap", "settings", data={})
    idle = await cluster.deployment(0)
    assert not needs_wait(config)
    assert not needs_wait(idle)
    cluster.kube.requests.clear()
    await cluster.wait(config, idle)
    assert cluster.kube.requests == {}
    assert cluster.said == []


async def test_a_wait_ends_when_the_watch_says_so(cluster: Cluster) -> None:
    obj = await cluster.deployment()
    await cluster.wait(obj, then=lambda: cluster.rolled_out(obj))
    assert cluster.kube.requests["watch"] == 3
    assert cluster.kube.requests["get"] == 0


async def test_many_releases_share_the_watches(cluster: Cluster) -> None:
    objects = [await cluster.deployment(name=f"web-{n}") for n in range(50)]
    async with open_waiter(cluster.kube, now=cluster.clock) as waiter:
        waits = [
            waiter.until_healthy([(ref_of(obj), obj)], timeout=timedelta(seconds=20), on_progress=cluster.said.append)
            for obj in objects
        ]
        waiting = asyncio.gather(*waits)
        await asyncio.sleep(0.05)
        for obj in objects:
            cluster.rolled_out(obj)
        await waiting
    assert cluster.kube.requests["watch"] == 3
    assert cluster.kube.requests["get"] == 0


async def test_an_older_state_on_the_watch_does_not_count(cluster: Cluster) -> None:
    old = await cluster.deployment()
    cluster.rolled_out(old)
    new = await cluster.deployment(image="2")
    # The status still is that of the generation before.
    error = await cluster.fail(new, seconds=0.2)
    assert error.timed_out
    assert "its controller has not seen the change yet" in error.message


async def test_progress_names_the_first_pod_that_is_not_ready(cluster: Cluster) -> None:
    obj = await cluster.deployment()
    current = await cluster.replica_set(obj, "1")
    await cluster.pod("web-a", current, {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]})
    await cluster.pod("web-b", current, creating())
    cluster.rolled_out(obj, ready=1)
    await cluster.wait(obj, then=lambda: cluster.rolled_out(obj))
    assert "1 of 2 pods ready; web-b starting" in cluster.said


async def test_progress_counts_the_objects_that_are_missing(cluster: Cluster) -> None:
    objects = [await cluster.deployment(name=name) for name in ("web", "api", "db")]
    error = await cluster.fail(*objects, seconds=0.2)
    assert cluster.said == ["Deployment web: its controller has not seen the change yet; and 2 more"]
    assert error.message.startswith("not ready after 0.2 s: Deployment web: its controller")
    assert "Deployment db" in error.message


async def test_a_crash_loop_ends_the_wait_with_its_last_log_lines(cluster: Cluster) -> None:
    obj = await cluster.deployment()
    current = await cluster.replica_set(obj, "1")
    await cluster.pod("web-a", current, crashing())
    cluster.rolled_out(obj, ready=0)
    cluster.kube.logs["shop", "web-a", "app", True] = "\n".join(f"line {n}" for n in range(9)) + "\n\n"
    error = await cluster.fail(obj)
    assert error.message == "pod web-a, container app: CrashLoopBackOff, exit code 1, 3 restarts"
    assert error.lines == tuple(f"  line {n}" for n in range(4, 9))


async def test_log_lines_are_masked_and_cut(cluster: Cluster) -> None:
    obj = await cluster.deployment()
    current = await cluster.replica_set(obj, "1")
    await cluster.pod("web-a", current, crashing())
    cluster.rolled_out(obj, ready=0)
    cluster.kube.logs["shop", "web-a", "app", True] = f"password geheim {'x' * 500}"
    error = await cluster.fail(obj, mask=lambda text: text.replace("geheim", "***"))
    assert error.lines[0].startswith("  password *** xxx")
    assert error.lines[0].endswith("…")
    assert len(error.lines[0]) < 260


async def test_a_pod_of_an_older_state_does_not_end_the_wait(cluster: Cluster) -> None:
    obj = await cluster.deployment(revision="2")
    old, _ = await cluster.replica_set(obj, "1"), await cluster.replica_set(obj, "2")
    await cluster.pod("web-old", old, crashing())
    cluster.rolled_out(obj, ready=1)
    await cluster.wait(obj, then=lambda: cluster.rolled_out(obj))


async def test_which_replica_set_is_current_is_not_guessed_before_the_controller_says_so(cluster: Cluster) -> None:
    obj = await cluster.deployment(revision="1")
    await cluster.pod("web-old", await cluster.replica_set(obj, "1"), crashing())
    cluster.rolled_out(obj)
    changed = await cluster.deployment(image="2", revision="1")
    error = await cluster.fail(changed, seconds=0.2)
    assert error.timed_out


@pytest.mark.parametrize(("kind", "label"), [("StatefulSet", "r1"), ("StatefulSet", "r2")])
async def test_only_pods_of_the_update_revision_of_a_stateful_set_count(
    cluster: Cluster, kind: str, label: str
) -> None:
    obj = await cluster.put("apps/v1", kind, "db", spec={"replicas": 1})
    await cluster.pod("db-0", obj, crashing(), labels={"controller-revision-hash": label})
    status = {"observedGeneration": 1, "replicas": 1, "updateRevision": "r2", "currentRevision": "r1"}
    cluster.kube.set_status(ref_of(obj), status)
    error = await cluster.fail(obj, seconds=0.3)
    assert error.timed_out is (label == "r1")


@pytest.mark.parametrize("generation", ["1", "2"])
async def test_only_pods_of_the_newest_template_of_a_daemon_set_count(cluster: Cluster, generation: str) -> None:
    annotations = {"deprecated.daemonset.template.generation": "2"}
    obj = await cluster.put("apps/v1", "DaemonSet", "agent", spec={}, annotations=annotations)
    await cluster.pod("agent-x", obj, crashing(), labels={"pod-template-generation": generation})
    error = await cluster.fail(obj, seconds=0.3)
    assert error.timed_out is (generation == "1")


async def test_evicted_pods_are_replaced_but_three_are_no_accident(cluster: Cluster) -> None:
    obj = await cluster.deployment()
    current = await cluster.replica_set(obj, "1")
    cluster.rolled_out(obj, ready=1)
    for n in range(2):
        await cluster.pod(f"web-{n}", current, {"phase": "Failed", "reason": "Evicted", "message": "low on memory"})
    assert (await cluster.fail(obj, seconds=0.2)).timed_out
    await cluster.pod("web-2", current, {"phase": "Failed", "reason": "Evicted", "message": "low on memory"})
    assert (await cluster.fail(obj)).message == "pod web-2: Evicted: low on memory"


async def test_a_job_counts_its_failed_runs_itself(cluster: Cluster) -> None:
    job = await cluster.put("batch/v1", "Job", "migrate", spec={})
    await cluster.pod("migrate-1", job, crashing())
    done = {"conditions": [{"type": "Complete", "status": "True"}]}
    await cluster.wait(job, then=lambda: cluster.kube.set_status(ref_of(job), done) and None)


async def test_a_failed_job_tells_of_its_last_pod(cluster: Cluster) -> None:
    job = await cluster.put("batch/v1", "Job", "migrate", spec={})
    ended = {"name": "app", "state": {"terminated": {"exitCode": 7, "reason": "Error"}}}
    await cluster.pod("migrate-1", job, {"phase": "Failed", "containerStatuses": [ended]})
    cluster.kube.logs["shop", "migrate-1", "app", False] = "no route to database"
    failed = {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]}
    error = await cluster.fail(job, then=lambda: cluster.kube.set_status(ref_of(job), failed) and None)
    assert error.message == "Job migrate: BackoffLimitExceeded; pod migrate-1, container app: Error, exit code 7"
    assert error.lines == ("  no route to database",)


async def test_a_volume_that_cannot_be_mounted_is_told_by_events_after_the_grace(cluster: Cluster) -> None:
    obj = await cluster.deployment()
    current = await cluster.replica_set(obj, "1")
    stuck = await cluster.pod("web-a", current, creating())
    await cluster.event(stuck, "FailedMount", 'secret "tls" not found')
    cluster.rolled_out(obj, ready=0)
    assert (await cluster.fail(obj, seconds=0.2)).timed_out
    cluster.later(25)
    assert (await cluster.fail(obj)).message == 'pod web-a: FailedMount: secret "tls" not found'


async def test_a_controller_that_cannot_create_pods_is_told_by_its_events(cluster: Cluster) -> None:
    obj = await cluster.put("apps/v1", "StatefulSet", "db", spec={"replicas": 1})
    await cluster.event(obj, "FailedCreate", "exceeded quota")

    async def time_passes() -> None:
        for n in range(5):
            cluster.later(12)
            cluster.kube.set_status(ref_of(obj), {"touched": n})
            await asyncio.sleep(0.02)

    error = await cluster.fail(obj, then=time_passes)
    assert error.message == "StatefulSet db: FailedCreate: exceeded quota"


async def test_a_claim_is_lost_only_when_it_stays_so(cluster: Cluster) -> None:
    """The volume controller says so, too, of a volume that it has not seen yet."""
    claim = await cluster.put("v1", "PersistentVolumeClaim", "data", {"phase": "Lost"}, spec={})
    assert (await cluster.fail(claim, seconds=0.2)).timed_out
    failed = await cluster.fail(claim, then=lambda: cluster.later(30))
    assert not failed.timed_out
    assert "its volume is lost" in failed.message


async def test_a_claim_that_waits_for_its_first_pod_is_done(cluster: Cluster) -> None:
    claim = await cluster.put("v1", "PersistentVolumeClaim", "data", {"phase": "Pending"}, spec={})
    assert (await cluster.fail(claim, seconds=0.2)).timed_out
    await cluster.event(claim, "WaitForFirstConsumer", "waiting", kind="Normal")
    await cluster.wait(claim)


async def test_an_object_that_is_deleted_ends_the_wait(cluster: Cluster) -> None:
    obj = await cluster.deployment()

    async def delete() -> None:
        await cluster.kube.delete(ref_of(obj))

    error = await cluster.fail(obj, then=delete)
    assert error.message == "Deployment web: was deleted while it was waited for"


async def test_a_timeout_brings_the_events_of_what_is_missing(cluster: Cluster) -> None:
    obj = await cluster.deployment()
    current = await cluster.replica_set(obj, "1")
    pod = await cluster.pod("web-a", current, {"phase": "Running", "conditions": []})
    await cluster.event(pod, "Unhealthy", "Readiness probe failed")
    cluster.rolled_out(obj, ready=1)
    error = await cluster.fail(obj, seconds=0.2)
    assert error.message == "not ready after 0.2 s: Deployment web: 1 of 2 pods ready; web-a not ready yet"
    assert error.lines == ("  Unhealthy: Readiness probe failed",)


async def test_a_rule_of_the_release_decides(cluster: Cluster) -> None:
    config = await cluster.put("v1", "ConfigMap", "settings", data={"state": "cold"})
    rules = [HealthRule("ConfigMap", "data.state", ("warm",))]
    assert "data.state is cold, waiting for warm" in (await cluster.fail(config, rules=rules, seconds=0.2)).message

    async def warm() -> None:
        await cluster.put("v1", "ConfigMap", "settings", data={"state": "warm"})

    await cluster.wait(config, rules=rules, then=warm)


async def test_a_release_that_fails_does_not_disturb_the_others(cluster: Cluster) -> None:
    good, bad = await cluster.deployment(name="good"), await cluster.deployment(name="bad")
    await cluster.pod("bad-1", await cluster.replica_set(bad, "1"), crashing())
    cluster.rolled_out(bad, ready=0)
    async with open_waiter(cluster.kube, now=cluster.clock) as waiter:
        first, second = (
            asyncio.ensure_future(
                waiter.until_healthy([(ref_of(o), o)], timeout=timedelta(seconds=20), on_progress=cluster.said.append)
            )
            for o in (good, bad)
        )
        with pytest.raises(Unhealthy):
            await second
        cluster.rolled_out(good)
        await first
