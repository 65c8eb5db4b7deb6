"""What is said and written of an error that nobody foresaw."""

import errno
import os
from pathlib import Path

import pytest

from fairway.domain.errors import InvalidInput, Refused, Transient, UserError
from fairway.entrypoints.cli.crashes import disk_trouble, foreseen, report_crash

ME = UserError("no such release")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ME, ME),
        (ExceptionGroup("many", [ME, Transient("away")]), ME),
        (ExceptionGroup("outer", [ExceptionGroup("inner", [ME])]), ME),
        (ExceptionGroup("mixed", [ME, KeyError("x")]), None),
        (KeyError("x"), None),
    ],
)
def test_an_error_on_purpose_is_found_in_a_group_of_nothing_else(error: Exception, expected: object) -> None:
    assert foreseen(error) is expected


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/data/x"), "No space left on device: /data/x"),
        (OSError(errno.EROFS, "Read-only file system"), "Read-only file system"),
        (PermissionError(errno.EACCES, "Permission denied", "/data"), "Permission denied: /data"),
        (OSError(errno.ENOENT, "No such file"), ""),
        (ValueError("x"), ""),
    ],
)
def test_a_disk_that_refuses_is_no_mistake_of_the_program(error: Exception, text: str) -> None:
    assert disk_trouble(error) == text


def raised() -> Exception:
    try:
        try:
            {}["token=" + "abcd" + "efgh"]
        except KeyError as error:
            raise ValueError("a" * 1000) from error
    except ValueError as error:
        return error


def test_a_report_has_the_frames_and_the_command_but_no_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "data" / "crashes"
    report_crash(ExceptionGroup("g", [raised()]), folder, ["apply", "--token", "hunter22", "prod"])
    (path,) = folder.iterdir()
    text = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert "KeyError" in text
    assert "in raised" in text
    assert "led to" in text
    assert "fairway apply --token" in text
    assert "hunter22" not in text
    assert "abcdefgh" not in text
    assert "a" * 500 not in text
    said = capsys.readouterr().err
    assert said.startswith("error: this is a mistake in Fairway itself: ValueError: aaa")
    assert str(path) in said


def test_a_report_that_can_not_be_written_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    report_crash(raised(), Path(os.devnull) / "crashes", ["plan"])
    said = capsys.readouterr().err
    assert "can't be written" in said
    assert "in raised" in said


def test_errors_hide_secrets_in_all_that_people_see() -> None:
    from fairway.domain.errors import Diagnostic, masked_errors

    def mask(text: str) -> str:
        return text.replace("hunter22", "•")

    with pytest.raises(Refused) as caught, masked_errors(mask):
        raise Refused("hunter22 is refused", fix="not hunter22")
    assert (str(caught.value), caught.value.fix) == ("• is refused", "not •")
    with pytest.raises(InvalidInput) as many, masked_errors(mask):
        raise InvalidInput([Diagnostic("hunter22", fix="hunter22"), Diagnostic("b")])
    assert [(one.message, one.fix) for one in many.value.diagnostics] == [("•", "•"), ("b", None)]
    assert "hunter22" not in str(many.value)
