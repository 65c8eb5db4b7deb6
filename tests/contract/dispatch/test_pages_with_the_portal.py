"""Pages of deployments beside the portal: who is signed in stands at the top, and others can be kept out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.asking import asking
from tests.support.portal import Place, Visitor, portal
from tests.support.web import served

from fairway.entrypoints.web.parts import WebParts
from fairway.entrypoints.web.portal.adding import members_only

HTML = {"accept": "text/html"}


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with portal(tmp_path) as made:
        yield made


@pytest.mark.parametrize("for_members", [False, True])
async def test_the_session_of_the_portal_counts_here_too(place: Place, for_members: bool) -> None:
    visitor = Visitor(place)
    await visitor.sign_in("anna")
    signed_in = {**HTML, "cookie": "; ".join(f"{name}={value}" for name, value in visitor.client.cookies.items())}
    await visitor.aclose()
    async with asking() as asked:
        gate = members_only(place.parts) if for_members else None
        async with served(WebParts(dispatch=replace(asked.parts, gate=gate), portal=place.parts)) as client:
            stranger = await client.get("/deployments", headers=HTML)
            member = await client.get("/deployments", headers=signed_in)
            hook = await client.post("/events", content=b"{}", headers={"x-github-event": "push"})
    assert (stranger.status_code, "Sign in with GitHub" in stranger.text) == (
        (401, True) if for_members else (200, False)
    )
    assert (member.status_code, "Signed in as <strong>anna</strong>" in member.text) == (200, True)
    assert member.text.index(">Deployments</a>") < member.text.index(">Repositories</a>")
    assert hook.status_code == 204
