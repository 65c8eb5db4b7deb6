"""What somebody with bad intentions would try."""

from __future__ import annotations

import re
import sqlite3
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from tests.support.portal import Place, Visitor, portal

WEB = "/repositories/shop/web"


async def registered(place: Place) -> tuple[str, ...]:
    found = await place.access.store.read("shop/web")
    return found.teams if found else ()


def stored_bytes(place: Place) -> bytes:
    with sqlite3.connect(place.database) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return place.database.read_bytes()


def given(answer: httpx2.Response) -> SimpleCookie:
    cookies = SimpleCookie()
    for line in answer.headers.get_list("set-cookie"):
        cookies.load(line)
    return cookies


async def begun(visitor: Visitor, to: str = "/repositories") -> tuple[str, dict[str, list[str]]]:
    """GitHub's address, and what it is asked."""
    answer = await visitor.client.get("/auth/login", params={"to": to})
    where: str = answer.headers["location"]
    return where, parse_qs(urlsplit(where).query)


# ── forms ──


@pytest.mark.parametrize("token", ["", "0" * 64, "x", "é", "wrong" * 1000])
async def test_a_form_without_the_session_s_token_changes_nothing(anna: Visitor, place: Place, token: str) -> None:
    await anna.get(WEB)
    for path, fields in ((WEB, {"team": "web"}), (f"{WEB}/remove", {}), ("/auth/logout", {})):
        answer = await anna.send(path, {**fields, "csrf": token})
        assert answer.status_code == 403
        assert "Nothing was changed" in answer.text
    assert await registered(place) == ()
    assert (await anna.get(WEB)).status_code == 200


async def test_the_token_of_somebody_else_is_none(anna: Visitor, bert: Visitor, place: Place) -> None:
    await anna.get(WEB)
    await bert.get(WEB)
    answer = await bert.send(WEB, {"team": "orders", "csrf": anna.hidden("csrf")})
    assert answer.status_code == 403
    assert await registered(place) == ()


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://127.0.0.1:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_a_form_from_another_place_changes_nothing(anna: Visitor, place: Place, headers: dict[str, str]) -> None:
    await anna.get(WEB)
    answer = await anna.send(WEB, {"team": "web"}, headers)
    assert answer.status_code == 403
    assert await registered(place) == ()


async def test_a_form_of_nobody_changes_nothing(visitor: Visitor, anna: Visitor, place: Place) -> None:
    await anna.get(WEB)
    visitor.page = anna.page
    assert (await visitor.send(WEB, {"team": "web"})).status_code == 401
    assert (await visitor.send(f"{WEB}/remove")).status_code == 401
    assert await registered(place) == ()


async def test_nothing_is_changed_by_a_link(anna: Visitor, place: Place) -> None:
    await place.access.store.write("shop/web", ["web"], expected=None)
    await anna.get(f"{WEB}?team=orders&csrf=x")
    await anna.get(f"{WEB}/remove?confirm=yes")
    assert (await anna.client.get("/auth/logout")).status_code == 405
    assert await registered(place) == ("web",)


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
async def test_what_is_no_form_is_refused(anna: Visitor, place: Place, kind: str) -> None:
    await anna.get(WEB)
    headers = {"origin": place.url, "content-type": kind}
    body = f"csrf={anna.hidden('csrf')}&version=&team=web".encode()
    assert (await anna.client.post(WEB, content=body, headers=headers)).status_code == 415
    assert await registered(place) == ()


async def test_a_form_that_is_too_large_is_refused(anna: Visitor, place: Place) -> None:
    await anna.get(WEB)
    assert (await anna.send(WEB, {"team": "x" * 70_000})).status_code == 413
    await anna.get(WEB)
    assert (await anna.send(WEB, {"team": ["web"] * 400})).status_code == 400
    await anna.get(WEB)
    assert (await anna.send(WEB, {"team": [f"t{number}" for number in range(200)]})).status_code == 400
    assert await registered(place) == ()


# ── rights ──


@pytest.mark.parametrize("team", ["stock", "newcomers", "STOCK", "unknown"])
async def test_a_team_that_one_does_not_maintain_is_not_given(anna: Visitor, place: Place, team: str) -> None:
    """`newcomers`: the invitation to be its maintainer was not accepted."""
    await anna.get(WEB)
    answer = await anna.send(WEB, {"team": ["web", team]})
    assert answer.status_code == 403
    assert "you are no maintainer" in answer.text.lower()
    assert await registered(place) == ()
    assert await place.access.trail.newest() == []


@pytest.mark.parametrize("slug", ["a b", "<script>", "../web", "web\nstock", "w" * 300])
async def test_what_is_no_slug_is_refused(anna: Visitor, place: Place, slug: str) -> None:
    await anna.get(WEB)
    answer = await anna.send(WEB, {"team": [slug]})
    assert answer.status_code == 400
    assert "<script>" not in answer.text.replace("<script src", "")
    assert await registered(place) == ()


async def test_a_repository_without_admin_rights_is_not_changed(anna: Visitor, place: Place) -> None:
    await place.access.store.write("shop/stock", ["stock"], expected=None)
    for path in ("/repositories/shop/stock", "/repositories/shop/stock/remove"):
        await anna.get(WEB)
        answer = await anna.send(path, {"team": "web"})
        assert answer.status_code == 403
        assert "you are no admin of shop/stock" in answer.text.lower()
    found = await place.access.store.read("shop/stock")
    assert found is not None
    assert found.teams == ("stock",)


async def test_a_repository_that_one_may_not_see_is_not_there(anna: Visitor, place: Place) -> None:
    await place.access.store.write("shop/secret", ["stock"], expected=None)
    await anna.get(WEB)
    answers = [
        await anna.get("/repositories/shop/secret"),
        await anna.get("/repositories/shop/secret/remove"),
        await anna.get("/repositories/shop/nothing"),
    ]
    await anna.get(WEB)
    answers += [await anna.send("/repositories/shop/secret", {"team": "web"})]
    await anna.get(WEB)
    answers += [await anna.send("/repositories/shop/secret/remove")]
    assert {answer.status_code for answer in answers} == {404}
    assert not any("stock" in answer.text for answer in answers)
    assert "shop/secret" not in (await anna.get("/repositories")).text


async def test_rights_are_asked_again_when_it_is_saved(anna: Visitor, place: Place) -> None:
    await anna.get(WEB)
    place.github.teams["shop/web"].members["anna"] = "member"
    assert (await anna.send(WEB, {"team": "web"})).status_code == 403
    place.github.repos["shop/web"].admins.remove("anna")
    place.github.repos["shop/web"].readers.add("anna")
    assert (await anna.send(WEB, {"team": "orders"})).status_code == 403
    assert await registered(place) == ()


@pytest.mark.parametrize("name", ["..%2f..", "-x/web", "shop/w%00b", "shop/web%0d%0aX-Evil:1", "é/web"])
async def test_names_that_are_none_lead_nowhere(anna: Visitor, name: str) -> None:
    answer = await anna.client.get(f"/repositories/{name}")
    assert answer.status_code == 404
    assert "x-evil" not in answer.headers


# ── signing in ──


async def test_cookies_cannot_be_read_or_sent_by_others(visitor: Visitor, place: Place) -> None:
    answer = await visitor.sign_in("anna")
    session = given(answer)["fairway"]
    assert session["httponly"]
    assert session["samesite"] == "lax"
    assert session["path"] == "/"
    assert not session["domain"]
    assert int(session["max-age"]) == 8 * 3600
    assert given(answer)["fairway-sign-in"]["max-age"] == "0"


async def test_over_https_cookies_are_bound_to_the_host(tmp_path: Path) -> None:
    """What a proxy that ends TLS passes on."""
    async with portal(tmp_path, base_url="https://fairway.example.com") as place:
        visitor = Visitor(place)
        cookie = given(await visitor.client.get("/auth/login"))["__Host-fairway-sign-in"]
        assert cookie["secure"]
        assert cookie["httponly"]
        assert cookie["path"] == "/"
        assert not cookie["domain"]
        _, asked = await begun(visitor)
        assert asked["redirect_uri"] == ["https://fairway.example.com/auth/callback"]
        await visitor.aclose()


async def test_github_is_asked_with_state_and_challenge(visitor: Visitor, place: Place) -> None:
    first, second = (await begun(visitor))[1], (await begun(visitor))[1]
    assert first["redirect_uri"] == [f"{place.url}/auth/callback"]
    assert first["code_challenge_method"] == ["S256"]
    assert first["state"] != second["state"]
    assert first["code_challenge"] != second["code_challenge"]
    assert "scope" not in first


@pytest.mark.parametrize("state", ["", "x", "A" * 43, "é"])
async def test_an_answer_with_another_state_signs_nobody_in(visitor: Visitor, place: Place, state: str) -> None:
    where, _ = await begun(visitor)
    back = await visitor.client.get(where)
    code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
    answer = await visitor.client.get("/auth/callback", params={"state": state, "code": code})
    assert answer.status_code == 403
    assert "fairway" not in given(answer)
    assert place.github.tokens == {}


async def test_nobody_can_be_made_to_finish_the_sign_in_of_another(visitor: Visitor, place: Place) -> None:
    """Login CSRF: the answer to an attacker's sign-in, opened in a victim's browser."""
    attacker = Visitor(place)
    place.github.at_browser = "bert"
    where, _ = await begun(attacker)
    back = await attacker.client.get(where)
    for cookies in (False, True):
        if cookies:
            await begun(visitor)
        answer = await visitor.client.get(back.headers["location"])
        assert answer.status_code == 403
        assert "You are not signed in" in answer.text
    assert (await visitor.get(WEB)).status_code == 401
    await attacker.aclose()


async def test_an_answer_counts_once(visitor: Visitor, place: Place) -> None:
    where, _ = await begun(visitor)
    cookie = visitor.client.cookies["fairway-sign-in"]
    back = (await visitor.client.get(where)).headers["location"]
    assert (await visitor.client.get(back)).status_code == 303
    assert (await visitor.client.get(back)).status_code == 403
    other = Visitor(place)
    other.client.cookies.set("fairway-sign-in", cookie)
    assert (await other.client.get(back)).status_code == 403
    # Even with a code that is good: the state made a session already.
    again = parse_qs(urlsplit((await other.client.get(where)).headers["location"]).query)
    answer = await other.client.get("/auth/callback", params={"state": again["state"][0], "code": again["code"][0]})
    assert answer.status_code == 403
    assert "used before" in answer.text
    await other.aclose()


async def test_a_sign_in_ends_the_session_before_and_never_takes_one_over(visitor: Visitor, place: Place) -> None:
    """Session fixation."""
    visitor.client.cookies.set("fairway", "chosen-by-an-attacker", domain="127.0.0.1")
    await visitor.sign_in("anna")
    first = visitor.client.cookies["fairway"]
    assert first != "chosen-by-an-attacker"
    await visitor.sign_in("anna")
    assert visitor.client.cookies["fairway"] != first
    thief = Visitor(place)
    thief.client.cookies.set("fairway", first)
    assert (await thief.get(WEB)).status_code == 401
    await thief.aclose()


ELSEWHERE = ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\\\\evil")


@pytest.mark.parametrize("to", [*ELSEWHERE, "", "/auth/login", "/x\r\nx", "repositories"])
async def test_the_way_back_is_always_our_own(visitor: Visitor, to: str) -> None:
    answer = await visitor.sign_in("anna", to)
    assert answer.headers["location"] == "/repositories"


async def test_who_says_no_at_github_is_not_signed_in(visitor: Visitor, place: Place) -> None:
    place.github.denies = True
    answer = await visitor.sign_in("anna")
    assert answer.status_code == 403
    assert "you did not allow it" in answer.text
    assert 'href="/auth/login"' in answer.text


async def test_a_code_that_is_none_signs_nobody_in(visitor: Visitor) -> None:
    _, asked = await begun(visitor)
    answer = await visitor.client.get("/auth/callback", params={"state": asked["state"][0], "code": "guessed"})
    assert answer.status_code == 403
    assert "guessed" not in answer.text


async def test_sign_ins_are_bounded(visitor: Visitor) -> None:
    answers = [await visitor.client.get("/auth/login") for _ in range(125)]
    assert [answer.status_code for answer in answers] == [303] * 120 + [429] * 5
    assert answers[-1].headers["retry-after"] == "30"


# ── what is stored and sent ──


async def test_neither_session_nor_token_is_in_the_database(anna: Visitor, place: Place) -> None:
    await anna.get(WEB)
    csrf = anna.hidden("csrf")
    await anna.send(WEB, {"team": "web"})
    content = stored_bytes(place)
    assert b"portal_sessions" in content
    assert b"anna" in content
    secrets = [anna.client.cookies["fairway"], *place.github.tokens, csrf]
    assert all(secrets)
    assert not any(secret.encode() in content for secret in secrets)


async def test_a_stolen_row_is_no_session(anna: Visitor, visitor: Visitor, place: Place) -> None:
    with sqlite3.connect(place.database) as connection:
        keys = [row[0] for row in connection.execute("SELECT key FROM portal_sessions")]
    for key in keys:
        visitor.client.cookies.set("fairway", key)
        assert (await visitor.get(WEB)).status_code == 401


async def test_a_token_moved_to_another_session_does_not_open(anna: Visitor, bert: Visitor, place: Place) -> None:
    with sqlite3.connect(place.database) as connection:
        token = connection.execute("SELECT token FROM portal_sessions WHERE login = 'bert'").fetchone()[0]
        connection.execute("UPDATE portal_sessions SET token = ? WHERE login = 'anna'", (token,))
    assert (await anna.get(WEB)).status_code == 401
    assert (await bert.get(WEB)).status_code == 200


@pytest.mark.parametrize("secret", ["", "x", "é", "a" * 5000, "../../etc/passwd", "%00"])
async def test_a_cookie_that_is_none_is_nobody(place: Place, secret: str) -> None:
    async with httpx2.AsyncClient(base_url=place.url, trust_env=False) as client:
        raw = f"fairway={secret}".encode("latin-1")
        answer = await client.get(WEB, headers=[(b"cookie", raw)])
        assert answer.status_code in (401, 431, 400)


async def test_a_token_that_github_took_back_ends_the_session(anna: Visitor, place: Place) -> None:
    await anna.get(WEB)
    place.github.tokens.clear()
    answer = await anna.get(WEB)
    assert answer.status_code == 401
    assert "sign in again" in answer.text
    with sqlite3.connect(place.database) as connection:
        assert [row[0] for row in connection.execute("SELECT token FROM portal_sessions")] == [b""]


async def test_every_page_of_the_portal_is_guarded(anna: Visitor, visitor: Visitor) -> None:
    answers = [
        await visitor.client.get("/repositories"),
        await anna.client.get("/repositories"),
        await anna.client.get(WEB),
        await anna.client.get("/repositories/shop/secret"),
        await anna.client.get("/auth/login"),
        await anna.client.get("/auth/callback"),
    ]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
    for answer in answers[:4]:
        assert not re.search(r"\sstyle=|<style|\son\w+=", answer.text)
