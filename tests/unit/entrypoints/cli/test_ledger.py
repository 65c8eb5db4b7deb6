"""`fairway log`, `show` and `ledger`, as they are called."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from tests.support.deployments import a_deployment, a_log, a_run

from fairway import wiring
from fairway.adapters.sql.schema import REVISIONS
from fairway.domain.deployments.journal import Record
from fairway.domain.deployments.record import ChangeKind
from fairway.domain.deployments.status import State
from fairway.entrypoints.cli.main import run
from fairway.settings import load_settings

FIRST = a_run(-7200, subject="orders 1.4.2", branch="main")
SECOND = a_run(-60, user="ben", commit="", reason="drift")
ORDERS = a_deployment(FIRST, -7199, release="orders", labels={})
WEB = a_deployment(FIRST, -7198)
STAGE = a_deployment(SECOND, -59, environment="stage", action=ChangeKind.CORRECT, chart_version_before="1.9.1")

SCHEMA = jsonschema.Draft202012Validator(
    json.loads((Path(__file__).parents[4] / "docs/spec/schemas/deployments.schema.json").read_text())
)

RECORDS: list[Record] = [
    FIRST,
    ORDERS,
    WEB,
    *a_log(ORDERS, State.QUEUED, State.IN_PROGRESS, State.SUCCESS, start=-7199, revision=12),
    *a_log(
        WEB,
        State.QUEUED,
        State.IN_PROGRESS,
        State.FAILURE,
        start=-7198,
        description="pod web-7d9f, container app: CrashLoopBackOff\n  panic: no database",
    ),
    SECOND,
    STAGE,
    *a_log(STAGE, State.QUEUED, State.IN_PROGRESS, start=-59),
]


class Answer:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which nothing was deployed yet."""
    monkeypatch.setenv("FAIRWAY_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("FAIRWAY_LEDGER_URL", raising=False)
    return tmp_path


@pytest.fixture
def filled(empty: Path) -> Path:
    """Two runs in the spool of a process that still lives."""
    spool = wiring.ledger_spool(load_settings())
    spool.append(RECORDS)
    return empty


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Any:
    def fairway(*arguments: str) -> Answer:
        code = run(arguments)
        out, err = capsys.readouterr()
        return Answer(code, out, err)

    return fairway


class TestLog:
    def test_one_line_per_deployment_newest_first_below_its_run(self, filled: Path, call: Any) -> None:
        lines = call("log").out.splitlines()
        assert len(lines) == 6
        stage_run, stage, gap, first_run, web, orders = lines
        assert stage_run.endswith("ago · ben · apply · drift")
        assert stage.split() == ["⠿", "stage", "web", "correct", "1.9.1", STAGE.id[:8], "in", "progress"]
        assert gap == ""
        assert first_run.endswith('ago · anna · apply · 3f2c1ab "orders 1.4.2"')
        assert web.split()[:6] == ["✗", "prod", "web", "upgrade", "1.9.0", "→"]
        assert web.endswith("failed after 1.0 s: pod web-7d9f, container app: CrashLoopBackOff")
        assert orders.endswith("revision 12 in 1.0 s")

    @pytest.mark.parametrize(
        ("arguments", "ids"),
        [
            (["prod"], [WEB.id, ORDERS.id]),
            (["prod", "orders"], [ORDERS.id]),
            (["--failed"], [WEB.id]),
            (["-n", "1"], [STAGE.id]),
            (["--since", "1000w"], [STAGE.id, WEB.id, ORDERS.id]),
            (["--before", WEB.id], [ORDERS.id]),
            (["nowhere"], []),
        ],
    )
    def test_it_can_be_narrowed(self, filled: Path, call: Any, arguments: list[str], ids: list[str]) -> None:
        assert [deployment["id"] for deployment in call("log", *arguments, "-o", "json").json["deployments"]] == ids

    def test_pages_go_on_where_the_one_before_ended(self, filled: Path, call: Any) -> None:
        first = call("log", "-n", "2", "-o", "json").json
        assert call("log", "--before", first["next"], "-o", "json").json["deployments"][0]["id"] == ORDERS.id
        assert f"--before {WEB.id[:8]}" in call("log", "-n", "2").err

    def test_yaml_says_the_same_as_json(self, filled: Path, call: Any) -> None:
        assert yaml.safe_load(call("log", "-o", "yaml").out) == call("log", "-o", "json").json

    def test_the_output_for_scripts_keeps_to_its_schema(self, filled: Path, call: Any) -> None:
        SCHEMA.validate(call("log", "-o", "json").json)
        SCHEMA.validate(call("show", FIRST.id, "-o", "json").json)

    def test_an_age_that_is_none_is_refused(self, filled: Path, call: Any) -> None:
        answer = call("log", "--since", "yesterday")
        assert answer.code == 2
        assert "30m, 2h, 3d" in answer.err

    @pytest.mark.parametrize(
        ("arguments", "hint"),
        [
            ([], "nothing was deployed yet: fairway apply ENV"),
            (["prod", "web"], "nothing was deployed to prod web yet"),
            (["--failed"], "without restrictions: fairway log"),
        ],
    )
    def test_an_empty_log_says_what_to_do(self, empty: Path, call: Any, arguments: list[str], hint: str) -> None:
        answer = call("log", *arguments)
        assert (answer.code, answer.out) == (0, "")
        assert hint in answer.err

    def test_without_a_ledger_it_says_why(self, empty: Path, call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FAIRWAY_LEDGER_URL", "none")
        answer = call("log")
        assert answer.code == 2
        assert "FAIRWAY_LEDGER_URL is none" in answer.err

    def test_escapes_from_a_pods_log_do_not_reach_the_terminal(self, empty: Path, call: Any) -> None:
        wiring.ledger_spool(load_settings()).append(
            [FIRST, WEB, *a_log(WEB, State.FAILURE, description="\x1b[2J\x1b]0;x\x07boom")]
        )
        assert "\x1b" not in call("log").out + call("show", WEB.id).out
        assert "boom" in call("log").out


class TestShow:
    def test_everything_about_one(self, filled: Path, call: Any) -> None:
        out = call("show", WEB.id[:10]).out
        for expected in [
            "✗ web in prod: upgrade, failed after 1.0 s",
            WEB.id,
            "anna on desk",
            "fairway apply prod",
            '3f2c1ab "orders 1.4.2" on main',
            "cluster eu-1, namespace shop",
            "upgrade web 1.9.0 → 1.9.1",
            "web-team",
            "with 1 more deployment",
            "panic: no database",
            "1 changed, 1 created",
            "+ ConfigMap web-5f9c",
            "fairway apply prod -r web",
            f"fairway show {FIRST.id}",
        ]:
            assert expected in out

    def test_a_success_tells_how_to_undo_it(self, filled: Path, call: Any) -> None:
        out = call("show", ORDERS.id).out
        assert "11 → 12" in out
        assert "fairway rollback prod orders" in out
        assert "try again" not in out

    def test_a_run_shows_all_of_it_and_how_to_try_again(self, filled: Path, call: Any) -> None:
        out = call("show", FIRST.id).out
        assert "1 of 2 changes failed" in out
        assert "fairway apply prod -r web" in out
        assert out.index(ORDERS.id[:8]) < out.index(WEB.id[:8])

    def test_for_scripts_it_is_the_entry_of_the_log(self, filled: Path, call: Any) -> None:
        [shown] = call("show", WEB.id, "-o", "json").json["deployments"]
        assert shown in call("log", "-o", "json").json["deployments"]

    def test_an_unknown_id_is_a_mistake_with_the_newest_named(self, filled: Path, call: Any) -> None:
        answer = call("show", "7ZZ")
        assert answer.code == 2
        assert "stage web  correct  in_progress" in answer.err


class TestLedger:
    def test_its_state(self, filled: Path, call: Any) -> None:
        before = call("ledger", "status")
        assert "nothing was recorded yet" in before.out
        assert "bytes in 1 file" in before.out
        assert not (filled / "ledger.db").exists()
        call("log")
        after = call("ledger", "status", "-o", "json").json
        assert (after["deployments"], after["unfinished"], after["reachable"]) == (3, 1, True)
        assert after["spool"]["files"] == 1

    def test_a_ledger_that_is_away(self, empty: Path, call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FAIRWAY_LEDGER_URL", "postgresql://anna:hunter2@127.0.0.1:1/db")
        seen = call("ledger", "status", "-o", "json").json
        assert seen["reachable"] is False
        assert "can't be reached" in seen["problem"]
        answer = call("log")
        assert answer.code == 4
        assert "hunter2" not in answer.err + json.dumps(seen)

    def test_replaying_says_what_it_did(self, filled: Path, call: Any) -> None:
        assert "13 records of 1 file, 8 statuses were new" in call("ledger", "replay").err
        assert "0 statuses were new" in call("ledger", "replay").err

    def test_what_could_not_be_read_is_named(self, filled: Path, call: Any) -> None:
        folder = next((filled / "spool").iterdir())
        (folder / "0000000000000001-1.jsonl").write_bytes(b"what?\n")
        assert "unreadable" in call("log").err
        assert "0000000000000001-1.jsonl.unreadable" in call("ledger", "status").out

    def test_migrating_twice(self, empty: Path, call: Any) -> None:
        assert f"made the schema, {REVISIONS[-1]}" in call("ledger", "migrate").err
        assert f"schema {REVISIONS[-1]} is up to date" in call("ledger", "migrate").err

    def test_the_export_has_a_line_for_each(self, filled: Path, call: Any) -> None:
        exported = [json.loads(line) for line in call("ledger", "export").out.splitlines()]
        assert exported == call("log", "-o", "json").json["deployments"]

    def test_a_ledger_of_a_newer_fairway_is_refused(self, filled: Path, call: Any) -> None:
        call("log")
        with sqlite3.connect(filled / "ledger.db") as connection:
            connection.execute("UPDATE fairway_schema SET version_num = '9999'")
        answer = call("log")
        assert answer.code == 3
        assert "has schema 9999" in answer.err
