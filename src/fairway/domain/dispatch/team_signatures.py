"""Whether a request is from whom it says: a signature over its body with a key of the team, and a time inside of it.

The rule not to break: nothing that a request says of itself counts before its signature did; every key is compared, in
constant time, also for a team that has none.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

from fairway.domain.dispatch.answers import Unacceptable

HEADER = "X-NAIS-Signature"
DIGITS = 64
TOLERANCE = timedelta(seconds=30)
NOT_GOOD = "the signature is not good: it is the HMAC-SHA256 of the body with a key of the team, in hexadecimal"
_NOBODYS = bytes(32)


def read_signature(header: str) -> bytes:
    """Raises Unacceptable (401) for what can't be a signature."""
    digits = header.strip()
    # bytes.fromhex lets blanks pass.
    if len(digits) != DIGITS or not all(one in "0123456789abcdefABCDEF" for one in digits):
        raise Unacceptable(401, f"{HEADER} is malformed: expected {DIGITS} hexadecimal digits")
    return bytes.fromhex(digits)


def check_team_signature(body: bytes, signature: bytes, keys: Sequence[bytes]) -> None:
    """Raises Unacceptable (401), alike for a wrong key and for a team without one."""
    good = False
    for key in keys or (_NOBODYS,):
        good |= hmac.compare_digest(hmac.digest(key, body, "sha256"), signature)
    if not (good and keys):
        raise Unacceptable(401, NOT_GOOD)


def check_time(timestamp: int, now: datetime) -> None:
    """`timestamp` is in Unix seconds. Raises Unacceptable (401): an old request may be somebody's recording of it."""
    off = timestamp - now.timestamp()
    if abs(off) > TOLERANCE.total_seconds():
        where = "in the past" if off < 0 else "in the future"
        raise Unacceptable(
            401, f"timestamp is more than {TOLERANCE.seconds} seconds {where}; sign the request when it is sent"
        )


def sign(body: bytes, key: bytes) -> str:
    """The header's value."""
    return hmac.new(key, body, hashlib.sha256).hexdigest()
