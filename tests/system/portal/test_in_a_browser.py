"""The portal in a real browser: with a mouse, with the keyboard alone, without scripts, in the dark, on a telephone."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.accessibility import barriers
from tests.support.browser import Tab, browser, tab
from tests.support.forges.github_portal import Team
from tests.support.portal import Place, portal

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

PHONE = {"width": 360, "height": 740}
SCREENSHOTS = os.environ.get("FAIRWAY_TEST_SCREENSHOTS", "")
"""A folder to look at afterwards."""


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with portal(tmp_path) as made:
        yield made


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with browser() as made:
        yield made


async def sign_in(opened: Tab, place: Place, path: str = "/repositories") -> Page:
    await opened.page.goto(place.url + path)
    await opened.page.get_by_role("link", name="Sign in with GitHub").click()
    await opened.page.wait_for_url(place.url + path)
    return opened.page


async def teams(place: Place) -> tuple[str, ...]:
    found = await place.access.store.read("shop/web")
    return found.teams if found else ()


async def look(page: Page, name: str) -> None:
    assert await barriers(page) == []
    if SCREENSHOTS:
        await page.screenshot(path=f"{SCREENSHOTS}/{name}.png", full_page=True)


async def test_from_signing_in_to_a_registration_and_out_again(place: Place, chromium: Browser) -> None:
    async with tab(chromium) as opened:
        page = await sign_in(opened, place)
        await page.get_by_role("link", name="shop/web").click()
        await page.get_by_role("checkbox", name="Web team").check()
        await page.get_by_role("checkbox", name="Orders").check()
        assert await page.get_by_role("checkbox", name="Stock").is_disabled()
        await page.get_by_role("button", name="Save").click()
        await page.get_by_text("It is saved").wait_for()
        assert await teams(place) == ("orders", "web")
        assert await page.get_by_role("checkbox", name="Web team").is_checked()
        await page.get_by_role("checkbox", name="Web team").uncheck()
        await page.get_by_role("checkbox", name="Orders").uncheck()
        await page.get_by_role("button", name="Save").click()
        await page.get_by_role("heading", name="Take shop/web out?").wait_for()
        assert await teams(place) == ("orders", "web")
        await page.get_by_role("button", name="Take it out").click()
        await page.get_by_text("It may not deploy any more").wait_for()
        assert await teams(place) == ()
        await page.get_by_role("button", name="Sign out").click()
        await page.get_by_role("link", name="Sign in with GitHub").wait_for()


async def test_with_the_keyboard_alone(place: Place, chromium: Browser) -> None:
    async with tab(chromium) as opened:
        page = opened.page
        await page.goto(place.url + "/repositories")
        await page.keyboard.press("Tab")
        assert await focused(page) == "Skip to the content"
        assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        assert await focused(page) == "Sign in with GitHub"
        await page.keyboard.press("Enter")
        await page.wait_for_url(place.url + "/repositories")
        await tab_to(page, "shop/web")
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", name="shop/web").wait_for()
        await tab_to(page, "web")
        await page.keyboard.press("Space")
        await tab_to(page, "Save")
        await page.keyboard.press("Enter")
        await page.get_by_text("It is saved").wait_for()
        assert await teams(place) == ("web",)
        await tab_to(page, "Take it out…")
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", name="Take shop/web out?").wait_for()
        await tab_to(page, "Take it out")
        await page.keyboard.press("Enter")
        await page.get_by_text("It may not deploy any more").wait_for()
        assert await teams(place) == ()


async def test_without_scripts(place: Place, chromium: Browser) -> None:
    async with tab(chromium, java_script_enabled=False) as opened:
        page = await sign_in(opened, place)
        await page.get_by_label("Search by name").fill("web")
        await page.get_by_role("button", name="Search").click()
        await page.wait_for_url("**/repositories?q=web")
        assert await page.get_by_role("link", name="Orders-API").count() == 0
        await page.get_by_role("link", name="shop/web").click()
        await page.get_by_role("checkbox", name="Web team").check()
        await page.get_by_role("button", name="Save").click()
        await page.get_by_text("It is saved").wait_for()
        await page.get_by_role("link", name="Take it out…").click()
        await page.get_by_role("button", name="Take it out").click()
        await page.get_by_text("It may not deploy any more").wait_for()
    assert await teams(place) == ()


async def test_the_list_follows_what_is_typed(place: Place, chromium: Browser) -> None:
    async with tab(chromium) as opened:
        page = await sign_in(opened, place)
        assert await page.get_by_role("status").inner_text() == "3 in all, 0 registered"
        field = page.get_by_label("Search by name")
        await field.press_sequentially("ord")
        await page.get_by_role("link", name="shop/web").wait_for(state="detached")
        assert await page.get_by_role("status").inner_text() == "1 with “ord”, 0 registered"
        assert page.url.endswith("/repositories?q=ord")
        assert await page.evaluate("document.activeElement.id") == "q"
        await field.fill("nothing at all")
        await page.get_by_text("No repository of yours").wait_for()
        await field.fill("")
        await page.get_by_role("link", name="shop/web").wait_for()
        assert await barriers(page) == []


async def test_two_people_at_once_see_both_choices(place: Place, chromium: Browser) -> None:
    async with tab(chromium) as annas, tab(chromium) as berts:
        anna = await sign_in(annas, place, "/repositories/shop/web")
        place.github.at_browser = "bert"
        bert = await sign_in(berts, place, "/repositories/shop/web")
        await anna.get_by_role("checkbox", name="Web team").check()
        await anna.get_by_role("button", name="Save").click()
        await anna.get_by_text("It is saved").wait_for()
        await bert.get_by_role("checkbox", name="Stock").check()
        await bert.get_by_role("button", name="Save").click()
        await bert.get_by_role("alert").wait_for()
        assert "Now it may deploy as web; you wanted stock" in " ".join(
            (await bert.get_by_role("alert").inner_text()).split()
        )
        await look(bert, "overtaken")
        await bert.get_by_role("link", name="keep theirs").click()
        assert await bert.get_by_role("checkbox", name="Web team").is_checked()
        assert await teams(place) == ("web",)


async def test_names_that_are_markup_do_nothing(place: Place, chromium: Browser) -> None:
    evil = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    place.github.repos["shop/web"].description = evil
    place.github.teams["shop/web"] = Team(evil, {"anna": "maintainer"})
    async with tab(chromium) as opened:
        page = await sign_in(opened, place)
        await page.get_by_label("Search by name").press_sequentially("img src")
        await page.get_by_text("with “img src”").wait_for()
        assert await page.get_by_text("<img src=x onerror").count() == 1
        await page.goto(place.url + "/repositories/shop/web")
        assert await page.get_by_role("checkbox", name="<img src=x").count() == 1
        assert "owned" not in await page.title()


async def test_a_script_cannot_read_the_cookies(place: Place, chromium: Browser) -> None:
    async with tab(chromium) as opened:
        page = await sign_in(opened, place)
        assert await page.evaluate("document.cookie") == ""


async def test_another_page_cannot_show_the_portal_in_itself(place: Place, chromium: Browser) -> None:
    async with tab(chromium) as opened:
        async with opened.page.expect_console_message(lambda said: "frame-ancestors" in said.text):
            await opened.page.set_content(f'<iframe src="{place.url}/repositories"></iframe>')
        shown = [await frame.content() for frame in opened.page.frames[1:]]
        assert not any("Let a repository deploy" in content for content in shown)
        opened.wrong.clear()  # the browser's complaint is what is wanted


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "narrow"])
async def test_every_page_can_be_used_by_everybody(place: Place, chromium: Browser, scheme: str, size: str) -> None:
    how: dict[str, Any] = {"color_scheme": scheme, "viewport": PHONE if size == "narrow" else None}
    if size == "wide":
        how["viewport"] = {"width": 1280, "height": 800}
    name = f"{scheme}-{size}"
    async with tab(chromium, **how) as opened:
        page = opened.page
        await page.goto(place.url + "/repositories")
        await look(page, f"{name}-sign-in")
        await sign_in(opened, place)
        await page.goto(place.url + "/repositories/shop/web")
        await look(page, f"{name}-new")
        await page.get_by_role("checkbox", name="Web team").check()
        await page.get_by_role("checkbox", name="Orders").check()
        await page.get_by_role("button", name="Save").click()
        await page.get_by_text("It is saved").wait_for()
        await look(page, f"{name}-saved")
        place.github.repos["shop/web"].teams.remove("orders")
        await page.goto(place.url + "/repositories/shop/web")
        await page.get_by_text("A team is gone").wait_for()
        await look(page, f"{name}-gone")
        await page.goto(place.url + "/repositories")
        await look(page, f"{name}-list")
        await page.goto(place.url + "/repositories?q=nothing")
        await look(page, f"{name}-empty")
        await page.goto(place.url + "/repositories/shop/web/remove")
        await look(page, f"{name}-remove")
        await page.goto(place.url + "/repositories/shop/secret")
        await look(page, f"{name}-missing")
        await page.goto(place.url + "/repositories/anna/dotfiles")
        await look(page, f"{name}-person")


async def focused(page: Page) -> str:
    """The name or the value of what the keyboard would act upon."""
    script = "() => { const a = document.activeElement; return a.type === 'checkbox' ? a.value : a.textContent.trim() }"
    found: str = await page.evaluate(script)
    return found


async def tab_to(page: Page, name: str) -> None:
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await focused(page) == name:
            return
    raise AssertionError(f"the keyboard does not reach {name}")
