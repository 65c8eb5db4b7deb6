"""The same pages over each store: an id of the ledger leads to its deployment, filters and pages hold."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.asking import Asked, asking, event

from fairway.adapters.sql.requests import open_request_store
from fairway.adapters.sql.urls import read_ledger_url

JSON = {"accept": "application/json"}


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def asked(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Asked]:
    if request.param == "memory":
        async with asking() as one:
            yield one
        return
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    store = await asyncio.to_thread(open_request_store, read_ledger_url(url))
    async with asking(store=store) as one:
        yield one
    await store.close()


async def test_each_of_them_is_found_by_either_id(asked: Asked) -> None:
    deliveries = [str(uuid.uuid4()) for _ in range(3)]
    for delivery in deliveries:
        assert (await asked.event(event(), x_github_delivery=delivery)).status_code == 201
    for delivery in deliveries:
        told = (await asked.client.get(f"/deployments/{delivery}", headers=JSON)).json()
        led = await asked.client.get(f"/deployments/{told['deployment']}", headers=JSON)
        assert (led.status_code, led.headers["location"]) == (302, f"/deployments/{delivery}")
    for unknown in ("0" * 26, "7" + "Z" * 25):
        assert (await asked.client.get(f"/deployments/{unknown}", headers=JSON)).status_code == 404


async def test_pages_hold_each_of_them_once(asked: Asked) -> None:
    answers = await asyncio.gather(*(asked.event() for _ in range(35)))
    assert {one.status_code for one in answers} == {201}
    query = "/deployments?repository=EXAMPLE/orders&cluster=dev&team=shop"
    first = (await asked.client.get(query, headers=JSON)).json()
    second = (await asked.client.get(f"{query}&before={first['next']}", headers=JSON)).json()
    seen = [one["deployment"] for page in (first, second) for one in page["deployments"]]
    assert (len(first["deployments"]), len(second["deployments"]), second["next"]) == (30, 5, "")
    assert seen == sorted(set(seen), reverse=True)
    assert (await asked.client.get(f"{query}x", headers=JSON)).json()["deployments"] == []
