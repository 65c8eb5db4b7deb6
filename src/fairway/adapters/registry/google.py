"""Logins of Google's registries, from application-default credentials (gcloud, key file, workload identity).

The rule not to break: Google is asked only when its registry wanted a login; google-auth is an extra and imported on
first use. Source: Artifact Registry documentation, "Access token".
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from fairway.adapters.charts.logins import Login
from fairway.domain.errors import Transient

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
USER = "oauth2accesstoken"
AGAIN = 300.0
"""Seconds after which credentials are looked for again: looking takes seconds where there are none."""
LOGIN = "gcloud auth application-default login, or point GOOGLE_APPLICATION_CREDENTIALS to a key file"


class GoogleLogins:
    """`credentials` returns what google-auth calls credentials; where it has none, it is asked again after AGAIN.

    `clock` counts seconds.
    """

    def __init__(
        self,
        credentials: Callable[[], Credentials] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find = credentials or _application_default
        self._clock = clock
        self._again = 0.0
        self._credentials: Credentials | None = None
        self._trouble = ""
        self._asking = asyncio.Lock()

    async def login_of(self, host: str, repository: str = "") -> Login | None:
        """None when there are no credentials here."""
        if not is_google(host):
            return None
        async with self._asking:
            if self._trouble and self._clock() < self._again:
                return None
            token = await asyncio.to_thread(self._token)
            if not token:
                self._again = self._clock() + AGAIN
        return Login(USER, token) if token else None

    def advice(self, host: str) -> str:
        if not is_google(host):
            return ""
        return self._trouble or f"{LOGIN}; it needs roles/artifactregistry.reader"

    def _token(self) -> str:
        try:
            from google.auth import exceptions
            from google.auth.transport.requests import Request
        except ImportError:
            self._trouble = "pip install 'fairway-cd[google]', or docker login"
            return ""
        try:
            if self._credentials is None:
                self._credentials = self._find()
            if not self._credentials.valid:
                self._credentials.refresh(Request())  # type: ignore[no-untyped-call]
        except exceptions.DefaultCredentialsError:
            self._trouble = LOGIN
            return ""
        except exceptions.TransportError as error:
            raise Transient("Google gave no access token: it did not answer", fix="try again later") from error
        except exceptions.RefreshError as error:
            if error.retryable:
                raise Transient("Google gave no access token now", fix="try again later") from error
            self._trouble = f"Google refused the credentials: {LOGIN}"
            return ""
        self._trouble = ""
        return str(self._credentials.token)


def is_google(host: str) -> bool:
    return host == "gcr.io" or host.endswith((".gcr.io", ".pkg.dev"))


def _application_default() -> Credentials:
    import google.auth

    credentials, _ = google.auth.default(scopes=[SCOPE])
    found: Credentials = credentials
    return found
