"""The key of a queue on one machine."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fairway.adapters.queue.key_file import key_in
from fairway.domain.errors import UserError


def test_it_is_made_once_and_readable_by_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "data" / "queue.key"
    key = key_in(path)
    assert len(key) == 32
    assert key_in(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_two_who_start_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: key_in(tmp_path / "queue.key"), range(8)))) == 1


def test_a_file_that_holds_no_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "queue.key").write_bytes(b"short")
    with pytest.raises(UserError, match="holds 5 bytes") as refused:
        key_in(tmp_path / "queue.key")
    assert "rm " in str(refused.value.fix)


def test_a_place_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"queue\.key can't be used: File exists"):
        key_in(tmp_path / "file" / "queue.key")
