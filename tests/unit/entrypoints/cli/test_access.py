"""`fairway access` on a database of its own, and on a bucket."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.cli import Done

from fairway.entrypoints.cli.main import run

Call = Callable[..., Done]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    monkeypatch.setenv("FAIRWAY_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("FAIRWAY_LEDGER_URL", f"sqlite:///{tmp_path / 'l.db'}")
    monkeypatch.setenv("FAIRWAY_USER", "anna")

    def called(*arguments: str) -> Done:
        code = run(["access", *arguments])
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return called


def test_a_repository_is_registered_changed_and_taken_out(call: Call) -> None:
    assert call("set", "Shop/web", "web").out == "Shop/web may deploy as web\n"
    assert call("set", "shop/web", "web", "orders").out == "Shop/web may deploy as orders, web; before as web\n"
    assert call("show", "shop/web").out == "orders\nweb\n"
    assert call("list", "ORD", "-o", "json").json == [{"repository": "Shop/web", "teams": ["orders", "web"]}]
    assert "could as orders, web" in call("remove", "shop/web", "--yes").out
    assert call("list").out == "no repository is registered\n"
    lines = call("audit", "shop/web", "--output", "json").json
    assert [(one["who"], one["via"], one["before"], one["after"], one["certain"]) for one in lines] == [
        ("anna", "cli", ["orders", "web"], [], True),
        ("anna", "cli", ["web"], ["orders", "web"], True),
        ("anna", "cli", [], ["web"], True),
    ]
    table = call("audit").out
    assert table.splitlines()[0].split() == ["WHEN", "WHO", "BY", "REPOSITORY", "BEFORE", "AFTER"]


def test_what_is_not_registered_is_told_with_the_way_to_register_it(call: Call) -> None:
    shown = call("show", "shop/web")
    assert shown.code == 1
    assert "fairway access set shop/web TEAM" in shown.err
    assert call("remove", "shop/web", "--yes").code == 2
    assert call("audit").out == "no change is known\n"


def test_names_that_are_none_are_explained(call: Call) -> None:
    assert "OWNER/NAME" in call("set", "shop", "web").err
    assert "slug" in call("set", "shop/web", "a b").err
    assert call("list").out == "no repository is registered\n"


def test_without_a_database_there_is_nothing_to_keep_them_in(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRWAY_LEDGER_URL", "none")
    done = call("list")
    assert done.code == 2
    assert "--s3-bucket-name" in done.err


@pytest.fixture
def endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"{host}:{port}"
    server.stop()


def test_a_bucket_is_named_as_the_originals_did(
    call: Call, endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("S3_ENDPOINT", endpoint)
    monkeypatch.setenv("S3_ACCESS_KEY", "accesskey")
    monkeypatch.setenv("S3_SECRET_KEY", "s3cret-of-tests")
    monkeypatch.setenv("S3_SECURE", "false")
    assert call("set", "shop/web", "web").code == 0
    assert call("show", "SHOP/web").out == "web\n"

    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=f"http://{endpoint}",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        region_name="us-east-1",
    )
    body = client.get_object(Bucket="deployments.nais.io", Key="shop/web")["Body"].read()
    client.close()
    assert json.loads(body) == ["web"]
    assert [one["after"] for one in call("audit", "-o", "json").json] == [["web"]]
    wrong = call("list", "--s3-endpoint", "http://127.0.0.1:9")
    assert wrong.code == 4
    assert "s3cret-of-tests" not in wrong.err + wrong.out
