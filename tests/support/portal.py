"""The portal on loopback: the real application, sessions and registrations in a database, GitHub beside it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
from tests.support.forges.github_portal import CLIENT_ID, CLIENT_SECRET, PortalGithub, shop
from tests.support.forges.serving import serving as forge_serving

from fairway.adapters.devcluster.ports import choose
from fairway.domain.configuration.listening import Listen
from fairway.entrypoints.web.app import create_app
from fairway.entrypoints.web.parts import WebParts
from fairway.entrypoints.web.serving import serving
from fairway.services.access.options import AccessOptions
from fairway.services.portal.options import PortalOptions
from fairway.services.portal.parts import PortalParts
from fairway.settings import load_settings
from fairway.wiring.access import Access, open_access
from fairway.wiring.portal import open_portal


@dataclass
class Place:
    url: str
    github: PortalGithub
    access: Access
    parts: PortalParts
    database: Path


@asynccontextmanager
async def portal(folder: Path, **more: Any) -> AsyncIterator[Place]:
    """`more` are options of the portal."""
    (port,) = choose(1)
    database = folder / "ledger.db"
    env = {"FAIRWAY_DATA_DIR": str(folder), "FAIRWAY_LEDGER_URL": f"sqlite:///{database}", "HOME": str(folder)}
    settings = load_settings(env)
    url = f"http://127.0.0.1:{port}"
    github = shop(PortalGithub(callback=f"{url}/auth/callback"))
    with forge_serving(github):
        options = replace(
            PortalOptions(url, CLIENT_ID, CLIENT_SECRET, github_web=github.url, github_api=github.url), **more
        )
        async with (
            open_access(settings, AccessOptions()) as access,
            open_portal(settings, options, access) as parts,
            serving(create_app(WebParts(portal=parts)), Listen("127.0.0.1", port)),
        ):
            yield Place(url, github, access, parts, database)


class Visitor:
    """A browser without a screen: keeps cookies, follows links when told, sends forms as a page has them."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.client = httpx2.AsyncClient(base_url=place.url, trust_env=False)
        self.page = ""

    async def get(self, path: str) -> httpx2.Response:
        answer = await self.client.get(path)
        self.page = answer.text
        return answer

    async def sign_in(self, login: str, to: str = "/repositories") -> httpx2.Response:
        """Through GitHub and back; the answer is that of the callback."""
        self.place.github.at_browser = login
        away = await self.client.get("/auth/login", params={"to": to})
        assert away.status_code == 303
        back = await self.client.get(away.headers["location"])
        return await self.client.get(back.headers["location"])

    def hidden(self, name: str) -> str:
        """A hidden field of the page's own form, not of the one at the top."""
        found = re.findall(rf'<input type="hidden" name="{name}" value="([^"]*)">', self.page)
        return found[-1] if found else ""

    async def send(
        self, path: str, fields: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        """A form of the page as it is, with these fields beside the hidden ones."""
        data = {"csrf": self.hidden("csrf"), "version": self.hidden("version"), **(fields or {})}
        answer = await self.client.post(
            path, data=data, headers={"origin": self.place.url, "sec-fetch-site": "same-origin", **(headers or {})}
        )
        self.page = answer.text
        return answer

    async def aclose(self) -> None:
        await self.client.aclose()
