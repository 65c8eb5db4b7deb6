"""`python -m fairway.entrypoints.docs FOLDER`, called by `make docs`: rewrite the generated parts of its pages."""

from __future__ import annotations

from pathlib import Path

import click

from fairway.entrypoints.docs.parts import PARTS
from fairway.entrypoints.docs.weaving import weave


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def docs(folder: Path) -> None:
    """Rewrite the generated parts of all Markdown files in FOLDER."""
    for page in sorted(folder.rglob("*.md")):
        before = page.read_text(encoding="utf-8")
        after = weave(before, PARTS, str(page))
        if after != before:
            page.write_text(after, encoding="utf-8")
            click.echo(f"wrote {page}")


if __name__ == "__main__":
    docs()
