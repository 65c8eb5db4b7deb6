"""Makes age identities, so that tests of SOPS need no second program and no key in the repository.

Format: age's X25519 identities, https://age-encryption.org/v1, which are bech32 (BIP 173) of the raw keys.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


@dataclass(frozen=True)
class AgeKey:
    secret: str
    recipient: str


def new_age_key() -> AgeKey:
    private = X25519PrivateKey.generate()
    return AgeKey(
        bech32("age-secret-key-", private.private_bytes_raw()).upper(),
        bech32("age", private.public_key().public_bytes_raw()),
    )


def bech32(prefix: str, data: bytes) -> str:
    words = _five_bits(data)
    head = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    check = _checksum([*head, *words, 0, 0, 0, 0, 0, 0]) ^ 1
    words += [(check >> 5 * (5 - i)) & 31 for i in range(6)]
    return f"{prefix}1{''.join(ALPHABET[word] for word in words)}"


def _five_bits(data: bytes) -> list[int]:
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    return [int(bits[i : i + 5], 2) for i in range(0, len(bits), 5)]


def _checksum(words: list[int]) -> int:
    value = 1
    for word in words:
        top = value >> 25
        value = (value & 0x1FFFFFF) << 5 ^ word
        for i, part in enumerate(GENERATOR):
            value ^= part if (top >> i) & 1 else 0
    return value
