"""Where the server's own key comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairway.domain.errors import UserError
from fairway.settings import load_settings
from fairway.wiring.secretbox import open_secret_box

KEY = "ab" * 32


def test_without_a_word_it_is_made_in_the_data_folder_and_found_again(tmp_path: Path) -> None:
    settings = load_settings({"FAIRWAY_DATA_DIR": str(tmp_path / "data")})
    sealed = open_secret_box(settings).seal(b"s3cret", "x")
    assert open_secret_box(settings).open(sealed, "x") == b"s3cret"
    assert [one.name for one in (tmp_path / "data").iterdir()] == ["secret.key"]


def test_an_option_wins_over_the_setting_and_both_over_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(KEY)
    (tmp_path / "b").write_text("cd" * 32)
    settings = load_settings(
        {"FAIRWAY_DATA_DIR": str(tmp_path / "data"), "FAIRWAY_SECRET_KEY_FILE": str(tmp_path / "a")}
    )
    sealed = open_secret_box(settings, tmp_path / "b").seal(b"s3cret", "x")
    with pytest.raises(UserError):
        open_secret_box(settings).open(sealed, "x")
    assert not (tmp_path / "data").exists()


def test_a_named_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    settings = load_settings({"FAIRWAY_SECRET_KEY_FILE": str(tmp_path / "gone")})
    with pytest.raises(UserError, match="there is no file of secret keys at"):
        open_secret_box(settings)
    assert not (tmp_path / "gone").exists()
