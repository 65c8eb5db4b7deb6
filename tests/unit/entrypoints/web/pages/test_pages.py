"""The layout of pages: what a browser may load, what is escaped, and colours that people can tell apart."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx2
import jinja2
import pytest
from fastapi import FastAPI, Request, Response

from fairway.domain.deployments.status import State
from fairway.entrypoints.web.guarding import Guarded
from fairway.entrypoints.web.pages.assets import FOR_EVER, assets
from fairway.entrypoints.web.pages.rendering import TEMPLATES, add_link, add_pages, page, templates

CSS = assets()["fairway.css"].content.decode()


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    app = FastAPI()
    app.add_middleware(Guarded)
    add_link(app, "Deployments", "/deployments")
    add_link(app, "Repositories", "/repositories")

    @app.get("/deployments/{name}")
    async def shown(request: Request, name: str) -> Response:
        steps = [("Back", "/deployments")]
        return page(request, "message.html", status=404, title=name, kind="bad", text=name, steps=steps)

    @app.get("/plain")
    async def plain() -> Response:
        return Response("plain")

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://fairway") as made:
        yield made


async def test_a_page_brings_its_own_policy_and_is_not_kept(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/deployments/x")
    assert answer.status_code == 404
    assert answer.headers.get_list("content-security-policy") == [
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_what_is_no_page_keeps_the_strictest_policy(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/plain")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; frame-ancestors")
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_names_are_escaped_wherever_they_stand(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/deployments/%3Cscript%3Ealert(1)%3C%2Fscript%3E%22".replace("%2F", "\\"))
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text


async def test_the_current_entry_of_the_navigation_is_told(client: httpx2.AsyncClient) -> None:
    text = (await client.get("/deployments/x")).text
    assert '<a href="/deployments" aria-current="page">Deployments</a>' in text
    assert '<a href="/repositories">Repositories</a>' in text


async def test_assets_may_be_kept_because_their_name_changes_with_them(client: httpx2.AsyncClient) -> None:
    text = (await client.get("/deployments/x")).text
    found = re.findall(r'(?:href|src)="(/assets/[^"]+)"', text)
    assert {name.partition(".")[0] for name in found} == {"/assets/fairway"}
    for path in set(found):
        answer = await client.get(path)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == FOR_EVER
    assert (await client.get("/assets/fairway.css")).status_code == 404
    assert (await client.get("/assets/..%2Frendering.py")).status_code == 404
    assert (await client.get("/assets/fairway.0000000000000000.css")).status_code == 404


def test_adding_pages_twice_adds_them_once() -> None:
    app = FastAPI()
    add_pages(app)
    before = len(app.routes)
    add_pages(app)
    assert len(app.routes) == before


def test_a_name_that_is_missing_is_a_mistake() -> None:
    with pytest.raises(jinja2.UndefinedError):
        templates().from_string("{{ nothing }}").render()


@pytest.mark.parametrize("file", sorted(str(one.relative_to(TEMPLATES)) for one in TEMPLATES.rglob("*.html")))
def test_templates_hold_no_styles_scripts_or_handlers(file: str) -> None:
    text = (TEMPLATES / file).read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text)
    assert not re.search(r"\|\s*safe|autoescape|Markup", text)
    for script in re.findall(r"<script[^>]*>", text):
        assert "src=" in script
    templates().get_template(file)


def colours(dark: bool) -> dict[str, str]:
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", CSS.partition("@media")[0]))
    if dark:
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", CSS.partition("@media")[2].partition("\n}\n")[0]))
    return found


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, "contrast ratio"."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_text_can_be_read_in_both_schemes(dark: bool) -> None:
    known = colours(dark)
    for ground in ("ground", "surface", "raised"):
        for text in ("text", "muted", "accent", "accent-strong"):
            assert contrast(known[text], known[ground]) >= 4.5, (text, ground)
        for edge in ("edge", "focus"):
            assert contrast(known[edge], known[ground]) >= 3, (edge, ground)
    for state in ("queued", "running", "good", "bad", "wrong", "quiet"):
        assert contrast(known[state], known[f"{state}-ground"]) >= 4.5, state
    for button in ("accent", "accent-strong"):
        assert contrast(known["on-accent"], known[button]) >= 4.5


@pytest.mark.parametrize("state", [one for one in State if one is not State.INACTIVE])
def test_each_state_has_a_shape_of_its_own(state: State) -> None:
    assert f".badge.{state} .shape {{" in CSS
    badge = templates().get_template("parts.html").module.badge(state)  # type: ignore[attr-defined]
    assert state.replace("_", " ") in badge
