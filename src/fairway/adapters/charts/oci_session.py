"""Requests to one repository of a registry, with the token dance that registries want.

The rule not to break: a password goes to the registry itself or to the realm it names over https (or on this
machine), and never farther. Source: distribution specification, "Token Authentication".
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from urllib.parse import urlencode, urljoin, urlsplit

from fairway.adapters.charts.logins import Login, Logins, tls_of
from fairway.adapters.charts.registry_logins import RegistryLogins
from fairway.adapters.charts.web import Access, AccessTo, Answer, Tls, Web
from fairway.domain.charts.addresses import is_loopback, same_origin, shown
from fairway.domain.charts.archive import MIB
from fairway.domain.errors import Terminal, UserError

CLIENT = "fairway"
_PARAMETER = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"|(\w+)=([^\s,]+)')


class OciSessions:
    """One session for each repository and run, so that a token is asked for once."""

    def __init__(self, web: Web, logins: Logins, registry_logins: RegistryLogins) -> None:
        self._web = web
        self._logins = logins
        self._registry_logins = registry_logins
        self._sessions: dict[tuple[str, str], OciSession] = {}

    async def of(self, host: str, repository: str) -> OciSession:
        key = (host, repository)
        if key not in self._sessions:
            entry = self._logins.repo_of(f"oci://{host}/{repository}")
            login = await self._logins.login_of(entry) if entry else None
            bearer = ""
            if login and login.token:
                bearer, login = login.header, None
            elif login is None or not login.header:
                login = await self._registry_logins.login_of(host)
            tls = tls_of(entry) if entry else Tls()
            secure = bool(tls.ca_file or tls.cert_file) or not is_loopback(host)
            name = {"docker.io": "registry-1.docker.io"}.get(host, host)
            base = f"{'https' if secure else 'http'}://{name}/v2/{repository}/"
            self._sessions.setdefault(key, OciSession(self._web, base, repository, login, bearer, tls))
        return self._sessions[key]


class OciSession:
    """GETs below `base`. `bearer` is a ready Authorization header; `login` a password or a refresh token."""

    def __init__(self, web: Web, base: str, repository: str, login: Login | None, bearer: str, tls: Tls) -> None:
        self._web = web
        self._base = base
        self._repository = repository
        self._login = login
        self._tls = tls
        self._header = bearer
        self._asking = asyncio.Lock()
        self.has_login = bool(bearer) or login is not None

    async def get(
        self, path: str, *, limit: int, headers: Mapping[str, str] | None = None, method: str = "GET"
    ) -> Answer:
        """`path` relative to the repository, or an address on the same registry; `method` may be HEAD."""
        url = urljoin(self._base, path) if not path.startswith(("manifests/", "blobs/")) else self._base + path
        if not same_origin(url, self._base):
            raise Terminal(f"{shown(self._base)} points to another host: {shown(url)}")
        sent = self._header
        answer = await self._web.get(url, self._access, limit=limit, headers=headers, method=method)
        if answer.status == 401 and same_origin(answer.url, self._base):
            await self._authorize(answer.headers.get("www-authenticate", ""), sent)
            answer = await self._web.get(url, self._access, limit=limit, headers=headers, method=method)
        return answer

    def _access(self, url: str) -> Access:
        if not same_origin(url, self._base):
            return Access(tls=Tls(ca_file=self._tls.ca_file, system_too=True))
        return Access({"Authorization": self._header} if self._header else {}, self._tls)

    async def _authorize(self, challenge: str, refused: str) -> None:
        async with self._asking:
            if self._header != refused:
                return
            scheme = challenge.split(" ", 1)[0].lower()
            if scheme == "basic" and self._login and self._login.password:
                self._header = self._login.header
            elif scheme == "bearer":
                self._header = f"Bearer {await self._token(_parameters(challenge))}"

    async def _token(self, parameters: Mapping[str, str]) -> str:
        realm = parameters.get("realm", "")
        parts = urlsplit(realm)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.netloc)):
            raise Terminal(f'{shown(self._base)} asks for a login at an address that is not https: "{shown(realm)}"')
        service = parameters.get("service", "")
        scope = parameters.get("scope") or f"repository:{self._repository}:pull"
        if self._login and self._login.token:
            form = {"grant_type": "refresh_token", "refresh_token": self._login.token}
            form |= {"service": service, "scope": scope, "client_id": CLIENT}
            answer = await self._web.post_form(realm, form, self._realm_access(realm, ""))
        else:
            query = urlencode([(key, value) for key, value in (("service", service), ("scope", scope)) if value])
            url = f"{realm}{'&' if parts.query else '?'}{query}"
            header = self._login.header if self._login else ""
            answer = await self._web.get(url, self._realm_access(realm, header), limit=MIB)
        if answer.status in (400, 401, 403):
            what = "the login was refused" if self._login else "it wants a login"
            host = urlsplit(self._base).netloc
            fix = f"helm registry login {host}, docker login {host}, or an entry in helmRepos"
            raise UserError(f"{host}: {what} ({answer.status})", fix=fix)
        try:
            found = json.loads(answer.body)
            return str(found.get("token") or found["access_token"])
        except (ValueError, KeyError, AttributeError):
            raise Terminal(f"{shown(realm)} gave no token ({answer.status})") from None

    def _realm_access(self, realm: str, header: str) -> AccessTo:
        own = Access(
            {"Authorization": header} if header else {}, self._tls if same_origin(realm, self._base) else Tls()
        )
        return lambda url: own if same_origin(url, realm) else Access()


def _parameters(challenge: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _PARAMETER.finditer(challenge.partition(" ")[2]):
        name = match[1] or match[3]
        found[name.lower()] = match[2] if match[1] else match[4]
    return found
