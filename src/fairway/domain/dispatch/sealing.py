"""Who wrote a message, and who may read it: signatures, encryption, and keys that change while messages travel.

On the wire is a `SignedMessage`. Its signature is HMAC-SHA512 over field 1, byte for byte as it travels. With
encryption field 1 is a nonce of 12 bytes and the AES-256-GCM of the message; else it is the message itself. So a
signature is checked before anything is decrypted or parsed.

The rule not to break: nothing that was not signed with one of the keys gets out of `open`. How it failed is not told
apart, in the answer or in its time.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from typing import Any

from google.protobuf.message import DecodeError

from fairway.domain.dispatch.message_types import SignedMessage
from fairway.domain.errors import Terminal, UserError

NONCE = 12
_KEY_HEX = re.compile(r"[0-9a-fA-F]{64}")


class NotOurs(Terminal):
    """Not signed with any of the keys, or not encrypted with any of them, or no such message at all."""

    def __init__(self) -> None:
        super().__init__(
            "a message that was not sealed with any of our keys",
            fix="hookd and every deployd need the same --kafka-hmac-key, and the same --kafka-encryption-key if any",
        )


class Seal:
    """The first key of each kind seals, all of them open. Without encryption keys messages travel readable.

    With encryption keys a readable message is refused, signed or not. `random` gives that many unpredictable bytes.
    """

    def __init__(
        self,
        signing_keys: Sequence[bytes],
        encryption_keys: Sequence[bytes] = (),
        *,
        random: Callable[[int], bytes] | None = None,
    ) -> None:
        if not signing_keys or not all(signing_keys):
            raise UserError("messages can't be signed without a key", fix="set a key that all processes share")
        if encryption_keys and random is None:
            raise ValueError("encryption needs a source of nonces")
        self._signing = tuple(signing_keys)
        self._random = random
        self._ciphers = tuple(_cipher(key) for key in encryption_keys)

    def seal(self, message: bytes) -> bytes:
        carried = self._encrypted(message)
        sealed: bytes = SignedMessage(
            message=carried, signature=_signature(self._signing[0], carried)
        ).SerializeToString()
        return sealed

    def open(self, sealed: bytes) -> bytes:
        """The message. Raises `NotOurs`."""
        try:
            parsed = SignedMessage.FromString(sealed)
        except (DecodeError, ValueError):
            raise NotOurs from None
        carried: bytes = parsed.message
        # All keys are tried, so that the time does not tell which of them fits.
        fits = [hmac.compare_digest(_signature(key, carried), parsed.signature) for key in self._signing]
        if not any(fits):
            raise NotOurs
        return self._decrypted(carried) if self._ciphers else carried

    def _encrypted(self, message: bytes) -> bytes:
        if not self._ciphers or self._random is None:
            return message
        nonce = self._random(NONCE)
        encrypted: bytes = self._ciphers[0].encrypt(nonce, message, None)
        return nonce + encrypted

    def _decrypted(self, carried: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag

        for cipher in self._ciphers:
            try:
                message: bytes = cipher.decrypt(carried[:NONCE], carried[NONCE:], None)
            except (InvalidTag, ValueError):
                continue
            return message
        raise NotOurs


def read_encryption_key(text: str) -> bytes:
    """A key of 32 bytes from 64 hexadecimal digits. Raises `UserError`, which does not repeat it."""
    written = text.strip()
    if not _KEY_HEX.fullmatch(written):
        raise UserError(
            f"an encryption key of {len(written)} characters; it must be 64 hexadecimal digits",
            fix="make one: openssl rand -hex 32",
        )
    return bytes.fromhex(written)


def _signature(key: bytes, carried: bytes) -> bytes:
    return hmac.digest(key, carried, hashlib.sha512)


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(key) != 32:
        raise UserError(
            f"an encryption key of {len(key)} bytes; AES-256 needs 32", fix="make one: openssl rand -hex 32"
        )
    return AESGCM(key)
