"""Ids of runs and deployments: ULIDs, so that sorting by id is sorting by time, and a prefix is enough for people.

Made here and not by a library because the process that deploys must not pay for importing one; layout and alphabet
are those of the ULID specification (48 bits of milliseconds, 80 random bits, Crockford's base 32).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 26
SHORTEST = 8
"""People are never shown fewer characters: 8 tell about one second from the next."""

_TIME_LENGTH = 10
_RANDOM_BITS = 80
_PAIRS = [a + b for a in ALPHABET for b in ALPHABET]
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def encode(milliseconds: int, randomness: int) -> str:
    """The id for a time since 1970 (48 bits) and a random number (80 bits); both are cut to their width."""
    number = (milliseconds & (1 << 48) - 1) << _RANDOM_BITS | randomness & (1 << _RANDOM_BITS) - 1
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])


def time_of(id_: str) -> datetime:
    """When the id was made, to the millisecond."""
    milliseconds = 0
    for character in id_[:_TIME_LENGTH]:
        milliseconds = milliseconds << 5 | ALPHABET.index(character)
    return _EPOCH + timedelta(milliseconds=milliseconds)


def read_prefix(text: str) -> str | None:
    """What somebody typed as an id or the start of one, in the spelling that is stored; None when it can't be one.

    As Crockford says: case does not matter, I and L read as 1, O as 0. A trailing ellipsis, as printed, is let go.
    """
    plain = text.strip().rstrip(".…").upper().translate(_READ_AS)
    if not plain or len(plain) > LENGTH or plain[0] not in ALPHABET[:8] or any(c not in ALPHABET for c in plain):
        return None
    return plain


def shortest_prefix(id_: str, others: Iterable[str]) -> str:
    """The shortest start of `id_` that no other id shares, at least `SHORTEST` characters."""
    length = SHORTEST
    for other in others:
        if other != id_:
            shared = next((i for i, (a, b) in enumerate(zip(id_, other, strict=False)) if a != b), len(id_))
            length = max(length, shared + 1)
    return id_[:length]
