"""From one's repositories to a registration, and back."""

from __future__ import annotations

import html
import re

from tests.support.forges.github_portal import Team
from tests.support.forges.serving import Answer
from tests.support.portal import Place, Visitor

WEB = "/repositories/shop/web"


async def teams(place: Place, name: str = "shop/web") -> tuple[str, ...]:
    found = await place.access.store.read(name)
    return found.teams if found else ()


def boxes(page: str) -> dict[str, str]:
    """Team → how its box is: checked, disabled, or nothing."""
    found = re.findall(r'<input type="checkbox" name="team" value="([^"]+)"([^>]*)>', page)
    return {slug: rest.strip() for slug, rest in found}


def text(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


async def test_who_is_not_signed_in_is_shown_how_to(visitor: Visitor) -> None:
    answer = await visitor.get(WEB)
    assert answer.status_code == 401
    assert 'href="/auth/login?to=/repositories/shop/web"' in answer.text
    assert "shop/secret" not in answer.text


async def test_signing_in_leads_back_to_where_it_was_begun(visitor: Visitor) -> None:
    answer = await visitor.sign_in("anna", WEB)
    assert answer.status_code == 303
    assert answer.headers["location"] == WEB
    assert "Signed in as <strong>anna</strong>" in (await visitor.get(WEB)).text


async def test_one_s_repositories_are_those_of_which_one_is_an_admin(anna: Visitor, bert: Visitor) -> None:
    page = (await anna.get("/repositories")).text
    assert re.findall(r'<a href="/repositories/([^"]+)">', page) == ["anna/dotfiles", "shop/Orders-API", "shop/web"]
    assert "3 in all, 0 registered" in page
    page = (await bert.get("/repositories")).text
    assert re.findall(r'<a href="/repositories/([^"]+)">', page) == ["shop/secret", "shop/stock", "shop/web"]


async def test_search_finds_by_name_and_description_and_offers_the_name_itself(anna: Visitor) -> None:
    assert "Orders-API" in (await anna.get("/repositories?q=ORDERS")).text
    found = (await anna.get("/repositories?q=front")).text
    assert "shop/web" in found
    assert "Orders-API" not in found
    assert 'href="/repositories/shop/stock"' in (await anna.get("/repositories?q=shop/stock")).text
    assert "No repository of yours" in (await anna.get("/repositories?q=nothing")).text


async def test_a_repository_is_registered_for_one_s_teams(anna: Visitor, place: Place) -> None:
    await anna.get(WEB)
    assert boxes(anna.page) == {"orders": "", "web": "", "newcomers": "disabled", "stock": "disabled"}
    answer = await anna.send(WEB, {"team": ["web", "orders"]})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{WEB}?done=saved"
    assert await teams(place) == ("orders", "web")
    page = (await anna.get(answer.headers["location"])).text
    assert "It is saved" in page
    assert boxes(page)["web"] == boxes(page)["orders"] == "checked"
    line = (await place.access.trail.newest())[0]
    assert (line.who, line.via, line.before, line.after, line.certain) == (
        "anna", "portal", (), ("orders", "web"), True,
    )  # fmt: skip
    assert "anna portal + added orders + added web" in text(page)
    listed = (await anna.get("/repositories")).text
    assert "1 registered" in listed
    assert re.findall(r'<a href="/repositories/([^"]+)">', listed)[0] == "shop/web"


async def test_saving_what_is_there_already_changes_nothing(anna: Visitor, place: Place) -> None:
    await anna.get(WEB)
    await anna.send(WEB, {"team": ["web"]})
    await anna.get(WEB)
    answer = await anna.send(WEB, {"team": ["web"]})
    assert answer.headers["location"] == f"{WEB}?done=same"
    assert len(await place.access.trail.newest()) == 1


async def test_an_empty_choice_asks_first_and_then_takes_it_out(anna: Visitor, place: Place) -> None:
    await anna.get(WEB)
    await anna.send(WEB, {"team": ["web"]})
    await anna.get(WEB)
    asked = await anna.send(WEB)
    assert asked.status_code == 200
    assert "Take shop/web out?" in asked.text
    assert await teams(place) == ("web",)
    answer = await anna.send(f"{WEB}/remove")
    assert answer.headers["location"] == f"{WEB}?done=removed"
    assert await teams(place) == ()
    assert [line.after for line in await place.access.trail.newest()] == [(), ("web",)]
    assert "may not deploy any more" in (await anna.get(WEB)).text


async def test_taking_out_has_a_page_of_its_own(anna: Visitor, place: Place) -> None:
    assert (await anna.get(f"{WEB}/remove")).status_code == 303
    await anna.get(WEB)
    await anna.send(WEB, {"team": ["web"]})
    page = (await anna.get(f"{WEB}/remove")).text
    assert "Take it out</button>" in page
    assert await teams(place) == ("web",)


async def test_an_empty_choice_of_what_is_not_registered_changes_nothing(anna: Visitor) -> None:
    await anna.get(WEB)
    assert (await anna.send(WEB)).headers["location"] == f"{WEB}?done=same"


async def test_two_people_at_once_are_told_and_see_both_choices(anna: Visitor, bert: Visitor, place: Place) -> None:
    await anna.get(WEB)
    await bert.get(WEB)
    await anna.send(WEB, {"team": ["web"]})
    answer = await bert.send(WEB, {"team": ["stock", "orders"]})
    assert answer.status_code == 409
    told = text(answer.text)
    assert "Somebody else was quicker; nothing was saved" in told
    assert "Now it may deploy as web ; you wanted orders, stock" in told
    assert boxes(answer.text)["stock"] == "checked"
    assert boxes(answer.text)["web"] == ""
    assert await teams(place) == ("web",)
    assert (await bert.send(WEB, {"team": ["stock", "orders"]})).status_code == 303
    assert await teams(place) == ("orders", "stock")


async def test_taking_out_what_somebody_changed_meanwhile_is_told_too(
    anna: Visitor, bert: Visitor, place: Place
) -> None:
    await anna.get(WEB)
    await anna.send(WEB, {"team": ["web"]})
    await anna.get(f"{WEB}/remove")
    await bert.get(WEB)
    await bert.send(WEB, {"team": ["web", "stock"]})
    answer = await anna.send(f"{WEB}/remove")
    assert answer.status_code == 409
    assert "you wanted to take it out" in text(answer.text)
    assert await teams(place) == ("stock", "web")


async def test_who_only_maintains_other_teams_may_take_out_but_not_put_back(
    anna: Visitor, bert: Visitor, place: Place
) -> None:
    await anna.get(WEB)
    await anna.send(WEB, {"team": ["web"]})
    await bert.get(WEB)
    assert boxes(bert.page) == {"orders": "", "stock": "", "web": "checked", "newcomers": "disabled"}
    assert "once taken out, you cannot put it back" in bert.page
    assert (await bert.send(WEB, {"team": ["web", "stock"]})).status_code == 303
    assert await teams(place) == ("stock", "web")
    await bert.get(WEB)
    assert (await bert.send(WEB, {"team": ["stock"]})).status_code == 303
    await bert.get(WEB)
    assert (await bert.send(WEB, {"team": ["stock", "web"]})).status_code == 403
    assert await teams(place) == ("stock",)


async def test_an_owner_of_the_organization_counts_as_maintainer(anna: Visitor, place: Place) -> None:
    place.github.owners["shop"] = {"anna"}
    await anna.get(WEB)
    assert boxes(anna.page)["stock"] == ""
    assert (await anna.send(WEB, {"team": ["stock"]})).status_code == 303


async def test_a_team_that_is_gone_is_shown_with_a_warning(anna: Visitor, place: Place) -> None:
    await anna.get(WEB)
    await anna.send(WEB, {"team": ["web", "orders"]})
    place.github.repos["shop/web"].teams.remove("orders")
    await anna.get(WEB)
    assert "A team is gone" in anna.page
    assert boxes(anna.page)["orders"] == "checked"
    assert (await anna.send(WEB, {"team": ["web", "orders"]})).headers["location"].endswith("same")
    await anna.get(WEB)
    assert (await anna.send(WEB, {"team": ["web"]})).status_code == 303
    assert await teams(place) == ("web",)


async def test_a_repository_of_a_person_has_no_teams(anna: Visitor) -> None:
    assert "Only repositories of an organization have teams" in text(
        (await anna.get("/repositories/anna/dotfiles")).text
    )


async def test_who_is_no_admin_may_look_and_not_change(anna: Visitor, place: Place) -> None:
    await place.access.store.write("shop/stock", ["stock"], expected=None)
    page = (await anna.get("/repositories/shop/stock")).text
    assert boxes(page) == {}
    assert "Only an admin of the repository can change this" in page
    assert '<li class="tag">stock</li>' in page


async def test_a_name_in_another_case_is_the_same_repository(anna: Visitor, place: Place) -> None:
    await anna.get("/repositories/SHOP/orders-api")
    assert "<h1>shop/Orders-API</h1>" in anna.page
    await anna.send("/repositories/SHOP/orders-api", {"team": ["orders"]})
    found = await place.access.store.read("shop/orders-api")
    assert found is not None
    assert found.repository == "shop/Orders-API"


async def test_hundreds_of_repositories_come_in_pages(anna: Visitor, place: Place) -> None:
    some = place.github.repos["shop/web"]
    place.github.repos |= {f"shop/r{number:02}": some for number in range(45)}
    first = (await anna.get("/repositories")).text
    assert "48 in all" in first
    assert "Page 1 of 3" in first
    assert 'href="/repositories?page=2"' in first
    last = (await anna.get("/repositories?page=99")).text
    assert "Page 3 of 3" in last
    assert 'rel="next"' not in last
    assert "page=1" in (await anna.get("/repositories?q=r0&page=2")).text or "10 with" in anna.page


async def test_who_has_too_many_to_list_names_the_one_that_he_means(anna: Visitor, place: Place) -> None:
    some = place.github.repos["shop/web"]
    place.github.repos |= {f"shop/r{number:02}": some for number in range(95)}
    page = (await anna.get("/repositories")).text
    assert "there are too many to list" in page
    assert place.github.count("GET", "/user/repos") == 30
    assert 'href="/repositories/shop/web"' in (await anna.get("/repositories?q=shop/web")).text


async def test_github_that_does_not_answer_is_a_page_and_not_a_crash(anna: Visitor, place: Place) -> None:
    for status in (500, 502):
        place.github.failures += [Answer(status, {"message": "Server Error"})] * 2
        answer = await anna.get(WEB)
        assert answer.status_code == 503
        assert "This does not work right now" in answer.text
        assert "Traceback" not in answer.text
        assert answer.headers["retry-after"] == "30"
    assert (await anna.get(WEB)).status_code == 200


async def test_a_rate_limit_is_told(anna: Visitor, place: Place) -> None:
    limited = {"x-ratelimit-remaining": "0", "retry-after": "900"}
    place.github.failures.append(Answer(403, {"message": "API rate limit exceeded"}, limited))
    answer = await anna.get(WEB)
    assert answer.status_code == 503
    assert "allows no more requests for 900 s" in answer.text


async def test_names_of_others_are_text_and_nothing_else(anna: Visitor, place: Place) -> None:
    evil = "<img src=x onerror=alert(1)>\"'{{ 7777*7777 }}"
    place.github.repos["shop/web"].description = evil
    place.github.teams["shop/web"] = Team(evil, {"anna": "maintainer"})
    for path in ("/repositories", WEB, "/repositories?q=%3Cimg%20src%3Dx%3E"):
        page = (await anna.get(path)).text
        assert "<img src=x" not in page
        assert "60481729" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in (await anna.get(WEB)).text


async def test_signing_out_forgets_the_session_and_the_token(anna: Visitor, place: Place) -> None:
    await anna.get(WEB)
    assert list(place.github.tokens.values()) == ["anna"]
    answer = await anna.send("/auth/logout")
    assert answer.status_code == 303
    assert place.github.tokens == {}
    assert (await anna.get(WEB)).status_code == 401
