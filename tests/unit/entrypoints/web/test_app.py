"""Health, metrics and the status page, over a real socket."""

import json
import logging

import pytest
from tests.support.web import served

from fairway.entrypoints.web.guarding import query_names
from fairway.entrypoints.web.parts import WebParts
from fairway.entrypoints.web.status_page import as_text

STATUS = {"version": "1", "leads": True, "environments": [{"name": "prod", "commit": "9b1e77c", "problem": ""}]}


async def test_health_says_what_is_wrong() -> None:
    parts = WebParts(alive=lambda: {"loop": ""}, ready=lambda: {"git": "no answer since 12:00", "cluster": ""})
    async with served(parts) as client:
        alive, ready = await client.get("/healthz"), await client.get("/readyz")
    assert (alive.status_code, alive.json()) == (200, {"ok": True, "checks": {"loop": "ok"}})
    assert ready.status_code == 503
    assert ready.json() == {"ok": False, "checks": {"git": "no answer since 12:00", "cluster": "ok"}}


async def test_metrics_are_what_whoever_counts_gives() -> None:
    async with served(WebParts(metrics=lambda: (b"x 1\n", "text/plain; version=1.0.0"))) as client:
        page = await client.get("/metrics")
    assert (page.text, page.headers["content-type"].split(";")[0]) == ("x 1\n", "text/plain")


async def test_the_status_page_is_for_people_and_for_programs() -> None:
    async with served(WebParts(status=lambda: STATUS)) as client:
        text = await client.get("/")
        for answer in (
            await client.get("/", headers={"accept": "application/json"}),
            await client.get("/?output=json"),
        ):
            assert answer.json() == STATUS
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert text.text == "version: 1\nleads: yes\nenvironments:\n  - name: prod\n    commit: 9b1e77c\n"


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ({}, "nothing is known yet\n"),
        ({"a": {"b": [1, 2], "c": {}}}, "a:\n  b:\n    - 1\n    - 2\n"),
        ({"a": [{"x": 1, "y": {"z": 2}}, {}]}, "a:\n  - x: 1\n    y:\n      z: 2\n  - \n"),
    ],
)
def test_empty_things_are_left_out_of_the_text(known: dict[str, object], text: str) -> None:
    assert as_text(known) == text


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/metrics", "/nothing", "/hooks/git/github"])
async def test_every_answer_has_strict_headers_and_no_server_s_name(path: str) -> None:
    async with served(WebParts()) as client:
        answer = await client.get(path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/hooks", "/hooks/git/github", "/metrics/"])
async def test_there_is_nothing_else(path: str) -> None:
    async with served(WebParts()) as client:
        for method in ("GET", "POST"):
            assert (await client.request(method, path)).status_code == 404


async def test_a_mistake_of_ours_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> dict[str, str]:
        raise RuntimeError("password=hunter2")

    async with served(WebParts(ready=broken)) as client:
        answer = await client.get("/readyz")
        assert (await client.get("/healthz")).status_code == 200
    assert (answer.status_code, "hunter2" in answer.text) == (500, False)
    assert "x-content-type-options" in answer.headers
    assert [one.message for one in caplog.records if one.name.startswith("fairway")] == ["web.failed"]


async def test_requests_are_logged_without_what_a_query_says(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "fairway"):
        async with served(WebParts()) as client:
            await client.get("/?token=s3cret&output=json")
            await client.get("/healthz")
    lines = [one for one in caplog.records if one.message == "web.request"]
    assert [(one.levelname, one.__dict__["path"], one.__dict__["query"]) for one in lines] == [
        ("INFO", "/", "token=…&output=…"),
        ("DEBUG", "/healthz", ""),
    ]
    assert "s3cret" not in json.dumps([one.__dict__ for one in lines], default=str)


@pytest.mark.parametrize(
    ("query", "names"), [(b"", ""), (b"token", "token=…"), (b"a=1&a=2", "a=…&a=…"), (b"\xff=%", "ÿ=…")]
)
def test_only_names_of_a_query_are_kept(query: bytes, names: str) -> None:
    assert query_names(query) == names
