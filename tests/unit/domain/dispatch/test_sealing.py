"""Whose message it is: keys that fit, keys that come and go, and everything that was not sealed by us."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from tests.support.dispatching import block

from fairway.domain.dispatch.sealing import NONCE, NotOurs, Seal, read_encryption_key
from fairway.domain.errors import UserError

OLD, NEW, OTHER = b"the old key", b"the new key", b"somebody else's"
AES_OLD, AES_NEW = bytes(range(32)), bytes(range(32, 64))
MESSAGE = b"a message"


def counted() -> Callable[[int], bytes]:
    numbers = itertools.count(1)
    return lambda length: next(numbers).to_bytes(length, "big")


def seal(*signing: bytes, encryption: tuple[bytes, ...] = ()) -> Seal:
    return Seal(signing, encryption, random=counted())


def signed(key: bytes, carried: bytes) -> bytes:
    """A SignedMessage {1 message, 2 signature} by hand."""
    return block(1, carried) + block(2, hmac.new(key, carried, hashlib.sha512).digest())


class TestSignatures:
    def test_the_bytes_are_those_of_the_format(self) -> None:
        assert seal(OLD).seal(MESSAGE) == signed(OLD, MESSAGE)
        assert seal(OLD).seal(b"")[:2] == b"\x12\x40"

    def test_a_known_answer(self) -> None:
        # RFC 4231, test case 2.
        told = "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd"
        told += "caeab1a34d4a6b4b636e070a38bce737"
        assert seal(b"Jefe").seal(b"what do ya want for nothing?")[-64:].hex() == told

    def test_the_first_key_signs_and_every_key_opens(self) -> None:
        both = seal(NEW, OLD)
        assert both.seal(MESSAGE) == signed(NEW, MESSAGE)
        assert both.open(signed(OLD, MESSAGE)) == MESSAGE
        assert both.open(signed(NEW, MESSAGE)) == MESSAGE

    def test_a_key_can_be_replaced_without_losing_a_message(self) -> None:
        """Everybody learns the new key, then everybody signs with it, then the old one goes."""
        steps = [seal(OLD), seal(OLD, NEW), seal(NEW, OLD), seal(NEW)]
        for before, after in itertools.pairwise(steps):
            assert after.open(before.seal(MESSAGE)) == MESSAGE
            assert before.open(after.seal(MESSAGE)) == MESSAGE

    @pytest.mark.parametrize(
        "forged",
        [
            signed(OTHER, MESSAGE),
            block(1, MESSAGE),
            block(1, MESSAGE) + block(2, b""),
            block(1, MESSAGE) + block(2, hmac.new(OLD, MESSAGE, hashlib.sha512).digest()[:32]),
            block(1, MESSAGE) + block(2, hmac.new(OLD, MESSAGE, hashlib.sha256).digest()),
            block(1, MESSAGE + b"!") + block(2, hmac.new(OLD, MESSAGE, hashlib.sha512).digest()),
            b"",
            b"\xff" * 80,
            MESSAGE,
        ],
    )
    def test_what_we_did_not_sign_is_not_ours(self, forged: bytes) -> None:
        with pytest.raises(NotOurs):
            seal(OLD).open(forged)

    def test_a_message_of_two_parts_is_that_which_was_signed(self) -> None:
        """The last of a repeated field counts, for the runtime as for the signature."""
        with pytest.raises(NotOurs):
            seal(OLD).open(signed(OLD, MESSAGE) + block(1, b"another"))

    @pytest.mark.parametrize("keys", [[], [b""], [OLD, b""]])
    def test_without_a_key_nothing_is_signed(self, keys: list[bytes]) -> None:
        with pytest.raises(UserError, match="can't be signed without a key"):
            Seal(keys)


class TestEncryption:
    def test_the_nonce_stands_in_front_and_the_signature_covers_both(self) -> None:
        nonce = (1).to_bytes(NONCE, "big")
        carried = nonce + AESGCM(AES_OLD).encrypt(nonce, MESSAGE, None)
        assert seal(OLD, encryption=(AES_OLD,)).seal(MESSAGE) == signed(OLD, carried)

    def test_a_message_can_not_be_read_on_its_way(self) -> None:
        assert MESSAGE not in seal(OLD, encryption=(AES_OLD,)).seal(MESSAGE)

    def test_each_message_has_its_own_nonce(self) -> None:
        one = seal(OLD, encryption=(AES_OLD,))
        assert one.seal(MESSAGE) != one.seal(MESSAGE)

    def test_an_encryption_key_can_be_replaced_without_losing_a_message(self) -> None:
        rows = [(AES_OLD,), (AES_OLD, AES_NEW), (AES_NEW, AES_OLD), (AES_NEW,)]
        for before, after in itertools.pairwise(seal(OLD, encryption=keys) for keys in rows):
            assert after.open(before.seal(MESSAGE)) == MESSAGE
            assert before.open(after.seal(MESSAGE)) == MESSAGE

    @pytest.mark.parametrize("carried", [MESSAGE, b"", b"x" * 11, b"x" * 12, b"x" * 27, b"x" * 28, b"x" * 100])
    def test_what_is_signed_but_not_encrypted_with_our_key_is_refused(self, carried: bytes) -> None:
        with pytest.raises(NotOurs):
            seal(OLD, encryption=(AES_OLD,)).open(signed(OLD, carried))

    def test_another_encryption_key_does_not_open(self) -> None:
        with pytest.raises(NotOurs):
            seal(OLD, encryption=(AES_NEW,)).open(seal(OLD, encryption=(AES_OLD,)).seal(MESSAGE))

    def test_how_it_failed_is_not_told(self) -> None:
        said = set()
        for sealed in (signed(OTHER, MESSAGE), signed(OLD, MESSAGE), b"\xff", b""):
            with pytest.raises(NotOurs) as refused:
                seal(OLD, encryption=(AES_OLD,)).open(sealed)
            said.add(str(refused.value))
        assert len(said) == 1

    def test_a_source_of_nonces_is_needed(self) -> None:
        with pytest.raises(ValueError, match="nonces"):
            Seal([OLD], [AES_OLD])

    def test_a_key_of_another_length_is_refused(self) -> None:
        with pytest.raises(UserError, match="16 bytes"):
            seal(OLD, encryption=(AES_OLD[:16],))


class TestKeysAsWritten:
    def test_64_hexadecimal_digits_are_32_bytes(self) -> None:
        assert read_encryption_key(AES_OLD.hex()) == AES_OLD
        assert read_encryption_key(f" {AES_OLD.hex().upper()}\n") == AES_OLD

    @pytest.mark.parametrize("text", ["", "00", "zz" * 32, "00" * 33, "0x" + "00" * 31, "ä" * 64, "0 " * 32 + "0" * 32])
    def test_anything_else_is_refused_and_not_repeated(self, text: str) -> None:
        with pytest.raises(UserError, match="64 hexadecimal digits") as refused:
            read_encryption_key(text)
        assert refused.value.fix
        assert len(text) < 4 or text not in f"{refused.value}{refused.value.fix}"


encrypting = st.sampled_from([(), (AES_OLD,), (AES_NEW, AES_OLD)])


@given(st.binary(max_size=300), encrypting)
def test_whatever_is_sealed_is_opened(message: bytes, keys: tuple[bytes, ...]) -> None:
    assert seal(OLD, encryption=keys).open(seal(OLD, encryption=keys).seal(message)) == message


@given(st.binary(max_size=100), encrypting, st.data())
def test_no_changed_byte_goes_through(message: bytes, keys: tuple[bytes, ...], data: st.DataObject) -> None:
    sealed = seal(OLD, encryption=keys).seal(message)
    place = data.draw(st.integers(0, len(sealed) - 1))
    changed = bytearray(sealed)
    changed[place] ^= data.draw(st.integers(1, 255))
    try:
        opened = seal(OLD, encryption=keys).open(bytes(changed))
    except NotOurs:
        return
    # Only what the runtime reads the same, like a length written in another way.
    assert opened == message


@given(st.binary(max_size=200))
def test_garbage_is_not_ours(garbage: bytes) -> None:
    with pytest.raises(NotOurs):
        seal(OLD, encryption=(AES_OLD,)).open(garbage)
