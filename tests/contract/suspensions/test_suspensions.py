"""What is suspended stays suspended, for everybody, until somebody resumes it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

from tests.contract.suspensions.conftest import Opened

from fairway.domain.suspensions.suspension import Suspension
from fairway.services.suspending.ports import Suspensions

AT = datetime(2026, 11, 21, 14, 30, 5, tzinfo=UTC)
WEB = Suspension("prod", "web", "ünder «repair»: {{ x }}", "ada", AT, AT + timedelta(hours=2))
ALL = Suspension("prod", "", "freeze", "bob", AT)


async def test_nothing_is_suspended_where_nobody_suspended_anything(suspensions: Suspensions) -> None:
    assert await suspensions.list("prod") == ()
    assert await suspensions.remove("prod", ["", "web"]) == ()


async def test_what_was_stored_is_what_another_one_reads_the_whole_environment_first(another: Opened) -> None:
    await another().add([WEB, ALL])
    assert await another().list("prod") == (ALL, WEB)


async def test_a_time_in_another_zone_is_the_same_moment_afterwards(suspensions: Suspensions) -> None:
    oslo = AT.astimezone(timezone(timedelta(hours=1)))
    await suspensions.add([Suspension("prod", "web", until=oslo)])
    (one,) = await suspensions.list("prod")
    assert one.until == AT


async def test_the_later_word_about_a_release_takes_the_place_of_the_earlier(suspensions: Suspensions) -> None:
    await suspensions.add([WEB])
    again = Suspension("prod", "web", "still", "bob", AT)
    await suspensions.add([again])
    assert await suspensions.list("prod") == (again,)


async def test_environments_of_one_namespace_do_not_see_each_others(suspensions: Suspensions) -> None:
    canary = Suspension("prod-canary", "web", at=AT)
    await suspensions.add([WEB, canary])
    assert await suspensions.list("prod-canary") == (canary,)
    assert await suspensions.remove("prod-canary", ["web"]) == (canary,)
    assert await suspensions.list("prod") == (WEB,)


async def test_names_that_are_no_keys_of_a_config_map_are_kept_apart(suspensions: Suspensions) -> None:
    odd = [Suspension(e, r, at=AT) for e, r in (("a_b", ""), ("a", "b"), ("a/b", ""), ("å b", "c"), ("a", ""))]
    await suspensions.add(odd)
    for one in odd:
        assert one in await suspensions.list(one.environment)


async def test_removing_tells_what_there_was(suspensions: Suspensions) -> None:
    await suspensions.add([WEB, ALL])
    assert await suspensions.remove("prod", ["web", "web", "never"]) == (WEB,)
    assert await suspensions.list("prod") == (ALL,)
    assert await suspensions.remove("prod", ["web"]) == ()


async def test_many_at_once_lose_nothing_of_each_others(another: Opened) -> None:
    """The very first ones meet where nothing is stored yet; the later ones where others add and remove."""
    names = [f"r{n}" for n in range(6)]
    await asyncio.gather(*(another().add([Suspension("prod", name, at=AT)]) for name in names))
    assert {one.release for one in await another().list("prod")} == set(names)
    coming = [another().add([Suspension("prod", f"s{n}", at=AT)]) for n in range(3)]
    going = [another().remove("prod", [name]) for name in names[:3]]
    gone = await asyncio.gather(*coming, *going)
    assert sum(len(found or ()) for found in gone) == 3
    assert {one.release for one in await another().list("prod")} == {"r3", "r4", "r5", "s0", "s1", "s2"}
