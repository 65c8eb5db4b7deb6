"""Where the examples lie: beside the package in a wheel (`fairway/_examples`), at the top of a checkout."""

from __future__ import annotations

from pathlib import Path

import fairway
from fairway.domain.errors import Terminal


def example_folder(name: str) -> Path:
    """The folder of an example. Raises Terminal when this installation has none."""
    package = Path(fairway.__file__).parent
    for folder in (package / "_examples", package.parent.parent / "examples"):
        if (folder / name / "environments.yaml").is_file():
            return folder / name
    raise Terminal(f'this installation lacks the example "{name}"', fix="install the wheel, or run from a checkout")
