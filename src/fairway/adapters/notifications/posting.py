"""One POST over HTTP, without retries: the notifier tries again, and writes every attempt down.

The rule not to break: addresses of webhooks are secrets, so an error names the host alone, and what the other side says
is kept without the secrets that it may repeat. httpx2 is imported on first use only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from fairway.domain.deployments.masking import mask
from fairway.domain.errors import Terminal, Transient, UserError
from fairway.domain.notifications.delivery import TryLater
from fairway.domain.values.secrets import MASK

if TYPE_CHECKING:
    import httpx2

Reveal: TypeAlias = Callable[[], str]
"""Gives a secret when it is used, so that a changed one counts at once. Raises UserError that says what is missing."""

TIMEOUT = 30.0
LONGEST_ANSWER = 64 << 10
LONGEST_SHOWN = 500
AGAIN = frozenset({408, 425, 500, 502, 503, 504})
DEFAULT_PAUSE = timedelta(seconds=30)
"""When the other side asks for patience and does not say how much."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    text: str

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Poster:
    """Posts to one receiver, over connections that it keeps."""

    def __init__(self, *, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._client: httpx2.AsyncClient | None = None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], *, secrets: Iterable[str] = ()) -> Answer:
        """Any answer; `secrets` are hidden wherever the other side repeats them.

        Raises Transient when there is no answer, UserError for an address that is none.
        """
        import httpx2

        try:
            request = self._open().build_request("POST", url, content=body, headers=dict(headers))
            response = await self._open().send(request, stream=True)
            try:
                text = await self._read(response)
            finally:
                await response.aclose()
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise UserError(f"{host(url)} is not an address that can be posted to", fix="write https://…") from error
        except httpx2.TimeoutException as error:
            raise Transient(f"{host(url)} does not answer in time") from error
        except (httpx2.HTTPError, OSError) as error:
            said = hide(str(error), (*secrets, url)) or type(error).__name__
            raise Transient(f"{host(url)} cannot be reached: {said}") from error
        found = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, found, hide(text, secrets))

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _open(self) -> httpx2.AsyncClient:
        import httpx2

        if self._client is None:
            # Redirects are not followed: a receiver that moved has to be named, it gets signed bodies and tokens.
            self._client = httpx2.AsyncClient(timeout=self._timeout, headers={"User-Agent": "fairway"})
        return self._client

    async def _read(self, response: httpx2.Response) -> str:
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.aiter_bytes():
            chunks.append(chunk)
            size += len(chunk)
            if size > LONGEST_ANSWER:
                break
        return b"".join(chunks)[:LONGEST_ANSWER].decode(errors="replace")


def hide(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASK) if secret else text
    return mask(text)


def host(url: str) -> str:
    """What of an address may be shown."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname or 'the address'}{f':{parts.port}' if parts.port else ''}"
    except ValueError:
        return "the address"


def shown(answer: Answer) -> str:
    """`202 Accepted-text`, on one line and cut."""
    return f"{answer.status} {' '.join(answer.text.split())}".strip()[:LONGEST_SHOWN]


def check(answer: Answer, url: str) -> None:
    """Raises for everything but success, by the meaning that HTTP gives the status."""
    if answer.ok:
        return
    said = f"{host(url)} answers {shown(answer)}"
    if answer.status == 429 or (answer.status == 503 and "retry-after" in answer.headers):
        raise TryLater(said, retry_after(answer.headers))
    if answer.status in AGAIN:
        raise Transient(said)
    if 300 <= answer.status < 400:
        raise UserError(said, fix="it moved: write its final address into fairway.yaml")
    if answer.status in (401, 403):
        raise UserError(said, fix="check the secret or token of this channel in fairway.yaml")
    if answer.status in (404, 410):
        raise UserError(said, fix="the address is not known there (any more); make a new one and put it in its place")
    raise Terminal(said)


def retry_after(headers: Mapping[str, str]) -> timedelta:
    """Seconds or a date; a date is compared with the answer's own, whose clock it is."""
    text = headers.get("retry-after", "").strip()
    try:
        return timedelta(seconds=max(float(text), 0.0))
    except (ValueError, OverflowError):
        pass
    try:
        until = parsedate_to_datetime(text)
        now = parsedate_to_datetime(headers["date"]) if "date" in headers else datetime.now(UTC)
        return max(until - now, timedelta())
    except (ValueError, TypeError):
        return DEFAULT_PAUSE
