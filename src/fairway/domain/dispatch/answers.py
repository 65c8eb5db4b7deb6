"""What whoever asks for a deployment is answered: a code of HTTP and one line.

The rule not to break: the texts are a contract (docs/spec/hookd.md); clients and people look them up.
"""

from __future__ import annotations

from dataclasses import dataclass

from fairway.domain.dispatch.statuses import cut_description
from fairway.domain.errors import UserError

_LONGEST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """`code` is HTTP's; `text` is empty for 204."""

    code: int
    text: str
    delivery_id: str = ""
    """By which the request is known from now on; empty where nothing is remembered."""
    log_url: str = ""
    """The page of the deployment."""


class Unacceptable(UserError):
    """A request is answered with `code` and the message. `is_told`: GitHub gets it as an `error` status."""

    def __init__(self, code: int, message: str, *, is_told: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.is_told = is_told


def error_description(text: str) -> str:
    """The description of the status that tells GitHub what was wrong with a request."""
    return cut_description(f"Error in deployment request: {text}")


def shown(text: str, longest: int = _LONGEST_SHOWN) -> str:
    """What somebody sent, fit for one line: cut, and without characters that move a cursor."""
    line = "".join(one if one.isprintable() else "?" for one in text[: longest + 1])
    return line if len(line) <= longest else line[: longest - 1] + "…"
