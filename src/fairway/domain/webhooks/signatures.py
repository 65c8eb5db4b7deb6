"""Whether a delivery is from somebody who knows a secret.

The rule not to break: every secret is compared, each in constant time; an empty secret matches nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Sequence

from fairway.domain.webhooks.delivery import Delivery


def is_signed(body: bytes, signature: str, secrets: Sequence[str]) -> bool:
    """Whether `signature` is the HMAC-SHA256 of the body, in hex, with or without `sha256=` before it."""
    given = signature.strip().removeprefix("sha256=").lower()
    return _any(
        hmac.compare_digest(hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode(), _bytes(given))
        for secret in secrets
        if secret
    )


def is_token(given: str, secrets: Sequence[str]) -> bool:
    """Whether `given` is one of the secrets. Digests are compared, so that lengths are not told either."""
    digest = hashlib.sha256(_bytes(given)).digest()
    return _any(
        hmac.compare_digest(hashlib.sha256(secret.encode()).digest(), digest) for secret in secrets if secret and given
    )


def tokens_in(delivery: Delivery) -> list[str]:
    """Every place where senders can put a token: Authorization (Bearer, Basic's password, or bare), `?token=`, and
    GitLab's own header."""
    found = [delivery.query.get("token", ""), delivery.header("x-gitlab-token")]
    authorization = delivery.header("authorization")
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        found.append(rest.strip())
    elif scheme.lower() == "basic":
        found.append(_password(rest.strip()))
    else:
        found.append(authorization)
    return [one for one in found if one]


def has_token(delivery: Delivery, secrets: Sequence[str]) -> bool:
    return _any(is_token(one, secrets) for one in tokens_in(delivery))


def _password(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def _any(results: Iterable[bool]) -> bool:
    found = False
    for one in results:
        found |= one
    return found


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
