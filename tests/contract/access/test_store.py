"""Which repository may deploy as which team: the same questions to every place where it is kept."""

from __future__ import annotations

import asyncio

import pytest
from tests.contract.access.conftest import Two

from fairway.domain.errors import UserError
from fairway.services.access.ports import AccessStore, ChangedMeanwhile, Registration


async def test_what_is_written_is_read(store: AccessStore) -> None:
    assert await store.read("shop/web") is None
    written = await store.write("shop/web", ["web", "Orders"], expected=None)
    assert written is not None
    assert written.teams == ("Orders", "web")
    assert await store.read("shop/web") == written


async def test_names_are_compared_without_regard_to_case_and_kept_as_written(two: Two) -> None:
    first = await two.store.write("Shop/Web", ["web"], expected=None)
    assert first is not None
    assert first.repository == "Shop/Web"
    assert await two.other.read("shop/web") == first
    assert await two.other.read("SHOP/WEB") == first
    with pytest.raises(ChangedMeanwhile):
        await two.other.write("shop/web", ["orders"], expected=None)
    changed = await two.other.write("shop/web", ["orders"], expected=first.version)
    assert changed is not None
    assert (changed.repository, changed.teams) == ("Shop/Web", ("orders",))
    assert [one.repository for one in await two.store.search("", limit=10)] == ["Shop/Web"]


async def test_a_team_counts_once_however_it_is_written(store: AccessStore) -> None:
    written = await store.write("shop/web", ["web", "WEB", "Web"], expected=None)
    assert written is not None
    assert written.teams == ("web",)


async def test_an_old_view_writes_nothing(two: Two) -> None:
    first = await two.store.write("shop/web", ["web"], expected=None)
    assert first is not None
    second = await two.other.write("shop/web", ["web", "orders"], expected=first.version)
    for teams in (["stock"], []):
        with pytest.raises(ChangedMeanwhile):
            await two.store.write("shop/web", teams, expected=first.version)
    with pytest.raises(ChangedMeanwhile):
        await two.store.write("shop/web", ["stock"], expected=None)
    assert await two.store.read("shop/web") == second


async def test_no_teams_take_a_repository_out(two: Two) -> None:
    first = await two.store.write("shop/web", ["web"], expected=None)
    assert first is not None
    assert await two.store.write("shop/web", [], expected=first.version) is None
    assert await two.other.read("shop/web") is None
    assert await two.other.search("", limit=10) == []
    with pytest.raises(ChangedMeanwhile):
        await two.other.write("shop/web", ["web"], expected=first.version)


async def test_what_was_taken_out_can_come_back(two: Two) -> None:
    first = await two.store.write("shop/web", ["web"], expected=None)
    assert first is not None
    await two.store.write("shop/web", [], expected=first.version)
    again = await two.other.write("shop/web", ["orders"], expected=None)
    assert again is not None
    assert again.teams == ("orders",)
    assert await two.store.read("shop/web") == again


async def test_taking_out_what_is_not_there_is_nothing(store: AccessStore) -> None:
    assert await store.write("shop/web", [], expected=None) is None
    assert await store.read("shop/web") is None


async def test_taking_out_what_is_there_needs_its_version(store: AccessStore) -> None:
    first = await store.write("shop/web", ["web"], expected=None)
    with pytest.raises(ChangedMeanwhile):
        await store.write("shop/web", [], expected=None)
    assert await store.read("shop/web") == first


async def test_an_old_version_is_not_good_for_what_came_back_with_other_teams(store: AccessStore) -> None:
    first = await store.write("shop/web", ["web"], expected=None)
    assert first is not None
    await store.write("shop/web", [], expected=first.version)
    await store.write("shop/web", ["orders"], expected=None)
    with pytest.raises(ChangedMeanwhile):
        await store.write("shop/web", ["stock"], expected=first.version)


async def test_search_finds_repositories_and_teams_in_any_case(store: AccessStore) -> None:
    for repository, teams in (("shop/web", ["web"]), ("shop/Orders", ["sales"]), ("bank/till", ["Web-shop"])):
        await store.write(repository, teams, expected=None)

    async def found(text: str, limit: int = 10) -> list[str]:
        return [one.repository for one in await store.search(text, limit=limit)]

    assert await found("") == ["bank/till", "shop/Orders", "shop/web"]
    assert await found("WEB") == ["bank/till", "shop/web"]
    assert await found(" orders ") == ["shop/Orders"]
    assert await found("sales") == ["shop/Orders"]
    assert await found("shop/") == ["shop/Orders", "shop/web"]
    assert await found("", limit=2) == ["bank/till", "shop/Orders"]
    assert await found("%") == []
    assert await found("_") == []
    assert await found("nothing") == []


async def test_search_sees_what_changed_since_the_last_one(two: Two) -> None:
    first = await two.store.write("shop/web", ["web"], expected=None)
    assert first is not None
    assert await two.store.search("web", limit=5) == [first]
    second = await two.other.write("shop/web", ["orders"], expected=first.version)
    assert await two.store.search("orders", limit=5) == [second]
    assert await two.store.search("\n", limit=5) == [second]


async def test_what_is_no_slug_is_not_written(store: AccessStore) -> None:
    for wrong in ("", "a b", "../x", "<b>", "a\nb", "x" * 300):
        with pytest.raises(UserError, match="no slug"):
            await store.write("shop/web", ["web", wrong], expected=None)
    assert await store.read("shop/web") is None


async def test_of_those_who_write_at_once_one_is_heard_and_the_others_are_told(two: Two) -> None:
    async def write(number: int) -> Registration | None:
        store = two.store if number % 2 else two.other
        try:
            return await store.write("shop/web", [f"team-{number}"], expected=None)
        except ChangedMeanwhile:
            return None

    written = [one for one in await asyncio.gather(*(write(number) for number in range(8))) if one]
    assert len(written) == 1
    assert await two.store.read("shop/web") == written[0]


async def test_two_people_at_once_never_lose_an_update(two: Two) -> None:
    """Each adds a team until it is heard; in the end all teams are there."""

    async def add(store: AccessStore, team: str) -> None:
        while True:
            seen = await store.read("shop/web")
            teams = [*(seen.teams if seen else ()), team]
            try:
                await store.write("shop/web", teams, expected=seen.version if seen else None)
                return
            except ChangedMeanwhile:
                await asyncio.sleep(0)

    teams = [f"team-{number}" for number in range(6)]
    await asyncio.gather(*(add(two.store if i % 2 else two.other, team) for i, team in enumerate(teams)))
    stored = await two.other.read("shop/web")
    assert stored is not None
    assert stored.teams == tuple(teams)


async def test_adding_and_taking_out_at_once_ends_in_what_the_last_one_saw(two: Two) -> None:
    first = await two.store.write("shop/web", ["web"], expected=None)
    assert first is not None
    answers = await asyncio.gather(
        two.store.write("shop/web", [], expected=first.version),
        two.other.write("shop/web", ["web", "orders"], expected=first.version),
        return_exceptions=True,
    )
    assert sum(isinstance(one, ChangedMeanwhile) for one in answers) == 1
    stored = await two.store.read("shop/web")
    assert stored == next(one for one in answers if not isinstance(one, ChangedMeanwhile))
