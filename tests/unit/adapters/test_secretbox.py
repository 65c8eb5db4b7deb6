"""What is sealed opens with its key at its place, and nowhere else."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fairway.adapters.secretbox import NotOpened, SecretBox, new_key, own_secret_box, read_secret_box
from fairway.domain.errors import UserError

A, B = bytes(range(32)), bytes(range(32, 64))


@given(plain=st.binary(max_size=300), place=st.text(max_size=30))
def test_what_was_sealed_opens_at_its_place(plain: bytes, place: str) -> None:
    box = SecretBox([A])
    assert box.open(box.seal(plain, place), place) == plain


@given(place=st.text(max_size=9), other=st.text(max_size=9))
def test_it_does_not_open_at_another_place(place: str, other: str) -> None:
    assume(place != other)
    box = SecretBox([A])
    with pytest.raises(NotOpened):
        box.open(box.seal(b"s3cret", place), other)


@given(at=st.integers(0), flip=st.integers(1, 255))
def test_no_byte_of_it_can_be_changed(at: int, flip: int) -> None:
    box = SecretBox([A])
    sealed = bytearray(box.seal(b"s3cret", "x"))
    sealed[at % len(sealed)] ^= flip
    with pytest.raises(NotOpened):
        box.open(bytes(sealed), "x")


@given(rubbish=st.binary(max_size=60))
def test_rubbish_does_not_open(rubbish: bytes) -> None:
    with pytest.raises(NotOpened) as error:
        SecretBox([A]).open(rubbish, "x")
    assert error.value.fix


def test_the_same_is_sealed_differently_each_time_and_cannot_be_read() -> None:
    box = SecretBox([A])
    first, second = box.seal(b"hunter2" * 9, "x"), box.seal(b"hunter2" * 9, "x")
    assert first != second
    assert b"hunter2" not in first + second


def test_a_new_first_key_still_opens_what_the_old_one_sealed() -> None:
    old = SecretBox([A]).seal(b"s3cret", "x")
    both = SecretBox([B, A])
    assert both.open(old, "x") == b"s3cret"
    new = both.seal(b"s3cret", "x")
    assert SecretBox([B]).open(new, "x") == b"s3cret"
    with pytest.raises(NotOpened):
        SecretBox([A]).open(new, "x")


@pytest.mark.parametrize("keys", [[], [b"short"], [A, b""]])
def test_keys_of_another_length_are_not_taken(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        SecretBox(keys)


def test_a_box_does_not_show_its_keys() -> None:
    assert repr(SecretBox([A, B])) == "SecretBox(2 keys)"


class TestFiles:
    def test_a_file_holds_one_key_in_each_line_and_comments(self, tmp_path: Path) -> None:
        file = tmp_path / "keys"
        file.write_text(f"# of this year\n{B.hex()}  # new\n\n  {A.hex().upper()}\r\n")
        box = read_secret_box(file)
        assert box.open(SecretBox([A]).seal(b"1", "x"), "x") == b"1"
        assert SecretBox([B]).open(box.seal(b"2", "x"), "x") == b"2"

    @pytest.mark.parametrize("text", ["hunter2", "0" * 63, "0" * 66, "g" * 64])
    def test_what_is_no_key_is_named_by_its_line_and_not_shown(self, tmp_path: Path, text: str) -> None:
        file = tmp_path / "keys"
        file.write_text(f"{A.hex()}\n{text}\n")
        with pytest.raises(UserError, match="line 2 of the file of secret keys") as error:
            read_secret_box(file)
        assert text not in f"{error.value.message} {error.value.fix}"

    @pytest.mark.parametrize("text", ["", "\n\n", "# nothing yet\n"])
    def test_a_file_without_keys_is_refused(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "keys").write_text(text)
        with pytest.raises(UserError, match="holds no key") as error:
            read_secret_box(tmp_path / "keys")
        assert "openssl rand -hex 32" in str(error.value.fix)

    def test_a_missing_file_says_how_to_make_one(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="there is no file") as error:
            read_secret_box(tmp_path / "keys")
        assert str(error.value.fix).startswith("make one: openssl rand -hex 32 >")

    def test_what_is_no_text_or_no_file_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "binary").write_bytes(b"\xff\xfe")
        for file in (tmp_path, tmp_path / "binary"):
            with pytest.raises(UserError, match="cannot be read"):
                read_secret_box(file)

    def test_our_own_is_made_once_and_only_its_owner_can_read_it(self, tmp_path: Path) -> None:
        file = tmp_path / "data" / "secret.key"
        sealed = own_secret_box(file).seal(b"s3cret", "x")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert own_secret_box(file).open(sealed, "x") == b"s3cret"
        assert [one.name for one in file.parent.iterdir()] == ["secret.key"]

    def test_those_who_come_at_once_get_the_same_key(self, tmp_path: Path) -> None:
        file = tmp_path / "secret.key"
        with ThreadPoolExecutor(16) as pool:
            boxes = list(pool.map(lambda _: own_secret_box(file), range(16)))
        sealed = boxes[0].seal(b"s3cret", "x")
        assert {box.open(sealed, "x") for box in boxes} == {b"s3cret"}

    def test_a_folder_that_cannot_be_made_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(UserError, match="no file of secret keys can be made") as error:
            own_secret_box(tmp_path / "file" / "secret.key")
        assert error.value.fix


def test_every_new_key_is_another() -> None:
    assert len({new_key() for _ in range(50)}) == 50
