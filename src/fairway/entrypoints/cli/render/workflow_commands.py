"""What GitHub Actions reads in the output of a step: commands, and text that must never be taken for one.

Source: GitHub's "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

import re

_COMMAND = re.compile(r"^(\s*)::", re.MULTILINE)


def harmless(text: str) -> str:
    """Text of others, with whatever would be a command taken apart."""
    return _COMMAND.sub(r"\1: :", text).replace("##[", "# #[")


def data(text: str) -> str:
    """What a command says, behind its second `::`."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def in_property(text: str) -> str:
    return data(text).replace(":", "%3A").replace(",", "%2C")
