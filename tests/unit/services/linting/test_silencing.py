"""Comments that take a finding back."""

from pathlib import Path

import pytest

from fairway.domain.errors import Diagnostic, Position, Severity
from fairway.services.linting.silencing import unsilenced

RULE = "unpinned-image"


def finding(line: int, rule: str = RULE, severity: Severity = Severity.WARNING) -> Diagnostic:
    return Diagnostic("x", Position("a.yaml", line, 1 if line else 0), None, severity, rule)


@pytest.mark.parametrize(
    ("text", "line", "silenced"),
    [
        ("image: x  # fairway-lint: ignore unpinned-image\n", 1, True),
        ("# fairway-lint: ignore unpinned-image\nimage: x\n", 2, True),
        ("# fairway-lint: ignore unpinned-image\n\nimage: x\n", 3, False),
        ("image: x\n# fairway-lint: ignore unpinned-image\n", 1, False),
        ("a: 1\n# fairway-lint: ignore unpinned-image\n", 0, True),
        ("a: 1\n", 0, False),
        ("# fairway-lint: ignore no-schema, unpinned-image\nimage: x\n", 2, True),
        ("# we know. fairway-lint:ignore  no-schema ,unpinned-image because\nimage: x\n", 2, True),
        ("{{/* fairway-lint: ignore unpinned-image */}}\nimage: x\n", 2, True),
        ("# fairway-lint: ignore\nimage: x\n", 2, False),
        ("# fairway-lint: ignore unpinned\nimage: x\n", 2, False),
        ("fairway-lint: ignore unpinned-image\nimage: x\n", 2, False),
        ("# ignore unpinned-image\nimage: x\n", 2, False),
    ],
)
def test_a_comment_counts_for_its_line_and_the_next(tmp_path: Path, text: str, line: int, silenced: bool) -> None:
    (tmp_path / "a.yaml").write_text(text)
    kept, count = unsilenced([finding(line)], tmp_path)
    assert (count == 1, kept == []) == (silenced, silenced)


@pytest.mark.parametrize(
    ("rule", "severity", "silenced"),
    [
        ("unknown-field", Severity.ERROR, True),
        ("lossy-scalar", Severity.WARNING, True),
        ("old-form", Severity.INFO, True),
        ("unknown-key", Severity.ERROR, False),
        ("yaml-syntax", Severity.ERROR, False),
    ],
)
def test_errors_in_the_format_stay(tmp_path: Path, rule: str, severity: Severity, silenced: bool) -> None:
    (tmp_path / "a.yaml").write_text(f"# fairway-lint: ignore {rule}\na: 1\n")
    assert (unsilenced([finding(2, rule, severity)], tmp_path)[1] == 1) is silenced


def test_findings_about_no_file_of_the_repository_stay(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "bytes").write_bytes(b"\xff# fairway-lint: ignore unpinned-image")
    places = [
        None,
        Position("absent"),
        Position("folder"),
        Position("bytes"),
        Position("web-1.0.0.tgz/templates/a.yaml"),
    ]
    found = [Diagnostic("x", place, None, Severity.WARNING, RULE) for place in places]
    assert unsilenced(found, tmp_path) == (found, 0)
