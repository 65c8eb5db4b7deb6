"""Slugs are unique in an organization alone: whoever has a team of the same name elsewhere must not deploy as ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.portal import Place, Visitor, portal


@pytest.fixture
async def ours(tmp_path: Path) -> AsyncIterator[Place]:
    async with portal(tmp_path, github_organizations=("Shop", "bank")) as made:
        yield made


@pytest.mark.parametrize("login", ["dora", "cleo"])
async def test_who_is_no_active_member_is_not_signed_in(ours: Place, login: str) -> None:
    visitor = Visitor(ours)
    answer = await visitor.sign_in(login)
    assert answer.status_code == 403
    assert f"{login.capitalize()} is no member of Shop or bank" in answer.text
    assert (await visitor.get("/repositories")).status_code == 401
    assert ours.github.tokens == {}
    await visitor.aclose()


async def test_a_member_registers_what_is_ours_and_nothing_else(ours: Place) -> None:
    anna = Visitor(ours)
    assert (await anna.sign_in("anna")).status_code == 303
    page = (await anna.get("/repositories")).text
    assert "shop/web" in page
    assert "anna/dotfiles" not in page
    ours.github.repos["elsewhere/web"].admins.add("anna")
    ours.github.teams["elsewhere/web"].members["anna"] = "maintainer"
    assert (await anna.get("/repositories/elsewhere/web")).status_code == 404
    await anna.get("/repositories/shop/web")
    answer = await anna.send("/repositories/elsewhere/web", {"team": "web"})
    assert answer.status_code == 404
    assert "cannot be registered here" in answer.text
    assert await ours.access.store.read("elsewhere/web") is None
    await anna.get("/repositories/shop/web")
    assert (await anna.send("/repositories/Shop/web", {"team": "web"})).status_code == 303
    await anna.aclose()


async def test_what_was_given_away_is_not_ours_by_its_former_name(ours: Place) -> None:
    anna = Visitor(ours)
    await anna.sign_in("anna")
    ours.github.repos["elsewhere/web"].admins.add("anna")
    ours.github.teams["elsewhere/web"].members["anna"] = "maintainer"
    ours.github.moved["shop/old"] = "elsewhere/web"
    assert (await anna.get("/repositories/shop/old")).status_code == 404
    await anna.get("/repositories/shop/web")
    assert (await anna.send("/repositories/shop/old", {"team": "web"})).status_code == 404
    assert await ours.access.store.read("elsewhere/web") is None
    await anna.aclose()


async def test_a_member_of_one_of_several_is_enough(ours: Place) -> None:
    ours.github.members["bank"] = {"dora": "active"}
    dora = Visitor(ours)
    assert (await dora.sign_in("dora")).status_code == 303
    await dora.aclose()
