"""The demo as `make demo ONCE=1` runs it: on a control plane of its own, to its end, and away again."""

import json
from pathlib import Path

import pytest
from tests.system.demo.conftest import Run


@pytest.mark.cluster
@pytest.mark.timeout(600)
def test_the_demo_tells_its_story_and_leaves_a_cluster_to_play_with(run: Run, tmp_path: Path) -> None:
    told = run("fairway.entrypoints.demo", "--once")
    assert told.returncode == 0, told.stdout + told.stderr
    for step in (
        "$ fairway apply staging",
        "shop/orders:1.4.1 → shop/orders:1.4.2",
        "changed by kubectl-set",
        "was deleted",
        "Rollback to 1",
        "$ fairway agent --config fairway.yaml &",
        "#shop │ ✅ prod: orders upgraded",
        "panic: nil map in cart.Total",
        "Upgrade orders to 1.4.3 in prod",
        "1.4.4   not chosen: held: rolled back",
        "make demo-down" if (tmp_path / "start" / "Makefile").exists() else "--down",
    ):
        assert step in told.stdout
    for line in ("panic: DATABASE_URL is not set", "not started: needs orders", "2 corrected, 8 unchanged"):
        assert line in told.stderr

    # The chart repository is gone with the demo; the commands that it suggests work all the same.
    status = run("fairway", "status", "prod", "-o", "json", "--exit-code", folder=".demo/shop")
    assert status.returncode == 0, status.stderr
    assert "search" in status.stdout
    unchanged = run("fairway", "apply", "prod", "-o", "json", folder=".demo/shop")
    assert unchanged.returncode == 0, unchanged.stderr
    assert json.loads(unchanged.stdout)
    failed = run("fairway", "log", "--failed", folder=".demo/shop")
    assert "orders 1.5.0, payments 3.1.0" in failed.stdout

    down = run("fairway.entrypoints.demo", "--down")
    assert down.returncode == 0
    assert not (tmp_path / "start" / ".demo").exists()
    assert "no demo to stop" in run("fairway.entrypoints.demo", "--down").stdout
