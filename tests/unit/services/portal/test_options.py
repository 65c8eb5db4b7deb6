"""Where a portal can be, and which way leads back into it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.adapters.forges.github.signing_in import GithubWebFlow
from fairway.adapters.memory.sessions import MemorySessions
from fairway.adapters.secretbox import SecretBox, new_key
from fairway.domain.errors import UserError
from fairway.services.portal.options import PortalOptions
from fairway.services.portal.sessions import Sessions
from fairway.services.portal.signing_in import HOME, NotSignedIn, SigningIn, TooMany, own_path

OPTIONS = PortalOptions("https://fairway.example.com", "Iv1.x", "secret-of-tests")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("base_url", "origin", "callback"),
    [
        ("https://fairway.example.com", "https://fairway.example.com", "https://fairway.example.com/auth/callback"),
        ("https://Fairway.example.com:8443/", "https://fairway.example.com:8443", "https://Fairway.example.com:8443/auth/callback"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "http://127.0.0.1:8080/auth/callback"),
        ("http://localhost:8080", "http://localhost:8080", "http://localhost:8080/auth/callback"),
        ("http://[::1]:8080", "http://[::1]:8080", "http://[::1]:8080/auth/callback"),
    ],
)  # fmt: skip
def test_a_portal_is_where_browsers_reach_it(base_url: str, origin: str, callback: str) -> None:
    options = replace(OPTIONS, base_url=base_url).checked()
    assert (options.origin, options.callback) == (origin, callback)
    assert options.is_secure == base_url.startswith("https")


@pytest.mark.parametrize(
    "base_url",
    ["", "fairway.example.com", "http://fairway.example.com", "ftp://x", "https://", "https://x:0", "https://x:y", "https://["],
)  # fmt: skip
def test_without_tls_there_is_no_portal_but_on_this_machine(base_url: str) -> None:
    with pytest.raises(UserError, match="--base-url"):
        replace(OPTIONS, base_url=base_url).checked()


@pytest.mark.parametrize("base_url", ["https://x/portal", "https://x?y", "https://u:p@x", "https://x#y"])
def test_it_has_a_host_of_its_own(base_url: str) -> None:
    with pytest.raises(UserError, match="below a path"):
        replace(OPTIONS, base_url=base_url).checked()


def test_a_client_needs_its_secret_which_is_not_shown() -> None:
    with pytest.raises(UserError, match="--github-client-id"):
        replace(OPTIONS, github_client_secret="").checked()
    assert "secret-of-tests" not in repr(OPTIONS)
    assert OPTIONS.is_wanted
    assert not PortalOptions().is_wanted


def test_an_oauth_app_needs_an_organization() -> None:
    with pytest.raises(UserError, match="everybody at GitHub") as wrong:
        replace(OPTIONS, github_scopes="repo read:org").checked()
    assert "--github-organizations" in (wrong.value.fix or "")
    replace(OPTIONS, github_scopes="repo read:org", github_organizations=("shop",)).checked()


@given(st.text(max_size=40))
def test_the_way_back_is_a_path_of_this_server(to: str) -> None:
    found = own_path(to)
    assert found in (to, HOME)
    assert found.startswith("/")
    assert not found.startswith(("//", "/\\", "/auth/"))
    assert "\\" not in found
    assert found.isprintable()


class Clock:
    now = NOON

    def __call__(self) -> datetime:
        return self.now


def signing_in(clock: Clock, most: int = 3) -> SigningIn:
    box = SecretBox([new_key()])
    sessions = Sessions(MemorySessions(), box, clock, idle=timedelta(hours=1), longest=timedelta(hours=8))
    flow = GithubWebFlow("http://127.0.0.1:9", "http://127.0.0.1:9", "id", "secret", "http://127.0.0.1/auth/callback")
    return SigningIn(flow, sessions, box, clock, most_a_minute=most)


def test_so_many_sign_ins_a_minute_and_no_more() -> None:
    clock = Clock()
    signing = signing_in(clock)
    for _ in range(3):
        signing.begin("/")
    with pytest.raises(TooMany):
        signing.begin("/")
    clock.now += timedelta(minutes=1)
    signing.begin("/")


async def test_a_sign_in_is_good_for_ten_minutes() -> None:
    clock = Clock()
    signing = signing_in(clock)
    begun = signing.begin("/")
    clock.now += timedelta(minutes=10, seconds=1)
    with pytest.raises(NotSignedIn, match="took too long"):
        await signing.finish(begun.cookie, "state", "code")


@pytest.mark.parametrize("cookie", ["", "x", "é", "AAAA", "=" * 50])
async def test_a_cookie_that_is_not_ours_begins_nothing(cookie: str) -> None:
    with pytest.raises(NotSignedIn, match="no sign-in was begun"):
        await signing_in(Clock()).finish(cookie, "state", "code")


def test_what_a_browser_keeps_is_sealed() -> None:
    begun = signing_in(Clock()).begin("/repositories/shop/web")
    assert "repositories" not in begun.cookie
    assert begun.cookie not in repr(begun)
