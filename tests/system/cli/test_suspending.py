"""`fairway suspend` and `fairway resume` on a real cluster: two people, and every door between them."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import jsonschema
import pytest
import yaml
from tests.support.cli import Shop, release

pytestmark = pytest.mark.cluster

SCHEMAS = Path(__file__).parents[3] / "docs/spec/schemas"
BOB = {"FAIRWAY_USER": "bob"}


def check(name: str, data: object) -> None:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    jsonschema.validate(data, schema, format_checker=jsonschema.FormatChecker())


def test_what_one_suspends_everybody_leaves_alone_until_it_is_resumed(shop: Shop) -> None:
    shop.write([release("web"), release("worker")])
    shop.run("apply", "one")
    made = shop.run("suspend", "one", "web", "--reason", "database move", "--for", "2h", "-o", "json")
    check("suspensions", made.json)
    shop.write([release("web", "1.1"), release("worker", "1.1")])

    plan = shop.run("plan", "one", "-o", "json", env=BOB)
    check("plan", plan.json)
    assert {r["name"]: r["state"] for r in plan.json["environments"][0]["releases"]} == {
        "web": "Suspended",
        "worker": "Outdated",
    }
    assert "suspended by anna until" in shop.run("plan", "one", env=BOB).out

    refused = shop.run("apply", "one", "-r", "web", code=3, env=BOB)
    assert "web is suspended by anna until" in refused.err
    assert "database move" in refused.err
    assert "fairway resume one web; or once: --even-suspended" in refused.err

    done = shop.run("apply", "one", "-o", "json", env=BOB)
    check("apply", done.json)
    assert {r["name"]: r["outcome"] for r in done.json["environments"][0]["releases"]} == {
        "web": "suspended",
        "worker": "upgraded",
    }
    assert "1 upgraded, 1 suspended" in done.err

    status = shop.run("status", "one", "-o", "json", env=BOB)
    check("status", status.json)
    web, worker = status.json["environments"][0]["releases"]
    assert (web["suspended"]["by"], web["suspended"]["reason"], worker["suspended"]) == ("anna", "database move", None)
    assert "suspended by anna" in shop.run("status", "one").out
    assert "left alone" in shop.run("drift", "one").out

    assert "web" in shop.run("suspend", "one", "--list", env=BOB).out
    check("suspensions", shop.run("resume", "one", "web", "-o", "json", env=BOB).json)
    assert shop.run("suspend", "one", "--list").out == "nothing is suspended\n"
    again = shop.run("apply", "one", "-r", "web", "-o", "json")
    assert again.json["environments"][0]["releases"][0]["outcome"] == "upgraded"

    log = shop.run("log", "one", "-o", "json")
    check("deployments", log.json)
    told = [(d["action"], d["release"], d["cause"]["user"]) for d in log.json["deployments"]]
    assert ("suspend", "web", "anna") in told
    assert ("resume", "web", "bob") in told


def test_a_suspended_environment_keeps_what_it_no_longer_declares(shop: Shop) -> None:
    shop.write([release("web"), release("worker")])
    shop.run("apply", "one")
    shop.run("suspend", "one", "--reason", "freeze")
    shop.write([release("web", "1.1")])
    done = shop.run("apply", "one")
    assert "no longer declared, and left alone: suspended with all of one by anna: freeze" in done.err
    assert {r["name"] for r in shop.run("status", "one", "-o", "json").json["environments"][0]["releases"]} == {
        "web",
        "worker",
    }
    assert shop.run("apply", "one", "--even-suspended", "-o", "json").json["exitCode"] == 0
    assert [r["name"] for r in shop.run("status", "one", "-o", "json").json["environments"][0]["releases"]] == ["web"]
    assert "one resumed" in shop.run("resume", "one").out
    assert "is not suspended" in shop.run("resume", "one", code=2).err


def test_without_an_environment_all_are_listed_and_one_that_is_away_is_told(shop: Shop, tmp_path: Path) -> None:
    shop.write([release("web")])
    shop.run("apply", "one")
    assert shop.run("suspend", "--list").out == "nothing is suspended\n"

    config = yaml.safe_load(shop.kubeconfig.read_text())
    for item in config["clusters"]:
        item["cluster"]["server"] = "https://127.0.0.1:1"
    away = tmp_path / "away.yaml"
    away.write_text(yaml.safe_dump(config))
    file = yaml.safe_load((shop.folder / "environments.yaml").read_text())
    file["clusters"].append({"name": "gone", "provider": {"kubeconfig": {"path": str(away)}}})
    file["environments"][1]["clusterName"] = "gone"
    file["environments"].reverse()
    shop.put("environments.yaml", yaml.safe_dump(file))

    none = shop.run("suspend", "--list", code=4)
    assert none.out == "nothing is suspended in one\n"
    shop.run("suspend", "one", "web", "--reason", "database move")
    listed = shop.run("suspend", "--list", code=4)
    assert "database move" in listed.out
    assert "two" in listed.err
    assert "which environment?" in shop.run("suspend", "--reason", "freeze", code=2).err


def test_mistakes_are_told_before_anything_is_suspended(shop: Shop) -> None:
    shop.write([release("web")])
    assert "why is it suspended?" in shop.run("suspend", "one", "web", code=2).err
    assert (
        'no release "wbe" in one; did you mean "web"?' in shop.run("suspend", "one", "wbe", "--reason", "x", code=2).err
    )
    assert "is over already" in shop.run("suspend", "one", "web", "--reason", "x", "--until", "2020-01-01", code=2).err
    assert shop.run("suspend", "one", "--list").out == "nothing is suspended\n"


def test_with_notify_the_channels_of_the_configuration_are_told(shop: Shop) -> None:
    shop.write([release("web")])
    heard: list[bytes] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return None

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/"
        channel = {"name": "ops", "webhook": {"url": url, "secret": {"env": "KEY"}}}
        shop.put("fairway.yaml", yaml.safe_dump({"notifications": {"channels": [channel]}}))
        env = {"KEY": "0123456789abcdef0123456789abcdef"}
        shop.run("apply", "one")
        shop.run("suspend", "one", "web", "--reason", "database move", "--notify", env=env)
        shop.run("resume", "one", "web", env=env)
        server.shutdown()
        thread.join()
    (told,) = heard
    assert b"environment.suspended" in told
    assert b"database move" in told
