"""Reserved IP addresses, from the Compute Engine API v1 (`addresses.get`, `globalAddresses.get`).

One rule: google-auth is imported only when an address is really asked for; it is an extra, and most never need it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fairway.domain.errors import FairwayError, Terminal, Transient, UserError
from fairway.domain.values.addresses import AddressQuery

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

ENDPOINT = "https://compute.googleapis.com/compute/v1"
SCOPE = "https://www.googleapis.com/auth/compute.readonly"
TIMEOUT = 20.0
AT_ONCE = 8
MOST_OF_A_MESSAGE = 300


class GoogleAddresses:
    """Asks Google with application-default credentials, which are looked for once.

    `endpoint` is the API's base URL with its version; `credentials` returns what google-auth calls credentials.
    """

    def __init__(self, endpoint: str = ENDPOINT, credentials: Callable[[], Credentials] | None = None) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._credentials = credentials or _application_default
        self._session: Any = None
        self._opening = asyncio.Lock()
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def address(self, query: AddressQuery) -> str | None:
        """The IP, None when there is no such address. Raises UserError (login, rights), Transient, Terminal."""
        async with self._opening:
            if self._session is None:
                self._session = await asyncio.to_thread(self._open)
        async with self._slots:
            return await asyncio.to_thread(self._get, query)

    def _open(self) -> Any:
        try:
            from google.auth.transport.requests import AuthorizedSession
        except ImportError as error:
            raise UserError(
                "looking up Google addresses needs google-auth and requests, which are not installed",
                fix="pip install 'fairway-cd[google]'",
            ) from error
        return AuthorizedSession(self._credentials(), refresh_timeout=TIMEOUT)  # type: ignore[no-untyped-call]

    def _get(self, query: AddressQuery) -> str | None:
        import requests
        from google.auth import exceptions as auth

        place = f"regions/{quote(query.region, safe='')}" if query.region else "global"
        url = (
            f"{self._endpoint}/projects/{quote(query.project, safe='')}/{place}/addresses/{quote(query.name, safe='')}"
        )
        try:
            reply = self._session.get(url, timeout=TIMEOUT)
        except auth.RefreshError as error:
            if error.retryable:
                raise Transient(f"Google gave no access token: {_short(error)}") from error
            raise _login(f"Google refused the credentials: {_short(error)}") from error
        except (auth.TransportError, requests.RequestException) as error:
            raise Transient(f"Google's Compute API did not answer: {type(error).__name__}") from error
        if reply.status_code == 200:
            return _ip(reply.content, query)
        if reply.status_code == 404 and _reason(reply.content) == "notFound":
            return None
        raise _refusal(reply.status_code, reply.content, query)


def _application_default() -> Credentials:
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    try:
        credentials, _ = google.auth.default(scopes=[SCOPE])
    except DefaultCredentialsError as error:
        raise _login("there are no Google credentials here") from error
    found: Credentials = credentials
    return found


def _ip(content: bytes, query: AddressQuery) -> str:
    found = _object(content)
    if ip := found.get("address"):
        return str(ip)
    if found.get("status") == "RESERVING":
        raise Transient(f"Google is still reserving the address {query}")
    raise Terminal(f"Google's answer for the address {query} holds no address")


def _refusal(status: int, content: bytes, query: AddressQuery) -> FairwayError:
    detail = str((_object(content).get("error") or {}).get("message") or "")[:MOST_OF_A_MESSAGE]
    said = f"HTTP {status}" + (f", {detail}" if detail else "")
    if status == 401:
        return _login(f"Google refused the credentials ({said})")
    if status == 403:
        return UserError(
            f"Google does not let these credentials read the address {query}: {said}",
            fix=f"grant compute.addresses.get (role Compute Viewer) and enable the Compute API in {query.project}",
        )
    if status == 404:
        return UserError(f"Google does not know the place of the address {query}: {said}", fix="check the project")
    if status == 429 or status >= 500:
        return Transient(f"Google's Compute API is not available now: {said}")
    return UserError(f"Google rejected the question for the address {query}: {said}", fix="check its name")


def _login(message: str) -> UserError:
    return UserError(
        message, fix="gcloud auth application-default login, or point GOOGLE_APPLICATION_CREDENTIALS to a key file"
    )


def _reason(content: bytes) -> str:
    errors = (_object(content).get("error") or {}).get("errors") or [{}]
    return str(errors[0].get("reason", ""))


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _short(error: Exception) -> str:
    return str(error.args[0] if error.args else error)[:MOST_OF_A_MESSAGE]
