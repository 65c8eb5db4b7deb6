"""Words, colours and numbers that all output shares.

Lines are made of spans, (text, style), so that the same line can be painted for a terminal, handed to rich, or written
plain. The rule not to break: text that comes from a cluster passes `clean` before it is shown, because control
characters in a log line could rewrite the screen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

Span: TypeAlias = tuple[str, str]
"""(text, style); styles are `""` or the names in `_CODES`, which rich understands too."""
Line: TypeAlias = tuple[Span, ...]

_CODES = {
    "": "",
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
    "bold red": "1;31",
    "bold green": "1;32",
    "bold yellow": "1;33",
}

_CONTROL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_CHART_LABEL = re.compile(r"(?P<name>.+?)-(?P<version>v?\d+\.\d+.*)")
_PLAIN_FILES = re.compile(r"(?:resources-)?0\.0\.0\+[0-9a-f]{12}")
_ASCII = str.maketrans(
    {
        "→": "->",
        "←": "<-",
        "·": "-",
        "…": "...",
        "✓": "+",
        "✗": "x",
        "–": "-",
        "─": "-",
        "│": "|",
        "⠿": "*",
        "≥": ">=",
    }
)


def paint(line: Iterable[Span], *, color: bool) -> str:
    """One line of text, with ANSI colours when wanted; trailing blanks removed."""
    if not color:
        return "".join(text for text, _ in line).rstrip()
    return "".join(f"\x1b[{_CODES[style]}m{text}\x1b[0m" if style and text else text for text, style in line).rstrip()


def plain(text: str, *styles: str) -> Line:
    """A line of one span."""
    return ((text, styles[0] if styles else ""),)


def clean(text: str) -> str:
    """Text without terminal escapes and control characters; tabs and newlines stay."""
    return _CONTROL.sub("", text.replace("\r\n", "\n"))


def to_ascii(text: str) -> str:
    """Our own signs spelled for terminals that know no Unicode; anything else becomes `?`."""
    return text.translate(_ASCII).encode("ascii", "replace").decode()


def seconds(value: float) -> str:
    """`0.4 s`, `6.1 s`, `14 s`, `2 min 5 s`, `1 h 3 min`."""
    if value < 9.95:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 release`, `3 releases`, `2 entries`."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"


SHORT_ID = 10
"""Characters of a ledger id that tell all ids of one process apart: its milliseconds."""


def commit(identity: str, subject: str, *, dirty: bool) -> str:
    """`commit 3f2c1ab "orders 1.4.2" with uncommitted changes`."""
    text = f"commit {identity[:7]}" + (f' "{shorten(clean(subject), 60)}"' if subject else "")
    return f"{text} with uncommitted changes" if dirty else text


def version_step(before: str, after: str) -> str:
    """`web-1.9.0`, `web-1.9.1` → `1.9.0 → 1.9.1`; both labels whole when the chart itself is another."""
    if _PLAIN_FILES.fullmatch(before) or _PLAIN_FILES.fullmatch(after):
        return ""
    old, new = _CHART_LABEL.fullmatch(before), _CHART_LABEL.fullmatch(after)
    if old and new and old["name"] == new["name"]:
        before, after = old["version"], new["version"]
    if before and after and before != after:
        return f"{before} → {after}"
    return "" if before == after else after


def chart_words(label: str) -> str:
    """A chart's label as people know it; the digest that stands for plain files says nothing to them."""
    return "plain files" if _PLAIN_FILES.fullmatch(label) else label


def shorten(text: str, width: int) -> str:
    """The text cut to `width` characters, the last one `…` when something is missing."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"


def named(names: Sequence[str], limit: int = 5) -> str:
    """`a, b, c and 4 more`."""
    rest = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {rest} more" if rest > 0 else "")


def fold(parts: Sequence[str], width: int, *, joint: str = " · ", indent: str = "  ") -> list[str]:
    """Parts joined on as few lines as fit `width`; later lines are indented. No part is ever cut."""
    lines: list[str] = []
    for part in parts:
        joined = f"{lines[-1]}{joint}{part}" if lines else part
        if lines and len(joined) > width:
            lines.append(indent + part)
        else:
            lines[-1:] = [joined]
    return lines
