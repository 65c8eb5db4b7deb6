"""JSON over HTTP as every forge speaks it: logins, pages, rate limits, retries, and errors without secrets.

The rule not to break: the login goes to the API's own origin and nowhere else, also not after a redirect; what a
forge answered is masked before anybody reads it. httpx2 is imported on first use only.
"""

from __future__ import annotations

import asyncio
import copy
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from fairway.adapters.forges.answers import RateLimited, refusal, said, waiting_time
from fairway.domain.errors import Terminal, Transient, UserError

if TYPE_CHECKING:
    import httpx2

MOST_PAGES = 50
MOST_REDIRECTS = 3
MOST_LIMITS = 5
"""How often in a row a forge may say that it is too much, however short it wants to be left alone."""
AGAIN = frozenset((408, 500, 502, 503, 504))
_REDIRECTS = frozenset((301, 302, 307, 308))

Login = Callable[[bool], Awaitable[Mapping[str, str]]]
"""Gives the headers that log in. True: the former ones were refused, so give fresh ones if there are any."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long. Pauses double from `first_pause` (seconds), with full jitter.

    `longest_wait` bounds what one request waits for a rate limit; beyond it the limit is an error that passes.
    """

    attempts: int = 4
    first_pause: float = 0.5
    timeout: float = 30.0
    longest_wait: float = 60.0


@dataclass
class _Connections:
    """Opened on first use, and shared by the logins of one API."""

    client: httpx2.AsyncClient | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    data: Any
    """The decoded JSON; None where there is none."""


class Api:
    """One forge's API below `base`. `name` is how people call it.

    Errors: NotFound, Declined (400, 405, 409, 422), UserError (login), Transient (silence, limits), Terminal.
    """

    def __init__(
        self,
        name: str,
        base: str,
        login: Login,
        *,
        headers: Mapping[str, str] | None = None,
        patience: Patience = Patience(),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self.base = base.rstrip("/") + "/"
        self._login = login
        self._headers = {"Accept": "application/json", "User-Agent": "fairway", **(headers or {})}
        self._patience = patience
        self._sleep = sleep
        self._clock = clock
        self._connections = _Connections()

    def under(self, login: Login, *, patience: Patience | None = None) -> Api:
        """The same API over the same connections with another login; closing either closes both."""
        other = copy.copy(self)
        other._login = login
        other._patience = patience or self._patience
        return other

    async def aclose(self) -> None:
        if (client := self._connections.client) is not None:
            self._connections.client = None
            await client.aclose()

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        return (await self.ask("GET", path, query=query)).data

    async def send(self, method: str, path: str, body: Any = None) -> Any:
        return (await self.ask(method, path, body=body)).data

    async def pages(self, path: str, query: Mapping[str, str] | None = None) -> list[Any]:
        """All items of a list that comes in pages: by Link headers, or by `next` beside `values`."""
        items: list[Any] = []
        following = path
        for _ in range(MOST_PAGES):
            reply = await self.ask("GET", following, query=query)
            data = reply.data
            found = data.get("values") if isinstance(data, dict) else data
            if not isinstance(found, list):
                raise Terminal(f"{self.name} answered {path} with something that is not a list")
            items += found
            following = str(data.get("next") or "") if isinstance(data, dict) else _next_link(reply.headers)
            if not following:
                return items
            query = None
        raise Terminal(f"{self.name}: {path} has more than {MOST_PAGES} pages")

    async def ask(self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Any = None) -> Reply:
        """One answered request; `path` relative to the base, or an address on the same origin."""
        url = urljoin(self.base, path)
        fresh = False
        for _ in range(MOST_REDIRECTS + 2):
            if _origin(url) != _origin(self.base):
                raise Terminal(f"{self.name} points to another host: {_shown(url)}")
            reply = await self._patiently(method, url, query, body, fresh=fresh)
            target = reply.headers.get("location", "")
            if reply.status in _REDIRECTS and target:
                if method != "GET":
                    raise UserError(
                        f"{_shown(url)} has moved to {_shown(target)}", fix="correct the address of the repository"
                    )
                url, query = urljoin(url, target), None
            elif reply.status == 401 and not fresh:
                fresh = True
            elif reply.status < 300:
                return reply
            else:
                raise refusal(self.name, method, _shown(url), reply.status, reply.data)
        raise Terminal(f"{self.name} redirects {_shown(url)} without end")

    async def _patiently(
        self, method: str, url: str, query: Mapping[str, str] | None, body: Any, *, fresh: bool
    ) -> Reply:
        problem = ""
        cause: Exception | None = None
        waited = 0.0
        limits = 0
        attempt = 0
        while attempt < self._patience.attempts:
            reply, cause, problem, sure = await self._once(method, url, query, body, fresh=fresh)
            if reply is not None:
                limited = waiting_time(reply.status, reply.headers, reply.data, self._clock())
                if limited is not None:
                    limits += 1
                    if waited + limited > self._patience.longest_wait or limits > MOST_LIMITS:
                        raise RateLimited(
                            f"{self.name} allows no more requests for {limited:.0f} s ({said(reply.data)})", limited
                        )
                    waited += limited
                    await self._sleep(limited)
                    continue
                if reply.status not in AGAIN:
                    return reply
                problem = f"it answers {reply.status}"
            elif method == "POST" and not sure:
                break  # It may have been done: whoever asked has to look first.
            attempt += 1
            if attempt < self._patience.attempts:
                await self._sleep(self._patience.first_pause * 2 ** (attempt - 1) * random.random())
        raise Transient(f"{self.name} at {_shown(url)}: {problem}", fix="try again, or check the address") from cause

    async def _once(
        self, method: str, url: str, query: Mapping[str, str] | None, body: Any, *, fresh: bool
    ) -> tuple[Reply | None, Exception | None, str, bool]:
        """The reply, or why there is none, and whether it is sure that the request was not carried out."""
        import httpx2

        headers = {**self._headers, **await self._login(fresh)}
        try:
            if self._connections.client is None:
                self._connections.client = httpx2.AsyncClient()
            client, timeout = self._connections.client, httpx2.Timeout(self._patience.timeout)
            response = await client.request(method, url, headers=headers, params=query, json=body, timeout=timeout)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            return None, error, _explained(error), True
        except (httpx2.TransportError, httpx2.DecodingError, OSError) as error:
            return None, error, _explained(error), False
        except httpx2.InvalidURL as error:
            raise UserError(f'"{_shown(url)}" is not an address', fix="correct git.forge.api") from error
        found = {name.lower(): value for name, value in response.headers.items()}
        return Reply(response.status_code, found, _decoded(response, self.name, _shown(url))), None, "", True


def token_login(headers: Mapping[str, str]) -> Login:
    """A login that never changes."""

    async def login(fresh: bool) -> Mapping[str, str]:
        return headers

    return login


def _decoded(response: httpx2.Response, name: str, shown: str) -> Any:
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError:
        if response.status_code >= 300:
            return {"message": response.text[:200]}
        raise Terminal(
            f"{name} at {shown} does not answer with JSON", fix="is this the address of its API? see git.forge.api"
        ) from None


def _next_link(headers: Mapping[str, str]) -> str:
    """The address with rel="next", else nothing; RFC 8288."""
    for part in headers.get("link", "").split(","):
        address, _, parameters = part.partition(";")
        if 'rel="next"' in parameters:
            return address.strip().strip("<>")
    return ""


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _shown(url: str) -> str:
    """Without query and credentials, which are nobody's business."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"


def _explained(error: Exception) -> str:
    import httpx2

    if isinstance(error, httpx2.TimeoutException):
        return "it does not answer in time"
    if isinstance(error, httpx2.ConnectError):
        return f"it cannot be reached ({str(error)[:120] or 'no connection'})"
    return str(error).split("\n", 1)[0][:200] or type(error).__name__
