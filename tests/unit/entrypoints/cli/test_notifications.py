"""`fairway notifications`, as it is called."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from fairway.domain.notifications.delivery import DeliveryQuery
from fairway.entrypoints.cli.main import run
from fairway.settings import load_settings
from fairway.wiring.notifications import delivery_log

SCHEMAS = Path(__file__).parents[4] / "docs/spec/schemas"


class Answer:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


class Hook:
    """A receiver of webhooks on loopback; `status` is what it answers."""

    def __init__(self) -> None:
        self.status = 200
        self.bodies: list[dict[str, Any]] = []
        self.url = ""


@pytest.fixture
def hook() -> Iterator[Hook]:
    found = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(found.status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    found.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def call(tmp_path: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.setenv("FAIRWAY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("FAIRWAY_USER", "anna")
    monkeypatch.delenv("FAIRWAY_LEDGER_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    channels = f"[{{name: team, webhook: {{url: '{hook.url}'}}}}, {{name: log, log: {{}}}}]"
    (tmp_path / "fairway.yaml").write_text(f"notifications: {{channels: {channels}}}\n")

    def called(*arguments: str) -> Answer:
        code = run(["notifications", *arguments])
        out, err = capsys.readouterr()
        return Answer(code, out, err)

    return called


def ids() -> list[str]:
    async def ask() -> list[str]:
        log = await delivery_log(load_settings())
        found = await log.find(DeliveryQuery(limit=100))
        await log.close()
        return [one.id for one in found]

    return asyncio.run(ask())


def test_a_test_says_that_it_is_one(call: Any, hook: Hook) -> None:
    answer = call("test", "team")
    assert (answer.code, answer.out) == (0, "delivered to team: 200\n")
    [body] = hook.bodies
    assert body["title"] == "A test of the channel team, asked for by anna"
    assert body["events"][0]["kind"] == "channel.test"
    jsonschema.validate(body, json.loads((SCHEMAS / "notification.schema.json").read_text()))


def test_a_test_that_fails_says_why_and_is_kept(call: Any, hook: Hook) -> None:
    hook.status = 403
    answer = call("test", "team")
    assert answer.code == 1
    assert "nothing arrived at team: 127.0.0.1" in answer.err
    assert "answers 403" in answer.err
    assert "check the secret" in answer.err
    listed = call("list", "--failed")
    assert "failed" in listed.out
    assert "answers 403" in listed.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("test", "nobody"), 'no channel "nobody"'),
        (("test", "team", "--to", "#shop"), "has one place only"),
        (("show", "01ZZ"), 'no delivery "01ZZ": nothing was sent yet'),
        (("resend", "what?"), 'no delivery "what?"'),
    ],
)
def test_what_is_not_there_is_said(call: Any, arguments: tuple[str, ...], says: str) -> None:
    answer = call(*arguments)
    assert answer.code == 2
    assert says in answer.err


def test_the_list_is_newest_first_and_can_be_narrowed(call: Any, hook: Hook) -> None:
    call("test", "team")
    call("test", "log")
    hook.status = 500
    call("test", "team")
    lines = call("list").out.splitlines()
    assert lines[0].split() == ["ID", "SENT", "CHANNEL", "STATE", "MESSAGE"]
    assert ["failed" in line for line in lines[1:]] == [True, False, False]
    assert len(call("list", "--failed").out.splitlines()) == 2
    assert len(call("list", "--channel", "log").out.splitlines()) == 2
    assert call("list", "--channel", "nobody").err == "nothing that fits\n"
    assert len(call("list", "-n", "1").out.splitlines()) == 2
    assert len(call("list", "--before", ids()[0]).out.splitlines()) == 3


def test_an_empty_list_says_so(call: Any) -> None:
    assert call("list").err == "nothing was sent yet\n"


def test_the_list_as_json_keeps_its_contract(call: Any, hook: Hook) -> None:
    hook.status = 503
    call("test", "team")
    document = json.loads(call("list", "-o", "json").out)
    jsonschema.validate(document, json.loads((SCHEMAS / "deliveries.schema.json").read_text()))
    [one] = document["deliveries"]
    assert (one["channel"], one["state"], len(one["attempts"])) == ("team", "failed", 1)


def test_one_message_in_full(call: Any) -> None:
    call("test", "team")
    [id_] = ids()
    shown = call("show", id_[:12]).out
    assert shown.startswith(f"team: delivered\n  id        {id_}\n")
    assert "attempt   1: ok, 200" in shown
    assert '"kind":"Notification"' in shown
    document = json.loads(call("show", id_, "-o", "json").out)
    assert document["deliveries"][0]["id"] == id_


def test_what_did_not_arrive_can_be_sent_again(call: Any, hook: Hook) -> None:
    hook.status = 500
    call("test", "team")
    [first] = ids()
    assert f"once more: fairway notifications resend {first}" in call("show", first).out
    hook.status = 200
    assert call("resend", first).code == 0
    again, _ = ids()
    assert [body["title"] for body in hook.bodies] == [hook.bodies[0]["title"]] * 2
    assert f"repeats   {first}" in call("show", again).out


def test_a_start_that_several_share_is_answered_with_them(call: Any) -> None:
    call("test", "log")
    call("test", "log")
    answer = call("show", "01")
    assert answer.code == 2
    assert all(id_ in answer.err for id_ in ids())


def test_without_a_ledger_nothing_is_remembered(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRWAY_LEDGER_URL", "none")
    assert call("test", "log").code == 0
    assert "nothing is remembered" in call("list").err
