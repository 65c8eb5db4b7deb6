"""Logins of Amazon's registries, from AWS's own chain of credentials (variables, profile, SSO, role of the pod).

The rule not to break: AWS is asked only when its registry wanted a login; what it gave is kept until shortly before it
ends, in memory alone. boto3 is imported on first use. Source: ECR API, `GetAuthorizationToken`.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from fairway.adapters.charts.logins import Login
from fairway.domain.errors import Transient

PUBLIC = "public.ecr.aws"
PUBLIC_REGION = "us-east-1"
EARLY = 600.0
"""Seconds before its end from which on a token is not used anymore."""
AGAIN = 300.0
"""Seconds after which AWS is asked again when it gave nothing."""
_PRIVATE = re.compile(
    r"\d{12}\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.(?:amazonaws\.(?:com|com\.cn|eu)|on\.(?:aws|amazonwebservices\.com\.cn))"
)


class EcrLogins:
    """`env` may name other endpoints (AWS_ENDPOINT_URL_ECR, AWS_ENDPOINT_URL_ECR_PUBLIC, AWS_ENDPOINT_URL)."""

    def __init__(self, env: Mapping[str, str], clock: Callable[[], float] = time.time) -> None:
        self._env = env
        self._clock = clock
        self._known: dict[str, tuple[Login | None, float]] = {}
        """What AWS gave, and when it is asked again."""
        self._trouble: dict[str, str] = {}
        self._asking = asyncio.Lock()

    async def login_of(self, host: str, repository: str = "") -> Login | None:
        """None when AWS has no credentials here, or does not give a token for them."""
        region = region_of(host)
        if region is None:
            return None
        async with self._asking:
            login, again = self._known.get(host, (None, 0.0))
            if self._clock() >= again:
                login, ends = await asyncio.to_thread(self._ask, host, region)
                self._known[host] = (login, ends - EARLY if login else self._clock() + AGAIN)
            return login

    def advice(self, host: str) -> str:
        if region_of(host) is None:
            return ""
        trouble = f" ({self._trouble[host]})" if host in self._trouble else ""
        return f"give AWS credentials that may ecr:GetAuthorizationToken and read the repository{trouble}"

    def _ask(self, host: str, region: str) -> tuple[Login | None, float]:
        from boto3 import Session
        from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

        service = "ecr-public" if host == PUBLIC else "ecr"
        variable = f"AWS_ENDPOINT_URL_{service.replace('-', '_').upper()}"
        endpoint = self._env.get(variable) or self._env.get("AWS_ENDPOINT_URL") or None
        try:
            session: Any = Session()
            answer = session.client(service, region_name=region, endpoint_url=endpoint).get_authorization_token()
            found = answer["authorizationData"]
            login, ends = _login(found if service == "ecr-public" else found[0])
        except (ConnectionError, HTTPClientError) as error:
            raise Transient(f"AWS gave no token for {host}: {type(error).__name__}", fix="try again later") from error
        except ClientError as error:
            self._trouble[host] = f"AWS answers {error.response.get('Error', {}).get('Code', 'an error')}"
            return None, 0.0
        except BotoCoreError as error:
            self._trouble[host] = str(error)[:200]
            return None, 0.0
        except (KeyError, IndexError, ValueError, binascii.Error):
            self._trouble[host] = "AWS's answer holds no token"
            return None, 0.0
        self._trouble.pop(host, None)
        return login, ends


def region_of(host: str) -> str | None:
    """The region of a registry of Amazon; None for every other registry."""
    if host == PUBLIC:
        return PUBLIC_REGION
    match = _PRIVATE.fullmatch(host)
    return match["region"] if match else None


def _login(data: Mapping[str, Any]) -> tuple[Login, float]:
    user, colon, password = base64.b64decode(data["authorizationToken"], validate=True).decode().partition(":")
    if not colon or not password:
        raise ValueError("no password")
    ends = data["expiresAt"]
    return Login(user, password), ends.timestamp() if isinstance(ends, datetime) else 0.0
