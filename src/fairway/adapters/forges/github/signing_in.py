"""GitHub's web flow for signing in, and GitHub asked in the name of the person who signed in.

Works with a GitHub App (tokens that end and are renewed) and with an OAuth App. Sources: GitHub "Authorizing OAuth
apps", "Generating a user access token for a GitHub App", "Refreshing user access tokens", "Get team membership for a
user", which says that owners of the organization count as maintainers. The rule not to break: a token goes to GitHub's
API alone, the client's secret to GitHub's own pages alone, and neither into an error.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from fairway.adapters.forges.answers import NotFound
from fairway.adapters.forges.api import Api, Patience, token_login
from fairway.adapters.forges.github.forge import github_headers
from fairway.domain.access.choosing import TeamAtGithub
from fairway.domain.access.people import Person, RepositoryAtGithub, SignedOut, UserToken
from fairway.domain.errors import Refused, Terminal, UserError

AT_ONCE = 6
"""Questions at the same time."""
MOST_PAGES = 30
"""Of 100 repositories each; whoever has more names the one that he means."""
PATIENCE = Patience(attempts=2, first_pause=0.2, timeout=8.0, longest_wait=2.0)
"""Somebody is waiting before a browser."""
_LAPSED = frozenset({"bad_verification_code", "bad_refresh_token", "access_denied", "unverified_user_email"})


class GithubWebFlow:
    """Implements `services.portal.ports.GithubSignIn`. `web` and `api` are GitHub's two addresses."""

    def __init__(
        self,
        web: str,
        api: str,
        client_id: str,
        client_secret: str,
        redirect: str,
        *,
        scopes: str = "",
        patience: Patience = PATIENCE,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._web = web.rstrip("/")
        self._api = api
        self._client_id = client_id
        self._secret = client_secret
        self._redirect = redirect
        self._scopes = scopes
        self._patience = patience
        self._now = now

    def authorize_url(self, state: str, challenge: str) -> str:
        query = {
            "client_id": self._client_id,
            "redirect_uri": self._redirect,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **({"scope": self._scopes} if self._scopes else {}),
        }
        return f"{self._web}/login/oauth/authorize?{urlencode(query)}"

    async def exchange(self, code: str, verifier: str) -> UserToken:
        return await self._token({"code": code, "code_verifier": verifier, "redirect_uri": self._redirect})

    async def renew(self, token: UserToken) -> UserToken:
        return await self._token({"grant_type": "refresh_token", "refresh_token": token.refresh})

    async def revoke(self, token: UserToken) -> None:
        pair = base64.b64encode(f"{self._client_id}:{self._secret}".encode()).decode()
        api = self._asking(self._api, {"Authorization": f"Basic {pair}"})
        try:
            await api.ask("DELETE", f"applications/{quote(self._client_id)}/token", body={"access_token": token.access})
        except NotFound:
            return
        finally:
            await api.aclose()

    @asynccontextmanager
    async def as_person(self, token: UserToken) -> AsyncIterator[GithubAsPerson]:
        async def login(fresh: bool) -> Mapping[str, str]:
            if fresh:
                raise SignedOut("GitHub does not take the sign-in any more", fix="sign in again")
            return {"Authorization": f"Bearer {token.access}"}

        api = Api("GitHub", self._api, login, headers=github_headers(), patience=self._patience)
        try:
            yield GithubAsPerson(api)
        finally:
            await api.aclose()

    def _asking(self, base: str, headers: Mapping[str, str]) -> Api:
        return Api("GitHub", base, token_login(headers), headers=github_headers(), patience=self._patience)

    async def _token(self, asked: Mapping[str, str]) -> UserToken:
        api = Api("GitHub", self._web, token_login({}), headers={"Accept": "application/json"}, patience=self._patience)
        body = {"client_id": self._client_id, "client_secret": self._secret, **asked}
        try:
            answer = await api.send("POST", "login/oauth/access_token", body)
        finally:
            await api.aclose()
        if not isinstance(answer, dict):
            raise Terminal("GitHub answered the sign-in with something else than a token")
        if error := str(answer.get("error") or ""):
            raise _refusal(error)
        if not isinstance(answer.get("access_token"), str) or not answer["access_token"]:
            raise Terminal("GitHub answered the sign-in without a token")
        seconds = answer.get("expires_in")
        ends = self._now() + timedelta(seconds=int(seconds)) if seconds else None
        return UserToken(answer["access_token"], str(answer.get("refresh_token") or ""), ends)


class GithubAsPerson:
    """Implements `services.portal.ports.AsPerson`."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def me(self) -> Person:
        found = await self._api.get("user")
        return Person(str(found["login"]), int(found["id"]))

    async def is_member(self, organization: str) -> bool:
        try:
            found = await self._api.get(f"user/memberships/orgs/{quote(organization, safe='')}")
        except SignedOut:
            raise
        except UserError:  # 404, or 403 where the App is not installed: nobody's member, as far as can be known
            return False
        return bool(found.get("state") == "active")

    async def repositories(self) -> tuple[list[RepositoryAtGithub], bool]:
        pages = [await self._page(1)]
        # Whoever has many waits for GitHub once for several pages.
        while pages[-1][1] and len(pages) < MOST_PAGES:
            following = range(len(pages) + 1, min(len(pages) + AT_ONCE, MOST_PAGES) + 1)
            pages += await asyncio.gather(*(self._page(number) for number in following))
        found = {one.name.lower(): one for page, _ in pages for one in page if one.is_admin}
        return [found[key] for key in sorted(found)], pages[-1][1]

    async def _page(self, number: int) -> tuple[list[RepositoryAtGithub], bool]:
        """One page of all that he can see, and whether there is a next one."""
        query = {"affiliation": "owner,collaborator,organization_member", "sort": "full_name", "per_page": "100"}
        reply = await self._api.ask("GET", "user/repos", query={**query, "page": str(number)})
        if not isinstance(reply.data, list):
            raise Terminal("GitHub answered with something that is no list of repositories")
        return [_repository(one) for one in reply.data], 'rel="next"' in reply.headers.get("link", "")

    async def repository(self, name: str) -> RepositoryAtGithub | None:
        owner, _, last = name.partition("/")
        try:
            return _repository(await self._api.get(f"repos/{quote(owner, safe='')}/{quote(last, safe='')}"))
        except NotFound:
            return None

    async def teams(self, repository: RepositoryAtGithub, login: str) -> list[TeamAtGithub]:
        if not repository.in_organization:
            return []
        organization, _, name = repository.name.partition("/")
        path = f"repos/{quote(organization, safe='')}/{quote(name, safe='')}/teams"
        found = await self._api.pages(path, {"per_page": "100"})
        few = asyncio.Semaphore(AT_ONCE)

        async def asked(team: Mapping[str, Any]) -> TeamAtGithub:
            async with few:
                slug = str(team["slug"])
                is_maintained = await self._is_maintainer(organization, slug, login)
                return TeamAtGithub(slug, str(team["name"]), is_maintained)

        return list(await asyncio.gather(*(asked(team) for team in found)))

    async def _is_maintainer(self, organization: str, slug: str, login: str) -> bool:
        parts = [quote(part, safe="") for part in (organization, slug, login)]
        try:
            found = await self._api.get(f"orgs/{parts[0]}/teams/{parts[1]}/memberships/{parts[2]}")
        except NotFound:
            return False
        return bool(found.get("role") == "maintainer" and found.get("state") == "active")


def _repository(found: Mapping[str, Any]) -> RepositoryAtGithub:
    return RepositoryAtGithub(
        name=str(found["full_name"]),
        is_admin=bool((found.get("permissions") or {}).get("admin")),
        is_private=bool(found.get("private")),
        is_archived=bool(found.get("archived")),
        in_organization=(found.get("owner") or {}).get("type") == "Organization",
        description=str(found.get("description") or ""),
    )


def _refusal(error: str) -> Exception:
    if error in _LAPSED:
        return Refused(f"GitHub did not accept the sign-in ({error})", fix="sign in again")
    if error == "incorrect_client_credentials":
        return Terminal("GitHub does not know the portal's client", fix="correct --github-client-id and its secret")
    if error == "redirect_uri_mismatch":
        return Terminal(
            "GitHub does not return to this portal", fix="enter BASE-URL/auth/callback as callback URL of the App"
        )
    return Refused(f"GitHub refused the sign-in ({error[:60]})", fix="sign in again")
