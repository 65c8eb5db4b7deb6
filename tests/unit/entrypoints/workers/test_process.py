"""A process made of parts: it listens at once, says how its parts are, and ends cleanly or with the reason."""

from __future__ import annotations

import asyncio
import json
import logging
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from fairway.domain.configuration.listening import Listen
from fairway.domain.errors import Transient, UserError
from fairway.entrypoints.workers.ending import Bound
from fairway.entrypoints.workers.part import Part
from fairway.entrypoints.workers.process import Process, run_process

HERE = Listen("127.0.0.1", 0)


class Database:
    """Away until it is there."""

    def __init__(self) -> None:
        self.there = asyncio.Event()
        self.closed = False
        self.wrong: Exception | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Database]:
        if self.wrong is not None:
            raise self.wrong
        if not self.there.is_set():
            raise Transient("the database is away")
        try:
            yield self
        finally:
            self.closed = True

    def part(self, name: str = "database") -> Part[Database]:
        async def run(_: Database) -> None:
            await asyncio.Event().wait()

        async def soon(_: float) -> None:
            await asyncio.sleep(0.01)

        return Part(name, self.open, run, lambda _: {name: ""}, sleep=soon)


def process(*parts: Part[Any]) -> Process:
    return Process("hookd", parts, HERE, lambda: (b"counts 1\n", "text/plain"), about={"cluster": "dev"})


class Running:
    """The process in this event loop, and its address."""

    def __init__(self, process: Process) -> None:
        self.address = ""
        self._heard = asyncio.Event()
        self._bound = Bound(60)
        self.task = asyncio.create_task(run_process(replace(process, listening=self._listening), self._bound))

    def _listening(self, address: str) -> None:
        self.address = address
        self._heard.set()

    async def get(self, path: str) -> tuple[int, str]:
        await self._heard.wait()

        def ask() -> tuple[int, str]:
            try:
                with urllib.request.urlopen(f"http://{self.address}{path}", timeout=10) as answer:
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as error:
                return error.code, error.read().decode()

        return await asyncio.to_thread(ask)

    async def end(self) -> int | None:
        self.task.cancel()
        self._bound.lift()
        with suppress(asyncio.CancelledError):
            return await self.task
        return None


async def test_it_answers_before_anything_is_open_and_says_what_is_missing() -> None:
    database = Database()
    running = Running(process(database.part()))
    assert (await running.get("/healthz"))[0] == 200
    status, text = await running.get("/readyz")
    assert status == 503
    assert "database" in json.loads(text)["checks"]
    assert await running.get("/metrics") == (200, "counts 1\n")
    assert "cluster: dev" in (await running.get("/"))[1]

    database.there.set()
    async with asyncio.timeout(10):
        while (await running.get("/readyz"))[0] != 200:
            await asyncio.sleep(0.02)
    assert await running.end() == 0
    assert database.closed


async def test_one_part_that_is_away_does_not_hide_the_others() -> None:
    away, there = Database(), Database()
    there.there.set()
    running = Running(process(away.part("kafka"), there.part("database")))
    async with asyncio.timeout(10):
        while '"database":"ok"' not in (answer := await running.get("/readyz"))[1]:
            await asyncio.sleep(0.02)
    assert answer[0] == 503
    assert "the database is away" in json.loads(answer[1])["checks"]["kafka"]
    await running.end()


async def test_a_part_that_does_not_count_is_shown_and_the_process_is_ready_without_it() -> None:
    away, there = Database(), Database()
    there.there.set()
    counts = there.part("store")
    running = Running(replace(process(away.part("east: cluster"), counts), counting=[counts]))
    async with asyncio.timeout(10):
        while "is away" not in (answer := await running.get("/readyz"))[1] or answer[0] != 200:
            await asyncio.sleep(0.02)
    checks = json.loads(answer[1])["checks"]
    assert checks["store"] == "ok"
    assert "the database is away" in checks["east: cluster"]
    await running.end()


async def test_what_somebody_has_to_set_right_ends_it_with_the_reason() -> None:
    wrong = Database()
    wrong.wrong = UserError("the schema is newer than this program", fix="upgrade it")
    with pytest.raises(ExceptionGroup) as caught:
        await asyncio.wait_for(run_process(process(wrong.part()), bound := Bound(60)), 20)
    bound.lift()
    assert caught.group_contains(UserError, match="newer than this program")


async def test_what_is_beside_the_probes_is_served_while_it_is_there() -> None:
    async def say(request: object) -> PlainTextResponse:
        return PlainTextResponse("the portal")

    database = Database()
    part = database.part()
    app = Starlette(routes=[Route("/portal", say)])
    running = Running(replace(process(part), app=lambda: app if part.opened else None))
    status, text = await running.get("/portal")
    assert status == 503
    assert "not ready" in text
    database.there.set()
    async with asyncio.timeout(10):
        while (await running.get("/portal"))[0] != 200:
            await asyncio.sleep(0.02)
    await running.end()


async def test_its_beginning_and_its_end_are_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        running = Running(process(Database().part()))
        await running.get("/healthz")
        await running.end()
    events = [record.getMessage() for record in caplog.records]
    assert events.count("process.listening") == events.count("process.ended") == 1
