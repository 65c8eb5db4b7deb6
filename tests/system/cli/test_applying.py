"""`fairway apply` from a shell's view: what is said where, what is recorded, how it ends."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from tests.support.cli import PROGRAM, Shop, failing, release
from tests.support.clusters import Cluster

pytestmark = pytest.mark.cluster

SCHEMAS = Path(__file__).parents[3] / "docs/spec/schemas"


def check(name: str, data: object) -> None:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    jsonschema.validate(data, schema, format_checker=jsonschema.FormatChecker())


def test_results_go_to_stdout_progress_to_stderr_and_every_document_fits_its_schema(shop: Shop) -> None:
    shop.write([release("web"), release("worker", needs=["web"])])
    first = shop.run("apply", "one", "-o", "json")
    check("apply", first.json)
    assert [r["outcome"] for r in first.json["environments"][0]["releases"]] == ["installed", "installed"]
    assert "2 installed" in first.err
    deployment = first.json["environments"][0]["deployment"]
    assert f"more: fairway show {deployment[:10]}" in first.err
    assert "\x1b" not in first.err

    assert "2 changes" in shop.run("show", deployment[:10]).out
    check("status", (status := shop.run("status", "one", "-o", "json")).json)
    assert status.err == ""
    assert [r["chart"] for r in status.json["environments"][0]["releases"]] == ["app-1.0.0", "app-1.0.0"]
    check("history", (history := shop.run("history", "one", "web", "-o", "json")).json)
    assert history.json["revisions"][0]["status"] == "deployed"
    check("deployments", shop.run("log", "one", "-o", "json").json)

    shop.write([release("web", "1.1"), release("worker", needs=["web"])])
    check("why", (why := shop.run("why", "one", "web", "-o", "json")).json)
    (changed,) = why.json["values"]
    assert (changed["key"], changed["old"], changed["new"]) == ("image.tag", "1.0", "1.1")
    assert changed["where"].startswith("releases.yaml:")
    check("plan", (plan := shop.run("plan", "one", "-o", "json", "--exit-code", code=1)).json)
    assert plan.json["summary"]["restarts"] == 1


def test_a_failed_change_is_explained_and_stops_only_those_who_need_it(shop: Shop) -> None:
    shop.write([failing("bad", log="panic: no database"), release("good"), release("after", needs=["bad"])])
    done = shop.run("apply", "one", "-o", "json", code=1)
    check("apply", done.json)
    assert {r["name"]: r["outcome"] for r in done.json["environments"][0]["releases"]} == {
        "bad": "failed",
        "good": "installed",
        "after": "not started",
    }
    for words in ("panic: no database", "not started: needs bad", "try again: fairway apply one -r after,bad"):
        assert words in done.err
    assert done.err.rstrip().endswith("exit code 1")
    failed = shop.run("log", "--failed").out
    assert "one bad" in failed
    assert "good" not in failed
    status = shop.run("status", "one", "--exit-code", code=1).out
    assert "why: fairway show" in status


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_says_what_was_cut_short_and_how_to_go_on(shop: Shop, by: signal.Signals) -> None:
    slow = release("slow", annotations={"devcluster.fairway.dev/ready-after": "120s"})
    shop.write([slow, release("after", needs=["slow"])])
    done = shop.stopped("apply", "one", when=lambda text: "installing" in text, by=by)
    assert done.code == 130
    assert "slow" in done.err
    assert "interrupted: 0 done, 1 cut short, 1 not begun" in done.err
    assert "go on: fairway apply one" in done.err
    assert "Traceback" not in done.err
    assert "interrupted" in shop.run("log", "one").out
    assert "pending" not in shop.run("status", "one", "-o", "json").out

    shop.write([release("slow"), release("after", needs=["slow"])])
    assert "2 installed" in shop.run("apply", "one").err.replace("1 installed, 1 upgraded", "2 installed")


def test_a_killed_apply_is_told_and_healed(shop: Shop, cluster: Cluster, namespace: str) -> None:
    def is_stored(_: str) -> bool:
        secrets = cluster.client.get(f"/api/v1/namespaces/{namespace}/secrets")["items"]
        return any(one["metadata"]["name"].startswith("sh.helm.release.v1.slow") for one in secrets)

    shop.write([release("slow", annotations={"devcluster.fairway.dev/ready-after": "120s"})])
    shop.stopped("apply", "one", when=is_stored, by=signal.SIGKILL)
    assert "the process that carried it out ended" in shop.run("log", "one").out
    assert "pending-install" in shop.run("status", "one").out
    assert "recover" in shop.run("plan", "one").out
    shop.write([release("slow")])
    shop.run("apply", "one")
    (row,) = shop.run("status", "one", "-o", "json").json["environments"][0]["releases"]
    assert (row["status"], row["health"]) == ("deployed", "healthy")


def test_one_environment_that_can_not_be_applied_does_not_keep_the_others(shop: Shop) -> None:
    shop.write([release("web")])
    here = shop.namespaces[0]
    guard = '{{ if eq .Release.Namespace "' + here + '" }}{{ fail "not here" }}{{ end }}'
    shop.put("charts/app/templates/guard.yaml", guard)
    done = shop.run("apply", "-c", "real", "-o", "json", code=None)
    check("apply", done.json)
    first, second = done.json["environments"]
    assert "not here" in done.err
    assert first["exitCode"] != 0
    assert second["releases"][0]["outcome"] == "installed"
    assert done.code == done.json["exitCode"] != 0


def test_names_of_releases_may_be_in_some_of_the_environments(shop: Shop) -> None:
    shop.write([release("web")])
    unknown = shop.run("apply", "-c", "real", "-r", "wbe", code=2)
    assert 'did you mean "web"?' in unknown.err
    assert "installed" in shop.run("apply", "-c", "real", "-r", "web").err


def test_github_actions_gets_groups_and_annotations(shop: Shop) -> None:
    shop.write([failing("bad", log="::error::from the pod")])
    err = shop.run("apply", "one", code=1, env={"GITHUB_ACTIONS": "true"}).err
    lines = err.splitlines()
    assert sum(line.startswith("::group::") for line in lines) == 1
    assert "::endgroup::" in lines
    (annotation,) = [line for line in lines if line.startswith("::error ")]
    assert "title=one/bad failed" in annotation
    assert not any(line.lstrip().startswith("::error::") for line in lines)


def test_a_header_says_which_commit_and_whether_files_differ(shop: Shop) -> None:
    shop.write([release("web")])
    assert "commit" not in shop.run("apply", "one").err
    shop.commit("The shop opens")
    assert '"The shop opens"' in shop.run("apply", "one").err
    shop.write([release("web", "1.1")])
    assert "with uncommitted changes" in shop.run("plan", "one").out
    assert "with uncommitted changes" in shop.run("apply", "one").err
    assert "with uncommitted changes" in shop.run("log", "one").out


def test_quiet_leaves_the_closing_line(shop: Shop) -> None:
    shop.write([release("web")])
    (line,) = shop.run("apply", "one", "-q").err.splitlines()
    assert line.startswith("1 installed in ")


def test_a_protected_environment_asks_for_its_name_and_refuses_where_nobody_answers(shop: Shop) -> None:
    shop.write([release("web")])
    text = (shop.folder / "environments.yaml").read_text()
    shop.put("environments.yaml", text.replace("- clusterName: real", "- protected: true\n  clusterName: real"))
    for words in (("apply", "one"), ("rollback", "one", "web"), ("uninstall", "one", "web")):
        refused = shop.run(*words, code=3)
        assert "is protected" in refused.err
        assert "--yes" in refused.err
    assert "1 installed" in shop.run("apply", "one", "--yes").err
    assert "1 uninstalled" in shop.run("uninstall", "one", "web", "--yes").err


def test_a_pipe_that_ends_early_is_no_error(shop: Shop) -> None:
    shop.write([release("web")])
    shop.run("apply", "one", "-q")
    read, write = os.pipe()
    os.close(read)
    for words in (["render", "one"], ["status", "one"], ["plan", "one", "-o", "json"], ["log"], ["--help"]):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *words],
            cwd=shop.folder,
            env=shop.environment(),
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, ""), words
    os.close(write)


def test_a_ledger_that_is_away_costs_a_warning(shop: Shop) -> None:
    shop.write([release("web")])
    done = shop.run("apply", "one", env={"FAIRWAY_LEDGER_URL": "postgresql://u:canary@127.0.0.1:1/x"})
    assert "1 installed" in done.err
    assert "the ledger did not take the record" in done.err
    assert "canary" not in done.err
    shop.write([release("web", "1.1")])
    unwritable = shop.run("apply", "one", env={"FAIRWAY_DATA_DIR": "/dev/null/nowhere"})
    assert "1 upgraded" in unwritable.err
    assert "spool can't be written" in unwritable.err
