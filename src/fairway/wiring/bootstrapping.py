"""The agent's chart, which travels with the program."""

from __future__ import annotations

from pathlib import Path


def agent_chart() -> Path:
    """Beside the package in a wheel (`fairway/_deploy`), at the top of a checkout. Raises Terminal without one."""
    import fairway
    from fairway.domain.errors import Terminal

    package = Path(fairway.__file__).resolve().parent
    for folder in (package / "_deploy" / "chart", package.parent.parent / "deploy" / "chart"):
        if (folder / "Chart.yaml").is_file():
            return folder
    raise Terminal("this installation lacks the agent's chart", fix="install the wheel, or run from a checkout")
