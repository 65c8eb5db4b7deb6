"""`make docs` writes the pages that are stale, and only those."""

from pathlib import Path

from click.testing import CliRunner

from fairway.entrypoints.docs.__main__ import docs


def test_stale_pages_are_rewritten_and_named(tmp_path: Path) -> None:
    stale = tmp_path / "spec" / "codes.md"
    stale.parent.mkdir()
    stale.write_text("# Codes\n\n<!-- made from code: exit codes -->\nold\n<!-- end of exit codes -->\n")
    (tmp_path / "plain.md").write_text("# Plain\n")
    first = CliRunner().invoke(docs, [str(tmp_path)])
    assert first.output == f"wrote {stale}\n"
    assert "| 130 |" in stale.read_text()
    assert CliRunner().invoke(docs, [str(tmp_path)]).output == ""
