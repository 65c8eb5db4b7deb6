"""Pages of deployments in a real browser: followed with scripts and without, by keyboard, in the dark."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.accessibility import barriers
from tests.support.asking import RESOURCE, Asked, asking, event, utc_now
from tests.support.browser import browser, tab

from fairway.domain.deployments.status import State
from fairway.services.hookd.ports import Step

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

PHONE = {"width": 360, "height": 740}
SCREENSHOTS = os.environ.get("FAIRWAY_TEST_SCREENSHOTS", "")
"""A folder to look at afterwards."""
DETAIL = """Deployment failed: pod orders-7d9f-x2x1, container app: ImagePullBackOff (total of 2 errors)
applied: ConfigMap shop/orders-config, Service shop/orders
failed: Deployment shop/orders
  Back-off pulling image "registry.example/a/very/long/path/to/an/image/that/does/not/end/shop/orders:1.4.2-rc.1"
not tried: Ingress shop/orders"""


@pytest.fixture
async def asked() -> AsyncIterator[Asked]:
    async with asking() as one:
        yield one


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with browser() as made:
        yield made


async def asked_for(asked: Asked, name: str = "orders") -> str:
    delivery = str(uuid.uuid4())
    resource = {**RESOURCE, "metadata": {"name": name, "labels": {"app": name}}}
    answer = await asked.event(event(payload={"kubernetes": {"resources": [resource]}}), x_github_delivery=delivery)
    assert answer.status_code == 201
    return delivery


async def step(asked: Asked, delivery: str, state: State, text: str, after: int = 1) -> None:
    await asked.store.step([Step(delivery, state, utc_now() + timedelta(seconds=after), text)])


def address(asked: Asked, path: str) -> str:
    return str(asked.client.base_url).rstrip("/") + path


async def look(page: Page, name: str) -> None:
    assert await barriers(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if SCREENSHOTS:
        await page.screenshot(path=f"{SCREENSHOTS}/{name}.png", full_page=True)


async def test_a_running_one_is_brought_up_to_date_in_place_and_told_once(asked: Asked, chromium: Browser) -> None:
    delivery = await asked_for(asked)
    async with tab(chromium) as opened:
        page = opened.page
        await page.goto(address(asked, f"/deployments/{delivery}"))
        await page.evaluate("window.sameDocument = true")
        await page.get_by_role("link", name="example/orders").focus()
        assert await page.locator("#said").inner_text() == ""
        await step(asked, delivery, State.IN_PROGRESS, "4 resources applied")
        await page.get_by_text("4 resources applied", exact=True).wait_for()
        assert await page.locator("#said").inner_text() == "in progress: 4 resources applied"
        assert await page.evaluate("document.activeElement.textContent") == "example/orders"
        await step(asked, delivery, State.FAILURE, DETAIL, 3)
        await page.get_by_role("alert").wait_for()
        assert (await page.locator("#said").inner_text()).startswith("failure: Deployment failed: pod orders-7d9f")
        assert await page.title() == "orders to dev: failure · Fairway"
        assert await page.evaluate("window.sameDocument")
        await look(page, "deployment-failed")
        assert await page.locator("#story[data-refresh]").count() == 0


async def test_it_goes_on_when_the_server_was_away_for_a_moment(asked: Asked, chromium: Browser) -> None:
    delivery = await asked_for(asked)
    async with tab(chromium) as opened:
        page = opened.page
        await page.goto(address(asked, f"/deployments/{delivery}"))
        failed: list[str] = []

        async def once(route: Any) -> None:
            if failed:
                await route.continue_()
            else:
                failed.append(route.request.url)
                await route.fulfill(status=503, body="not now")

        await page.route("**/deployments/*", once)
        await step(asked, delivery, State.SUCCESS, "all healthy")
        await page.get_by_text("all healthy").first.wait_for()
        assert failed


async def test_without_scripts_the_page_comes_anew_unless_one_keeps_it(asked: Asked, chromium: Browser) -> None:
    delivery = await asked_for(asked)
    async with tab(chromium, java_script_enabled=False) as opened:
        page = opened.page
        await page.goto(address(asked, f"/deployments/{delivery}"))
        await step(asked, delivery, State.IN_PROGRESS, "4 resources applied")
        await page.get_by_text("4 resources applied").wait_for()
        await page.get_by_role("link", name="Keep it as it is").click()
        await page.get_by_text("This page stays as it is").wait_for()
        await page.get_by_role("link", name="Follow it").click()
        await page.get_by_role("link", name="Keep it as it is").wait_for()


async def test_by_keyboard_alone_from_the_list_to_the_story(asked: Asked, chromium: Browser) -> None:
    await asked_for(asked, "first")
    await asked_for(asked, "second")
    async with tab(chromium) as opened:
        page = opened.page
        await page.goto(address(asked, "/"))
        await page.wait_for_url(address(asked, "/deployments"))
        await look(page, "deployments")
        await page.get_by_label("Repository").focus()
        await page.keyboard.type("Example/Orders")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/deployments?repository=Example%2FOrders*")
        assert await page.get_by_label("Repository").input_value() == "Example/Orders"
        await page.get_by_role("link", name="first").focus()
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", name="first to dev").wait_for()
        await look(page, "deployment-queued")


@pytest.mark.parametrize(
    ("name", "how"),
    [("dark", {"color_scheme": "dark"}), ("phone", {"viewport": PHONE}), ("plain", {"forced_colors": "active"})],
)
async def test_everything_can_be_read_everywhere(
    asked: Asked, chromium: Browser, name: str, how: dict[str, Any]
) -> None:
    failed, running = await asked_for(asked), await asked_for(asked, "a-name-that-is-as-long-as-kubernetes-lets-it-be")
    await step(asked, failed, State.FAILURE, DETAIL)
    await asked.event(event({"environment": "prod"}))
    async with tab(chromium, **how) as opened:
        for title, path in (
            ("list", "/deployments"),
            ("failed", f"/deployments/{failed}"),
            ("running", f"/deployments/{running}"),
            ("missing", "/logs?delivery_id=72d3162e-cc78-11e3-81ab-4c9367dc0958"),
            ("nothing", "/deployments?team=nobody"),
        ):
            await opened.page.goto(address(asked, path))
            await look(opened.page, f"{title}-{name}")
