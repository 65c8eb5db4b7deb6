"""Pages of deployments: the way from GitHub's log_url, the list, the whole story, for people and as JSON."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from tests.support.asking import RESOURCE, Asked, asking, event, utc_now
from tests.support.web import served

from fairway.domain.deployments.status import State
from fairway.entrypoints.web.parts import WebParts
from fairway.services.hookd.ports import Step

HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
JSON = {"accept": "application/json"}
NASTY = """<script>alert(1)</script>"'&"""


@pytest.fixture
async def asked() -> AsyncIterator[Asked]:
    async with asking() as one:
        yield one


async def asked_for(asked: Asked, name: str = "orders", **deployment: str) -> str:
    """An accepted request for an application of this name; its delivery id."""
    delivery = str(uuid.uuid4())
    resource = {**RESOURCE, "metadata": {"name": name, "labels": {"app": name}}}
    body = event(deployment, {"kubernetes": {"resources": [resource]}})
    assert (await asked.event(body, x_github_delivery=delivery)).status_code == 201
    return delivery


async def step(asked: Asked, delivery: str, *states: tuple[State, str]) -> None:
    now = utc_now()
    await asked.store.step(
        [Step(delivery, state, now + timedelta(seconds=n), text) for n, (state, text) in enumerate(states)]
    )


class TestTheWayThere:
    async def test_the_log_url_that_github_is_told_leads_to_the_page(self, asked: Asked) -> None:
        answer = await asked.event(x_github_delivery="72d3162e-cc78-11e3-81ab-4c9367dc0958")
        log = answer.headers["location"].removeprefix("https://fairway.example")
        led = await asked.client.get(log)
        assert (led.status_code, led.headers["location"]) == (302, "/deployments/72d3162e-cc78-11e3-81ab-4c9367dc0958")
        assert (await asked.client.get(led.headers["location"], headers=HTML)).status_code == 200

    @pytest.mark.parametrize("path", ["/logs?delivery_id=nope&ts=1", "/deployments/nope", "/deployments/%3Cscript%3E"])
    async def test_what_is_unknown_is_a_page_that_helps(self, asked: Asked, path: str) -> None:
        answer = await asked.client.get(path, headers=HTML)
        assert (answer.status_code, "There is no such deployment here" in answer.text) == (404, True)
        assert "<script>" not in answer.text
        assert (await asked.client.get(path, headers=JSON)).json() == {"message": "there is no deployment with this id"}

    async def test_without_an_id_one_gets_to_all_of_them(self, asked: Asked) -> None:
        assert (await asked.client.get("/logs")).headers["location"] == "/deployments"

    async def test_the_ledger_s_id_leads_there_too(self, asked: Asked) -> None:
        delivery = await asked_for(asked)
        await asked_for(asked, "newer")
        kept = await asked.store.get(delivery)
        assert kept is not None
        led = await asked.client.get(f"/deployments/{kept.story.id}")
        assert (led.status_code, led.headers["location"]) == (302, f"/deployments/{delivery}")
        assert (await asked.client.get(f"/deployments/{kept.story.id[:-1]}{'0' * 1}")).status_code in (302, 404)

    async def test_browsers_land_on_the_pages_and_curl_on_the_status(self, asked: Asked) -> None:
        assert (await asked.client.get("/", headers=HTML)).headers["location"] == "/deployments"
        for wanted in ({}, {"accept": "*/*"}):
            assert (await asked.client.get("/", headers=wanted)).headers["content-type"].startswith("text/plain")
        assert (await asked.client.get("/?output=text", headers=HTML)).headers["content-type"].startswith("text/plain")
        assert (await asked.client.get("/", headers=JSON)).json() == {}

    async def test_without_pages_browsers_get_the_status_as_ever(self) -> None:
        async with served(WebParts(status=lambda: {"version": "1"})) as client:
            assert (await client.get("/", headers=HTML)).text == "version: 1\n"


class TestTheList:
    async def test_newest_first_with_what_went_wrong(self, asked: Asked) -> None:
        first = await asked_for(asked, "first")
        await asked_for(asked, "second")
        await step(asked, first, (State.FAILURE, "pod first-1: ImagePullBackOff\nmore"))
        answer = await asked.client.get("/deployments", headers=HTML)
        assert answer.status_code == 200
        assert answer.text.index(">second</a>") < answer.text.index(">first</a>")
        assert "pod first-1: ImagePullBackOff" in answer.text
        assert "more" not in re.sub(r"<[^>]*>", "", answer.text)

    async def test_it_is_told_when_there_is_nothing(self, asked: Asked) -> None:
        assert "Nothing was asked for yet" in (await asked.client.get("/deployments", headers=HTML)).text
        assert "Nothing was deployed that fits" in (await asked.client.get("/deployments?team=x", headers=HTML)).text

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("repository=Example/Orders", 1),
            ("repository=example/web", 0),
            ("cluster=dev&team=shop", 1),
            ("cluster=prod", 0),
            ("team=web", 0),
            ("team=shop&before=nonsense", 1),
            ("x=y", 1),
        ],
    )
    async def test_it_can_be_narrowed(self, asked: Asked, query: str, found: int) -> None:
        await asked_for(asked)
        answer = await asked.client.get(f"/deployments?{query}", headers=JSON)
        assert len(answer.json()["deployments"]) == found

    async def test_its_pages_hold_each_deployment_once(self, asked: Asked) -> None:
        made = [await asked_for(asked, f"app-{n}") for n in range(65)]
        seen: list[str] = []
        before, pages = "", 0
        while True:
            query = f"/deployments?team=shop&before={before}"
            page = (await asked.client.get(query, headers=JSON)).json()
            html = (await asked.client.get(query, headers=HTML)).text
            seen += [one["deliveryID"] for one in page["deployments"]]
            pages += 1
            assert ("Newest</a>" in html) == bool(before)
            assert (f"before={page['next']}" in html and "team=shop" in html) or not page["next"]
            if not (before := page["next"]):
                break
        assert (pages, seen) == (3, made[::-1])


class TestOne:
    async def test_it_tells_the_whole_story(self, asked: Asked) -> None:
        delivery = await asked_for(asked)
        await asked.store.published([delivery], utc_now())
        await asked.store.step([Step(delivery, None, utc_now(), heard_at=utc_now())])
        detail = "failed: Deployment shop/orders\n  pod orders-1, container app: CrashLoopBackOff\nnot tried: Ingress a"
        await step(
            asked, delivery, (State.IN_PROGRESS, "4 applied"), (State.FAILURE, f"Deployment failed: x\n{detail}")
        )
        html = (await asked.client.get(f"/deployments/{delivery}", headers=HTML)).text
        for told in (
            'href="https://github.com/example/orders"',
            'href="https://github.com/example/orders/commit/3f2c1ab0d1f2e3a4b5c6d7e8f9a0b1c2d3e4f5a6"',
            'href="https://github.com/example/orders/tree/main"',
            'href="https://github.com/anna"',
            "orders 1.4.2",
            "The queue has it",
            "deployd of dev has taken it",
            "4 applied",
            "Deployment failed: x",
            detail,
            "GitHub was told nothing yet. Next: “failure”.",
            "Deployment orders",
            delivery,
        ):
            assert told in html.replace("&#39;", "'"), told

    async def test_as_json_it_is_what_the_api_says(self, asked: Asked) -> None:
        delivery = await asked_for(asked)
        for answer in (
            await asked.client.get(f"/deployments/{delivery}", headers=JSON),
            await asked.client.get(f"/deployments/{delivery}?output=json", headers=HTML),
        ):
            told = answer.json()
            assert (told["deliveryID"], told["state"], told["final"]) == (delivery, "queued", False)
            assert told["logURL"].startswith(f"https://fairway.example/logs?delivery_id={delivery}")

    async def test_one_that_was_refused_says_why(self, asked: Asked) -> None:
        await asked.event(event({"environment": "prod"}), x_github_delivery="d-1")
        html = (await asked.client.get("/deployments/d-1", headers=HTML)).text
        assert "Error in deployment request: environment &#39;prod&#39; is not known; known: dev" in html

    async def test_whatever_was_sent_is_text_and_nothing_else(self, asked: Asked) -> None:
        changes = {"ref": NASTY, "sha": NASTY, "description": NASTY, "creator": {"login": NASTY}}
        resource = {**RESOURCE, "metadata": {"name": NASTY, "labels": {"app": NASTY}}}
        body = json.loads(event(changes, {"kubernetes": {"resources": [resource]}}))
        body["repository"]["html_url"] = "javascript:alert(1)"
        assert (await asked.event(json.dumps(body).encode(), x_github_delivery="d-1")).status_code == 201
        await step(asked, "d-1", (State.ERROR, f"{NASTY}\n{NASTY}"))
        for path in ("/deployments", "/deployments/d-1"):
            html = (await asked.client.get(path, headers=HTML)).text
            assert "<script>alert" not in html
            assert "javascript:" not in html
            assert not re.search(r"\son\w+=", html)

    async def test_a_secret_in_what_was_sent_is_not_shown(self, asked: Asked) -> None:
        token = "ghp_" + "a1" * 20
        changes = {"ref": f"x-{token}", "description": f"with {token}", "creator": {"login": token}}
        assert (await asked.event(event(changes), x_github_delivery="d-1")).status_code == 201
        await asked.event(event({**changes, "environment": f"prod {token}"}), x_github_delivery="d-2")
        for path in ("/deployments", "/deployments/d-1", "/deployments/d-2"):
            for form in (HTML, JSON):
                assert token not in (await asked.client.get(path, headers=form)).text

    async def test_a_running_one_follows_itself_and_one_that_ended_stays(self, asked: Asked) -> None:
        delivery = await asked_for(asked)
        running = (await asked.client.get(f"/deployments/{delivery}", headers=HTML)).text
        assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in running
        assert re.search(r'<script src="/assets/follow\.[0-9a-f]+\.js" defer></script>', running)
        assert 'role="status"' in running
        kept = (await asked.client.get(f"/deployments/{delivery}?refresh=off", headers=HTML)).text
        assert "http-equiv" not in kept
        assert f'href="/deployments/{delivery}">Follow it' in kept
        await step(asked, delivery, (State.SUCCESS, "healthy"))
        ended = (await asked.client.get(f"/deployments/{delivery}", headers=HTML)).text
        assert "http-equiv" not in ended
        assert "follow." not in ended

    async def test_pages_run_no_scripts_but_our_own_and_are_not_kept(self, asked: Asked) -> None:
        answer = await asked.client.get(f"/deployments/{await asked_for(asked)}", headers=HTML)
        policy = answer.headers.get_list("content-security-policy")
        assert len(policy) == 1
        assert "script-src 'self'" in policy[0]
        assert "unsafe" not in policy[0]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"


class TestAGate:
    async def test_whom_it_does_not_let_in_learns_nothing(self) -> None:
        async def gate(request: Request) -> Response | None:
            return None if request.cookies.get("in") == "1" else PlainTextResponse("sign in", 401)

        async with asking(gate=gate) as asked:
            delivery = await asked_for(asked)
            for path in (
                "/deployments",
                f"/deployments/{delivery}",
                "/deployments/nope",
                f"/logs?delivery_id={delivery}",
            ):
                refused = await asked.client.get(path, headers=HTML)
                assert (refused.status_code, refused.text) == (401, "sign in")
            shown = await asked.client.get(f"/deployments/{delivery}", headers={**HTML, "cookie": "in=1"})
            assert shown.status_code == 200


def test_every_address_of_the_description_has_its_section_in_the_docs() -> None:
    from fairway.entrypoints.web.dispatch.openapi import description

    docs = (Path(__file__).parents[3] / "docs" / "spec" / "deployments-api.md").read_text(encoding="utf-8")
    for path, methods in description()["paths"].items():
        for method in methods:
            assert f"`{method.upper()} {path}`" in docs
