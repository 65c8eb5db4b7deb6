"""What a forge's refusal means: which error it becomes, and how long a rate limit lasts.

The rule not to break: whatever a forge wrote is masked and cut before it becomes part of an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from fairway.domain.deployments.masking import mask
from fairway.domain.errors import FairwayError, Terminal, UserError
from fairway.domain.notifications.delivery import TryLater

LONGEST = 300


class NotFound(UserError):
    """404: there is no such thing, or the login may not see it."""


class LoginRefused(UserError):
    """401, also with a fresh login: whatever was asked may be right, and is worth asking once the login is."""


class RateLimited(TryLater):
    """It was not done, and asking again before `after` has passed makes it worse."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message, timedelta(seconds=seconds))
        self.fix = "it goes on by itself later"


@contextmanager
def about_request(number: int, path: str, noun: str = "pull request") -> Iterator[None]:
    """What is not found inside is this pull request of the repository `path`."""
    try:
        yield
    except NotFound as error:
        raise NotFound(f"there is no {noun} {number} in {path}", fix=error.fix) from error


class Declined(UserError):
    """400, 405, 406, 409 or 422: understood, and not done."""

    def __init__(self, message: str, status: int, *, fix: str | None = None) -> None:
        super().__init__(message, fix=fix)
        self.status = status


def refusal(name: str, method: str, url: str, status: int, data: Any) -> FairwayError:
    """The error for an answer of 300 and more."""
    text = said(data)
    why = f": {text}" if text else ""
    if status == 401:
        return LoginRefused(f"{name} refused the login{why}", fix="is the token right, and still good?")
    if status == 403:
        fix = "give the token the right to do this; docs/spec/forges.md says which"
        return UserError(f"the login may not {method} {url}{why}", fix=fix)
    if status in (404, 410):
        return NotFound(f"{name} knows no {url}", fix="check the repository, and whether the token may see it")
    if status in (400, 405, 406, 409, 422):
        return Declined(f"{name} did not do it ({status}){why}", status)
    return Terminal(f"{name} answered {method} {url} with {status}{why}")


def said(data: Any) -> str:
    """The human part of an answer, in each forge's form: on one line, masked and cut."""
    text = "; ".join(dict.fromkeys(part for part in _parts(data) if part))
    text = mask(" ".join(text.split()))
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _parts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, list):
        for item in data:
            yield from _parts(item)
    elif isinstance(data, dict):
        known = [data[key] for key in ("message", "error", "error_description", "detail", "errors") if data.get(key)]
        if known:
            for item in known:
                yield from _parts(item)
        else:
            words = (
                f"{key} {value if not isinstance(value, list) else ', '.join(map(str, value))}"
                for key, value in data.items()
            )
            yield " ".join(words)


def waiting_time(status: int, headers: Mapping[str, str], data: Any, now: float) -> float | None:
    """Seconds until a rate limit ends; None when the answer is no rate limit.

    Sources: GitHub "Rate limits for the REST API" (primary and secondary), GitLab "Rate limits response headers",
    RFC 9110 Retry-After.
    """
    if status not in (403, 429):
        return None
    if (after := _number(headers.get("retry-after"))) is not None:
        return max(after, 0.0)
    exhausted = headers.get("x-ratelimit-remaining", headers.get("ratelimit-remaining")) == "0"
    reset = _number(headers.get("x-ratelimit-reset", headers.get("ratelimit-reset")))
    if exhausted and reset is not None:
        return max(reset - now, 0.0) + 1.0
    if status == 429 or "secondary rate limit" in said(data).lower():
        return 15.0
    return None


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None
