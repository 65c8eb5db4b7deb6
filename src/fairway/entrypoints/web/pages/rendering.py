"""`page(request, "deployments/list.html", …)`: a template of the package becomes an answer.

The rule not to break: everything is escaped, a name that is missing is an error, and a page loads nothing that is not
served from here; so there are no styles, scripts or handlers inside of templates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse

from fairway.entrypoints.cli.times import ago
from fairway.entrypoints.web.pages.assets import add_assets, asset_path

if TYPE_CHECKING:
    import jinja2

TEMPLATES = Path(__file__).parent / "templates"
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    # Not `no-referrer`: browsers would send forms with `Origin: null`, and the portal compares it.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the navigation at the top; it is the current one on every page below its address."""

    title: str
    href: str


def add_pages(app: FastAPI) -> None:
    """What every page needs: once per application, however often it is called."""
    if not hasattr(app.state, "links"):
        app.state.links = []
        add_assets(app)


def add_link(app: FastAPI, title: str, href: str) -> None:
    """An entry in the navigation of all pages; in the order in which they are added."""
    add_pages(app)
    app.state.links.append(Link(title, href))


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """The page, with the headers that belong to it; pages are not kept by browsers.

    Templates extend `base.html`, which says what they may fill. They also know `path`, `links`, `account` (None unless
    given), `now`, the function `asset(name)` and the filters `ago` and `instant` for times.
    """
    everything = {"account": None, "now": datetime.now(UTC), **context}
    everything |= {"path": request.url.path, "links": getattr(request.app.state, "links", [])}
    return HTMLResponse(templates().get_template(template).render(everything), status, HEADERS)


@lru_cache
def templates() -> jinja2.Environment:
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        auto_reload=False,
        cache_size=-1,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["asset"] = asset_path
    made.filters["ago"] = _ago
    made.filters["instant"] = instant
    return made


def instant(at: datetime) -> str:
    """As `<time datetime>` wants it: RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _ago(at: datetime, now: datetime | None = None) -> str:
    return ago(at, now)
