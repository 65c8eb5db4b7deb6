"""HTTP as every remote place of charts uses it: retries, limits, progress, and credentials that stay home.

The rule not to break: headers and client certificates are chosen anew for each address, also after a redirect, by
whoever owns the credentials; nothing secret reaches a message. httpx2 is imported on first use only.
"""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from fairway.domain.charts.addresses import shown
from fairway.domain.charts.archive import MIB
from fairway.domain.charts.sources import Throttled, Unreachable
from fairway.domain.errors import Terminal, UserError

if TYPE_CHECKING:
    import httpx2

REDIRECTS = frozenset((301, 302, 303, 307, 308))
AGAIN = frozenset((408, 425, 429, 500, 502, 503, 504))
MOST_REDIRECTS = 10
LONGEST_PAUSE = 30.0
"""Seconds; a place that wants more of us is not waited for."""
LONGEST_REST = 3600.0
"""Seconds for which a place that has enough is left alone at most."""
SAY_EVERY = 1.0


@dataclass(frozen=True, slots=True)
class Tls:
    """Files for one place: its CA (then the only one trusted, unless `system_too`), and a client certificate."""

    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    system_too: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """What goes along to one address."""

    headers: Mapping[str, str] = field(default_factory=dict)
    tls: Tls = Tls()


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    url: str


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to try. Pauses double from `first_pause` (seconds), each with full jitter."""

    attempts: int = 4
    first_pause: float = 0.5
    timeout: float = 30.0


AccessTo = Callable[[str], Access]


def anonymous(url: str) -> Access:
    return Access()


class Web:
    """GET and POST. Answers below 500 come back, refusals too.

    Errors: Unreachable (Throttled when the place has enough of us), Terminal (too large, redirects without end),
    UserError (certificates).
    """

    def __init__(
        self,
        progress: Callable[[str], None] = lambda text: None,
        *,
        patience: Patience = Patience(),
        offline: bool = False,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._progress = progress
        self._patience = patience
        self._offline = offline
        self._sleep = sleep
        self._clients: dict[Tls, httpx2.AsyncClient] = {}

    async def aclose(self) -> None:
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def get(
        self,
        url: str,
        access: AccessTo = anonymous,
        *,
        limit: int,
        headers: Mapping[str, str] | None = None,
        raw: bool = True,
        method: str = "GET",
    ) -> Answer:
        """`limit` in bytes. `raw`: the body as sent, for what has a digest; else Content-Encoding is undone.

        `method` may be HEAD, where only the headers are wanted.
        """
        extra = {"Accept-Encoding": "identity" if raw else "gzip", **(headers or {})}
        for _ in range(MOST_REDIRECTS):
            answer = await self._patiently(method, url, access(url), extra, None, limit, raw)
            target = answer.headers.get("location")
            if answer.status not in REDIRECTS or not target:
                return answer
            following = urljoin(url, target)
            if url.startswith("https://") and not following.startswith("https://"):
                raise Terminal(f"{shown(url)} redirects to an address that is not https: {shown(following)}")
            url = following
        raise Terminal(f"{shown(url)} redirects more than {MOST_REDIRECTS} times")

    async def post_form(self, url: str, fields: Mapping[str, str], access: AccessTo = anonymous) -> Answer:
        return await self._patiently("POST", url, access(url), {}, fields, MIB, False)

    async def _patiently(
        self,
        method: str,
        url: str,
        access: Access,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None,
        limit: int,
        raw: bool,
    ) -> Answer:
        import httpx2

        if self._offline:
            raise Unreachable(f"offline: {shown(url)} was not asked", fix="run again without --offline")
        client = self._client(access.tls)
        problem = ""
        cause: Exception | None = None
        for attempt in range(self._patience.attempts):
            pause = min(self._patience.first_pause * 2**attempt, LONGEST_PAUSE) * random.random()
            try:
                answer = await self._once(client, method, url, {**headers, **access.headers}, form, limit, raw)
                if answer.status not in AGAIN:
                    return answer
                problem, cause = f"it answers {answer.status}", None
                wanted = retry_after(answer.headers)
                enough = answer.status == 429 or (answer.status == 503 and wanted > 0)
                if enough and (wanted > LONGEST_PAUSE or attempt + 1 == self._patience.attempts):
                    raise _throttled(url, problem, wanted)
                pause = max(pause, wanted)
            # httpx2 lets an SSLError through that comes after the handshake, hence OSError.
            except (httpx2.TransportError, httpx2.DecodingError, OSError) as error:
                problem, cause = _explain(error), error
                if _is_certificate(error):
                    raise UserError(
                        f"{shown(url)}: {problem}", fix="check caFile, certFile and keyFile of the repository"
                    ) from error
            except httpx2.InvalidURL as error:
                raise UserError(f'"{shown(url)}" is not an address: {error}') from error
            if attempt + 1 < self._patience.attempts:
                self._progress(f"{shown(url)}: {problem}; trying again in {pause:.1f} s")
                await self._sleep(pause)
        raise Unreachable(
            f"{shown(url)}: {problem} ({self._patience.attempts} attempts)", fix="try again, or check the address"
        ) from cause

    async def _once(
        self,
        client: httpx2.AsyncClient,
        method: str,
        url: str,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None,
        limit: int,
        raw: bool,
    ) -> Answer:
        async with client.stream(method, url, headers=dict(headers), data=dict(form) if form else None) as response:
            length = response.headers.get("content-length", "")
            expected = int(length) if length.isdigit() else 0
            if expected > limit:
                raise _too_large(url, limit)
            chunks: list[bytes] = []
            size = 0
            said = time.monotonic()
            async for chunk in response.aiter_raw() if raw else response.aiter_bytes():
                chunks.append(chunk)
                size += len(chunk)
                if size > limit:
                    raise _too_large(url, limit)
                if time.monotonic() - said >= SAY_EVERY:
                    said = time.monotonic()
                    of = f" of {expected / MIB:.1f}" if expected else ""
                    self._progress(f"fetching {shown(url)}: {size / MIB:.1f}{of} MB")
            found = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, found, b"".join(chunks), url)

    def _client(self, tls: Tls) -> httpx2.AsyncClient:
        import httpx2

        client = self._clients.get(tls)
        if client is None:
            timeout = httpx2.Timeout(self._patience.timeout)
            client = httpx2.AsyncClient(verify=_context(tls), timeout=timeout, headers={"User-Agent": "fairway"})
            self._clients[tls] = client
        return client


def _context(tls: Tls) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)
        if tls.system_too:
            context.load_default_certs()
        if tls.cert_file:
            context.load_cert_chain(tls.cert_file, tls.key_file)
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(name for name in (tls.ca_file, tls.cert_file, tls.key_file) if name)
        raise UserError(f"cannot read the certificates {files}: {error}", fix="they are PEM files") from error
    return context


def _too_large(url: str, limit: int) -> Terminal:
    return Terminal(f"{shown(url)} is larger than {limit // MIB} MB; it is refused")


def _throttled(url: str, problem: str, wanted: float) -> Throttled:
    patience = f" and wants to be left alone for {wanted:.0f} s" if wanted else ""
    return Throttled(
        f"{shown(url)}: {problem}{patience}",
        after=min(max(wanted, LONGEST_PAUSE), LONGEST_REST),
        fix="wait, ask less often, or log in: a login often has a higher limit",
    )


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds of Retry-After, 0 without one; a date counts from the Date of the same answer, since clocks differ."""
    text = headers.get("retry-after", "").strip()
    if text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
        return max((until - parsedate_to_datetime(headers.get("date", ""))).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return 1.0 if text else 0.0


def _explain(error: Exception) -> str:
    import httpx2

    if isinstance(error, httpx2.TimeoutException):
        return "it does not answer in time"
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return "the name of the host cannot be resolved"
        if isinstance(cause, ConnectionRefusedError):
            return "nothing answers there"
    return str(error).split("\n", 1)[0][:200] or type(error).__name__


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            yield from error.exceptions
        error = error.__cause__ or error.__context__


def _is_certificate(error: BaseException) -> bool:
    """Whether one side did not accept the other's certificate, or its lack."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        if isinstance(cause, ssl.SSLError) and "ALERT" in str(cause).upper():
            return True
    return False
