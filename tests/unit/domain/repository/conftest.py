"""Repositories out of texts, without files: the folder is /repo, release files are named relative to it."""

from collections.abc import Callable

import pytest

from fairway.domain.repository.findings import Findings
from fairway.domain.repository.resolving import Resolution, resolve_repository
from fairway.domain.repository.sites import Document
from fairway.domain.yaml import compose

MARK = "«"

Resolve = Callable[..., Resolution]


@pytest.fixture
def resolve() -> Resolve:
    def from_texts(environments: str, **release_files: str) -> Resolution:
        """`releases="…"` is the file /repo/releases.yaml."""
        files = {f"/repo/{name}.yaml": _document(f"{name}.yaml", text) for name, text in release_files.items()}
        return resolve_repository(_document("environments.yaml", environments), files, Findings())

    return from_texts


@pytest.fixture
def unmarked() -> Callable[[str], tuple[str, list[str]]]:
    """A text without its « marks, and the places (line:column) where they stood."""

    def strip(text: str) -> tuple[str, list[str]]:
        places = []
        for number, line in enumerate(text.splitlines(), 1):
            parts = line.split(MARK)
            length = 0
            for part in parts[:-1]:
                length += len(part)
                places.append(f"{number}:{length + 1}")
        return text.replace(MARK, ""), places

    return strip


def _document(shown: str, text: str) -> Document:
    value, positions, problems = compose(text, shown)
    return Document(f"/repo/{shown}", shown, value, positions, tuple(problems))
