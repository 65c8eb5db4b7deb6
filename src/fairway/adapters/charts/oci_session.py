"""Requests to one repository of a registry, with the token dance that registries want.

The rule not to break: a password goes to the registry itself or to the realm it names over https (or on this
machine), and never farther. Source: distribution specification, "Token Authentication".
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from urllib.parse import urlencode, urljoin, urlsplit

from fairway.adapters.charts.challenges import Challenge, Encounters, read_challenge
from fairway.adapters.charts.login_sources import LoginSource
from fairway.adapters.charts.logins import Login, Logins, tls_of
from fairway.adapters.charts.web import Access, AccessTo, Answer, Tls, Web
from fairway.domain.charts.addresses import is_loopback, same_origin, shown
from fairway.domain.charts.archive import MIB
from fairway.domain.errors import Terminal, UserError
from fairway.domain.repository.models import HelmRepo

CLIENT = "fairway"
SHORTEST_TOKEN = 60.0
"""Seconds a token lives when its realm does not say."""
FindLogin = Callable[[], Awaitable[Login | None]]


class OciSessions:
    """One session for each repository, so that a token is asked for only when the last one has run out.

    What one repository of a registry was challenged with is expected by the next: `clock` counts seconds.
    """

    def __init__(
        self, web: Web, logins: Logins, sources: LoginSource, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._web = web
        self._logins = logins
        self._sources = sources
        self._clock = clock
        self._sessions: dict[tuple[str, str], OciSession] = {}
        self._encounters = Encounters()

    async def of(self, host: str, repository: str) -> OciSession:
        key = (host, repository)
        if key not in self._sessions:
            entry = self._logins.repo_of(f"oci://{host}/{repository}")
            login = await self._logins.login_of(entry) if entry else None
            bearer = ""
            if login and login.token:
                bearer, login = login.header, None
            tls = tls_of(entry) if entry else Tls()
            secure = bool(tls.ca_file or tls.cert_file) or not is_loopback(host)
            name = {"docker.io": "registry-1.docker.io"}.get(host, host)
            base = f"{'https' if secure else 'http'}://{name}/v2/{repository}/"
            find = self._finder(host, repository, login if login and login.header else None)
            advice = partial(self._sources.advice, host)
            session = OciSession(self._web, base, repository, find, bearer, tls, self._encounters, self._clock, advice)
            self._sessions.setdefault(key, session)
        return self._sessions[key]

    def follow(self, repos: Sequence[HelmRepo]) -> None:
        """From now on these are the entries of helmRepos; what was open for others is opened anew."""
        if tuple(repos) != self._logins.repos:
            self._logins.repos = tuple(repos)
            self._sessions.clear()

    def advice(self, host: str) -> str:
        """What to do where a login is missing."""
        return self._sources.advice(host) or f"docker login {host}"

    def _finder(self, host: str, repository: str, given: Login | None) -> FindLogin:
        async def find() -> Login | None:
            return given or await self._sources.login_of(host, repository)

        return find


class OciSession:
    """GETs below `base`. `bearer` is a ready Authorization header; `find` gives a password or a refresh token.

    `encounters` is shared by the sessions of a run.
    """

    def __init__(
        self,
        web: Web,
        base: str,
        repository: str,
        find: FindLogin,
        bearer: str,
        tls: Tls,
        encounters: Encounters,
        clock: Callable[[], float],
        advice: Callable[[], str],
    ) -> None:
        self._web = web
        self._base = base
        self._registry = base.removesuffix(f"/v2/{repository}/")
        self._repository = repository
        self._find = find
        self._tls = tls
        self._header = bearer
        self._ends = float("inf")
        self._encounters = encounters
        self._challenges = encounters.challenges
        self._clock = clock
        self._advice = advice
        self._asking = asyncio.Lock()
        self.has_login = bool(bearer)

    async def get(
        self, path: str, *, limit: int, headers: Mapping[str, str] | None = None, method: str = "GET"
    ) -> Answer:
        """`path` relative to the repository, or an address on the same registry; `method` may be HEAD."""
        url = urljoin(self._base, path) if not path.startswith(("manifests/", "blobs/")) else self._base + path
        if not same_origin(url, self._base):
            raise Terminal(f"{shown(self._base)} points to another host: {shown(url)}")
        async with self._encounters.meet(self._registry):
            return await self._get(url, limit, headers, method)

    async def _get(self, url: str, limit: int, headers: Mapping[str, str] | None, method: str) -> Answer:
        expected = self._challenges.get(self._registry)
        if expected and (not self._header or self._clock() >= self._ends):
            await self._authorize(expected, self._header)
        sent = self._header
        answer = await self._web.get(url, self._access, limit=limit, headers=headers, method=method)
        if answer.status == 401 and same_origin(answer.url, self._base):
            challenge = read_challenge(answer.headers.get("www-authenticate", ""), self._repository)
            if challenge:
                await self._authorize(challenge, sent)
            if self._header == sent:
                return answer
            answer = await self._web.get(url, self._access, limit=limit, headers=headers, method=method)
        return answer

    def _access(self, url: str) -> Access:
        if not same_origin(url, self._base):
            return Access(tls=Tls(ca_file=self._tls.ca_file, system_too=True))
        return Access({"Authorization": self._header} if self._header else {}, self._tls)

    async def _authorize(self, challenge: Challenge, refused: str) -> None:
        async with self._asking:
            if self._header != refused:
                return
            login = await self._find()
            self.has_login = self.has_login or login is not None
            if challenge.scheme == "basic":
                if login and login.password:
                    self._header, self._ends = login.header, float("inf")
                    self._challenges[self._registry] = challenge
            elif challenge.scheme == "bearer":
                token, lifetime = await self._token(challenge, login)
                self._header, self._ends = f"Bearer {token}", self._clock() + 0.9 * lifetime
                self._challenges[self._registry] = challenge

    async def _token(self, challenge: Challenge, login: Login | None) -> tuple[str, float]:
        """A token, and for how many seconds it holds."""
        realm = urljoin(self._base, challenge.parameters.get("realm", ""))
        parts = urlsplit(realm)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.netloc)):
            raise Terminal(f'{shown(self._base)} asks for a login at an address that is not https: "{shown(realm)}"')
        service = challenge.parameters.get("service", "")
        scope = challenge.scope_for(self._repository)
        if login and login.token:
            form = {"grant_type": "refresh_token", "refresh_token": login.token}
            form |= {"service": service, "scope": scope, "client_id": CLIENT}
            answer = await self._web.post_form(realm, form, self._realm_access(realm, ""))
        else:
            query = urlencode([(key, value) for key, value in (("service", service), ("scope", scope)) if value])
            url = f"{realm}{'&' if parts.query else '?'}{query}"
            header = login.header if login else ""
            answer = await self._web.get(url, self._realm_access(realm, header), limit=MIB)
        if answer.status in (400, 401, 403):
            what = "the login was refused" if login else "it wants a login"
            host = urlsplit(self._base).netloc
            fix = self._advice() or f"helm registry login {host}, docker login {host}, or an entry in helmRepos"
            raise UserError(f"{host}: {what} ({answer.status})", fix=fix)
        try:
            found = json.loads(answer.body)
            token = found.get("token") or found["access_token"]
            given = found.get("expires_in")
            lifetime = float(given) if isinstance(given, int | float) and given > 0 else SHORTEST_TOKEN
            return str(token), lifetime
        except (ValueError, KeyError, AttributeError):
            raise Terminal(f"{shown(realm)} gave no token ({answer.status})") from None

    def _realm_access(self, realm: str, header: str) -> AccessTo:
        own = Access(
            {"Authorization": header} if header else {}, self._tls if same_origin(realm, self._base) else Tls()
        )
        return lambda url: own if same_origin(url, realm) else Access()
