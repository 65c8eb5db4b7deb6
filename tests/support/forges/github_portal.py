"""A loopback GitHub for people: the web flow of signing in, their repositories, teams and memberships.

The REST calls follow the published description; the two pages of the web flow follow GitHub's "Authorizing OAuth apps"
and "Refreshing user access tokens", which no description covers.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from tests.support.forges.published import published
from tests.support.forges.serving import Answer, Asked, ForgeServer, Handler, Refused

CLIENT_ID = "Iv1.0123456789abcdef"
APP_ID = 4711
THE_APP = "the App itself"
CLIENT_SECRET = "client-secret-of-the-tests"


@dataclass
class Repo:
    admins: set[str] = field(default_factory=set)
    readers: set[str] = field(default_factory=set)
    teams: list[str] = field(default_factory=list)
    private: bool = False
    archived: bool = False
    description: str = ""
    owner_type: str = "Organization"


@dataclass
class Team:
    name: str = ""
    members: dict[str, str] = field(default_factory=dict)
    """Login → maintainer, member."""
    pending: set[str] = field(default_factory=set)


@dataclass
class _Code:
    login: str
    challenge: str
    redirect: str


@dataclass
class PortalGithub(ForgeServer):
    """`at_browser` is who sits before GitHub's page; `denies` presses Cancel there."""

    public_key: str = ""
    """PEM; with its other half the App logs in as itself."""
    callback: str = ""
    """Registered for the App; the redirect must be this very one."""
    at_browser: str = "anna"
    denies: bool = False
    tokens_end: int = 0
    """Seconds after which tokens end; 0: never, as for an OAuth App."""
    people: dict[str, int] = field(default_factory=lambda: {"anna": 1, "bert": 2, "cleo": 3, "dora": 4})
    repos: dict[str, Repo] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    """By a repository's former name, its name now."""
    teams: dict[str, Team] = field(default_factory=dict)
    """By `org/slug`."""
    owners: dict[str, set[str]] = field(default_factory=dict)
    """Owners of organizations, who count as maintainers of every team."""
    members: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of organizations: login → active, pending."""
    tokens: dict[str, str] = field(default_factory=dict)
    refreshes: dict[str, str] = field(default_factory=dict)
    codes: dict[str, _Code] = field(default_factory=dict)
    made: int = 0

    def __post_init__(self) -> None:
        self.published = published("github-portal")

    def routes(self) -> Mapping[str, Handler]:
        return {
            "GET /user": self._user,
            "GET /user/memberships/orgs/{org}": self._own_membership,
            "GET /user/repos": self._repos,
            "GET /repos/{owner}/{repo}": self._repo,
            "GET /repos/{owner}/{repo}/teams": self._repo_teams,
            "GET /orgs/{org}/teams/{slug}/memberships/{user}": self._membership,
            f"DELETE /applications/{CLIENT_ID}/token": self._revoke,
            "GET /repos/{owner}/{repo}/installation": self._installation,
            "POST /app/installations/{id}/access_tokens": self._installed,
        }

    def authorized(self, asked: Asked) -> bool:
        given = asked.headers.get("authorization", "")
        if asked.path.startswith("/applications/"):
            return given == f"Basic {base64.b64encode(f'{CLIENT_ID}:{CLIENT_SECRET}'.encode()).decode()}"
        if asked.path.startswith("/app/") or asked.path.endswith("/installation"):
            return self._is_app(given.removeprefix("Bearer "))
        return given.removeprefix("Bearer ") in self.tokens

    def _is_app(self, token: str) -> bool:
        import jwt

        try:
            jwt.decode(token, self.public_key, algorithms=["RS256"], issuer=str(APP_ID))
        except jwt.PyJWTError:
            return False
        return True

    def _installation(self, asked: Asked, owner: str, repo: str) -> Answer:
        number = {"shop": 99}.get(owner)
        if number is None:
            raise Refused(404, {"message": "Not Found"})
        shown = self.published.example("GET", asked.path, 200)
        return Answer(200, {**shown, "id": number, "app_id": APP_ID})

    def _installed(self, asked: Asked, number: str) -> Answer:
        token = self._next("ghs")
        self.tokens[token] = THE_APP
        shown = self.published.example("POST", asked.path, 201)
        return Answer(201, {**shown, "token": token, "expires_at": "2099-01-01T00:00:00Z"})

    def _checked(self, asked: Asked) -> Answer:
        if asked.path == "/login/oauth/authorize":
            return self._authorize(asked)
        if asked.path == "/login/oauth/access_token":
            return self._access_token(asked)
        return super()._checked(asked)

    def page(self, asked: Asked, items: list[Any]) -> Answer:
        """As GitHub does it, with commas of the query encoded."""
        encoded = Asked(asked.method, asked.path, {k: quote(v) for k, v in asked.query.items()}, asked.headers, None)
        return super().page(encoded, items)

    def _authorize(self, asked: Asked) -> Answer:
        query = asked.query
        assert asked.method == "GET"
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        assert len(query["state"]) >= 32
        if query["redirect_uri"] != self.callback:
            return Answer(200, {"message": "The redirect_uri is not associated with this application."})
        back = {"state": query["state"]}
        if self.denies:
            back |= {"error": "access_denied", "error_description": "The user has denied your application access."}
        else:
            back["code"] = self._next("code")
            self.codes[back["code"]] = _Code(self.at_browser, query["code_challenge"], query["redirect_uri"])
        return Answer(302, None, {"Location": f"{self.callback}?{urlencode(back)}"})

    def _access_token(self, asked: Asked) -> Answer:
        body = asked.body
        assert asked.method == "POST"
        assert asked.headers["accept"] == "application/json"
        if (body.pop("client_id"), body.pop("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return _error("incorrect_client_credentials")
        if body.get("grant_type") == "refresh_token":
            login = self.refreshes.pop(body["refresh_token"], "")
            return self._token(login) if login else _error("bad_refresh_token")
        assert set(body) == {"code", "code_verifier", "redirect_uri"}, body
        code = self.codes.pop(body["code"], None)
        if code is None:
            return _error("bad_verification_code")
        digest = hashlib.sha256(body["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if code.challenge != challenge or code.redirect != body["redirect_uri"]:
            return _error("bad_verification_code")
        return self._token(code.login)

    def _token(self, login: str) -> Answer:
        access = self._next("ghu")
        self.tokens[access] = login
        made: dict[str, Any] = {"access_token": access, "token_type": "bearer", "scope": ""}
        if self.tokens_end:
            refresh = self._next("ghr")
            self.refreshes[refresh] = login
            made |= {"expires_in": self.tokens_end, "refresh_token": refresh, "refresh_token_expires_in": 15897600}
        return Answer(200, made)

    def _revoke(self, asked: Asked) -> Answer:
        if self.tokens.pop(asked.body["access_token"], None) is None:
            raise Refused(404, {"message": "Not Found"})
        return Answer(204)

    def _user(self, asked: Asked) -> Answer:
        login = self._login(asked)
        shown = self.published.example("GET", "/user", 200)
        return Answer(200, {**shown, "login": login, "id": self.people[login]})

    def _repos(self, asked: Asked) -> Answer:
        login = self._login(asked)
        seen = [name for name in sorted(self.repos) if self._sees(login, name)]
        example = self.published.example("GET", "/user/repos", 200)[0]
        return self.page(asked, [self._shown(example, name, login) for name in seen])

    def _own_membership(self, asked: Asked, org: str) -> Answer:
        state = self.members.get(org.lower(), {}).get(self._login(asked))
        if state is None:
            raise Refused(404, {"message": "Not Found"})
        shown = self.published.example("GET", asked.path, 200)
        return Answer(200, {**shown, "state": state, "role": "member"})

    def _repo(self, asked: Asked, owner: str, repo: str) -> Answer:
        login, name = self._login(asked), self._named(f"{owner}/{repo}")
        if now := self.moved.get(name):
            moved = {"message": "Moved Permanently", "documentation_url": "https://docs.github.com/"}
            return Answer(301, moved, {"location": f"../{now}"})
        if not self._sees(login, name):
            raise Refused(404, {"message": "Not Found"})
        example = self.published.example("GET", "/repos/o/r", 200)
        example = {key: value for key, value in example.items() if key not in ("parent", "source")}
        return Answer(200, self._shown(example, name, login))

    def _repo_teams(self, asked: Asked, owner: str, repo: str) -> Answer:
        name = self._named(f"{owner}/{repo}")
        login = self._login(asked)
        if name not in self.repos or login not in self.repos[name].admins | {THE_APP}:
            raise Refused(404, {"message": "Not Found"})
        example = {"type": "organization", "organization_id": 1, **self.published.example("GET", asked.path, 200)[0]}
        slugs = [slug for slug in self.repos[name].teams if f"{owner.lower()}/{slug}" in self.teams]
        return self.page(
            asked,
            [{**example, "slug": slug, "name": self.teams[f"{owner.lower()}/{slug}"].name or slug} for slug in slugs],
        )

    def _membership(self, asked: Asked, org: str, slug: str, user: str) -> Answer:
        team = self.teams.get(f"{org.lower()}/{slug}")
        if user in self.owners.get(org.lower(), set()):
            role = "maintainer"
        elif team and user in team.members:
            role = team.members[user]
        else:
            raise Refused(404, {"message": "Not Found"})
        state = "pending" if team and user in team.pending else "active"
        return Answer(200, {"url": f"{self.api}{asked.path}", "role": role, "state": state})

    def _shown(self, example: dict[str, Any], name: str, login: str) -> dict[str, Any]:
        repo = self.repos[name]
        owner, _, last = name.partition("/")
        is_admin = login in repo.admins
        return {
            "language": None,  # required, and not in the example
            **example,
            "name": last,
            "full_name": name,
            "owner": {**example["owner"], "login": owner, "type": repo.owner_type},
            "private": repo.private,
            "archived": repo.archived,
            "description": repo.description or None,
            "permissions": {"admin": is_admin, "push": is_admin, "pull": True},
        }

    def _sees(self, login: str, name: str) -> bool:
        repo = self.repos.get(name)
        return repo is not None and (login in repo.admins or login in repo.readers)

    def _named(self, text: str) -> str:
        """GitHub takes no notice of case."""
        return next((name for name in self.repos if name.lower() == text.lower()), text)

    def _login(self, asked: Asked) -> str:
        return self.tokens[asked.headers["authorization"].removeprefix("Bearer ")]

    def _next(self, prefix: str) -> str:
        self.made += 1
        return f"{prefix}_{self.made:036d}"


def shop(server: PortalGithub) -> PortalGithub:
    """The organization of the tests: anna looks after the shop, bert helps, cleo only looks."""
    server.members = {"shop": {"anna": "active", "bert": "active", "cleo": "pending"}}
    server.teams = {
        "shop/web": Team("Web team", {"anna": "maintainer", "bert": "member"}),
        "shop/orders": Team("Orders", {"anna": "maintainer", "bert": "maintainer"}),
        "shop/stock": Team("Stock", {"bert": "maintainer", "anna": "member"}),
        "shop/newcomers": Team("Newcomers", {"anna": "maintainer"}, {"anna"}),
    }
    server.teams["elsewhere/web"] = Team("Web", {"dora": "maintainer"})
    server.repos = {
        "shop/web": Repo({"anna", "bert"}, {"cleo"}, ["web", "orders", "stock", "newcomers"]),
        "shop/Orders-API": Repo({"anna"}, set(), ["orders"], private=True),
        "shop/stock": Repo({"bert"}, {"anna"}, ["stock"]),
        "shop/secret": Repo({"bert"}, set(), ["stock"], private=True),
        "elsewhere/web": Repo({"dora"}, set(), ["web"]),
        "anna/dotfiles": Repo({"anna"}, {"bert"}, owner_type="User"),
    }
    server.repos["shop/web"].description = "The shop's front"
    return server


def _error(code: str) -> Answer:
    return Answer(200, {"error": code, "error_description": "x", "error_uri": "https://docs.github.com"})
