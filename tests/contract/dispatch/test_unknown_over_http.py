"""Addresses that are not there: a page for people, the form of all answers for programs."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import pytest
from tests.support.asking import Asked, asking

HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
async def asked() -> AsyncIterator[Asked]:
    async with asking() as one:
        yield one


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/api/v1/nope", 404), ("DELETE", "/api/v1/deploy", 405)]
)
async def test_the_api_answers_in_its_form(method: str, path: str, status: int, asked: Asked) -> None:
    answer = await asked.client.request(method, path)
    assert (answer.status_code, set(answer.json())) == (status, {"message", "correlationID"})
    assert uuid.UUID(answer.json()["correlationID"])
    assert ("allow" in answer.headers) is (status == 405)


async def test_people_get_a_page_that_leads_on(asked: Asked) -> None:
    answer = await asked.client.get("/repositories/x", headers=HTML)
    assert answer.status_code == 404
    assert "There is nothing at this address." in answer.text
    assert 'href="/deployments"' in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")


async def test_programs_get_json_elsewhere_too(asked: Asked) -> None:
    answer = await asked.client.get("/repositories")
    assert (answer.status_code, answer.json()) == (404, {"message": "there is nothing at this address"})
