"""One call of a hookd: bytes as they were signed, an answer, and errors that hold no secrets.

The rule not to break: what was signed goes out byte by byte; what the other side says is masked and cut before anybody
reads it; credentials go to the address that was given and follow no redirect. httpx2 is imported on first use only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fairway.domain.deployments.masking import mask
from fairway.domain.dispatch.answers import Unacceptable
from fairway.domain.dispatch.wanted import Told
from fairway.domain.errors import Terminal, Transient, UserError
from fairway.domain.notifications.delivery import TryLater

if TYPE_CHECKING:
    import httpx2

TIMEOUT = 30.0
MOST_BYTES = 25 * 1024 * 1024
"""What hookd takes at once, and GitHub's own limit: with more it hangs up before it can say so."""
LONGEST = 500
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
JSON = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "fairway"}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    text: str
    retry_after: float | None

    @property
    def document(self) -> Any:
        """The JSON; None where there is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    @property
    def said(self) -> str:
        """Its message, on one line."""
        document = self.document
        found = document.get("message") or document.get("error") if isinstance(document, dict) else None
        text = mask(" ".join(str(found or self.text).split()))
        return text if len(text) <= LONGEST else text[:LONGEST] + "…"


class Refusal(Unacceptable):
    """An answer of 300 and more that asking again does not change."""

    def __init__(self, answer: Answer, *, fix: str | None = None) -> None:
        super().__init__(answer.status, f"hookd answered {answer.status}: {answer.said or 'nothing'}")
        self.fix = fix
        self.text = answer.said


class Hookd:
    """`base` is its address. Raises Transient for silence and for answers that may change by themselves."""

    def __init__(self, base: str, *, timeout: float = TIMEOUT) -> None:
        try:
            parts = urlsplit(base)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UserError(f"{base[:80]} is no address of a hookd", fix="write e.g. https://deploy.example.com")
        self.base = base.rstrip("/")
        self._timeout = timeout
        self._client: httpx2.AsyncClient | None = None

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        if len(body) > MOST_BYTES:
            message = f"the request is {len(body):,} bytes; hookd takes {MOST_BYTES:,}"
            raise UserError(message, fix="ask for fewer resources at a time")
        return await self._ask("POST", path, headers, body)

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return await self._ask("GET", path, headers or {}, None)

    async def aclose(self) -> None:
        if (client := self._client) is not None:
            self._client = None
            await client.aclose()

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        import httpx2

        try:
            if self._client is None:
                self._client = httpx2.AsyncClient(timeout=httpx2.Timeout(self._timeout))
            sent = {**JSON, **headers}
            response = await self._client.request(method, self.base + path, headers=sent, content=body)
        except httpx2.TimeoutException as error:
            raise Transient(f"hookd at {_shown(self.base)} does not answer in time", fix="try again") from error
        except (httpx2.TransportError, httpx2.DecodingError, OSError) as error:
            why = str(error).partition("\n")[0][:120] or type(error).__name__
            fix = "is the address right, and does it run?"
            raise Transient(f"hookd at {_shown(self.base)} can't be reached ({why})", fix=fix) from error
        except httpx2.InvalidURL as error:
            raise UserError(f"{_shown(self.base)} is no address", fix="write e.g. https://HOST") from error
        answer = Answer(response.status_code, response.text, _seconds(response.headers.get("retry-after")))
        if answer.status in AGAIN:
            message = f"hookd at {_shown(self.base)} answers {answer.status}: {answer.said}"
            if answer.retry_after is not None:
                raise TryLater(message, timedelta(seconds=answer.retry_after))
            raise Transient(message, fix="it goes on by itself later")
        return answer


def told_of(document: Any) -> list[Told]:
    """The statuses of a deployment as hookd tells them. Raises Terminal for anything else."""
    try:
        log_url = str(document.get("logURL") or "")
        return [_told(one, log_url) for one in document["statuses"]]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        fix = "is this the address of a hookd, and of the same version?"
        raise Terminal("hookd told of the deployment in a form that is not known", fix=fix) from error


def _told(status: Any, log_url: str) -> Told:
    description, _, detail = str(status.get("description") or "").partition("\n")
    return Told(str(status["state"]), description, datetime.fromisoformat(status["at"]), log_url, detail)


def _seconds(text: str | None) -> float | None:
    try:
        return max(float(text), 0.0) if text is not None else None
    except ValueError:
        return None


def _shown(url: str) -> str:
    """Without credentials and query."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.hostname and parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}" if parts.hostname else url[:80]
