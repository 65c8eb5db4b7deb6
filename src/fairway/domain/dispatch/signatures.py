"""Whether a webhook is from GitHub: its signature is an HMAC of the body with a secret that both know.

The rule not to break: digests are compared in constant time, and with every secret; an empty secret matches nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from fairway.domain.dispatch.answers import Unacceptable, shown

_DIGITS = {"sha1": 40, "sha256": 64}
"""Hexadecimal digits of a digest."""


def check_signature(body: bytes, secrets: Sequence[str], *, sha256: str = "", sha1: str = "") -> None:
    """`sha256` and `sha1` are the headers `X-Hub-Signature-256` and `X-Hub-Signature`; the first counts where it is.

    Raises Unacceptable (403), which says what is wrong with the signature but never what would be right.
    """
    if sha256.strip():
        algorithm, digest = _read(sha256.strip(), ("sha256",))
    elif sha1.strip():
        algorithm, digest = _read(sha1.strip(), ("sha1", "sha256"))
    else:
        raise Unacceptable(403, "missing signature")
    good = False
    for secret in secrets:
        expected = hmac.digest(secret.encode(), body, algorithm)
        good |= hmac.compare_digest(expected, digest) and bool(secret)
    if not good:
        raise Unacceptable(403, "payload signature check failed")


def signature_of(body: bytes, secret: str, algorithm: str = "sha256") -> str:
    """The header's value, as GitHub makes it."""
    return f"{algorithm}={hmac.new(secret.encode(), body, getattr(hashlib, algorithm)).hexdigest()}"


def _read(signature: str, known: Sequence[str]) -> tuple[str, bytes]:
    algorithm, sign, digits = signature.partition("=")
    if not sign:
        raise _malformed(f"there is no algorithm before it; expected {known[0]}=<{_DIGITS[known[0]]} hex digits>")
    if algorithm not in known:
        raise _malformed(f"unknown algorithm '{shown(algorithm, 20)}'; known: {', '.join(known)}")
    # bytes.fromhex lets blanks pass.
    if not all(one in "0123456789abcdefABCDEF" for one in digits):
        raise _malformed("it is not hexadecimal")
    if len(digits) != _DIGITS[algorithm]:
        raise _malformed(f"{algorithm} has {_DIGITS[algorithm]} hex digits, this has {len(digits)}")
    return algorithm, bytes.fromhex(digits)


def _malformed(what: str) -> Unacceptable:
    return Unacceptable(403, f"malformed signature: {what}")
