"""The browser of the machine, driven by Playwright; what a policy forbids or a script breaks fails the test."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.tools import unavailable

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
)
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class Tab:
    page: Page
    wrong: list[str] = field(default_factory=list)
    """Complaints of the browser: refused by the policy, broken scripts, requests to anywhere else."""


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        unavailable("no playwright: pip install playwright")
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        unavailable("no chromium: apt-get install chromium")
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        try:
            yield made
        finally:
            await made.close()


@asynccontextmanager
async def tab(browser: Browser, **more: Any) -> AsyncIterator[Tab]:
    """`more` as for a Playwright context: `color_scheme`, `viewport`, `java_script_enabled`, …"""
    context = await browser.new_context(**more)
    context.set_default_timeout(15_000)
    page = await context.new_page()
    made = Tab(page)
    page.on(
        "console", lambda message: made.wrong.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: made.wrong.append(str(error)))
    page.on(
        "request",
        lambda request: None if request.url.startswith("http://127.0.0.1:") else made.wrong.append(request.url),
    )
    try:
        yield made
    finally:
        await context.close()
    # A page that answers 4xx or 5xx on purpose is logged by Chromium as an error of its own.
    assert not [text for text in made.wrong if "the server responded with a status of" not in text], made.wrong
