"""What may be written behind a flag or into its variable, and what becomes of it.

The rule not to break: a text that is refused is never repeated when it may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

YES = frozenset({"1", "t", "true", "yes", "y", "on"})
NO = frozenset({"0", "f", "false", "no", "n", "off"})
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhd]))+")


class Unfit(ValueError):
    """The text can't be that; the message says why, `fix` what may be written."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Kind:
    """`read` gets the texts in the order in which they were given, at least one; raises Unfit."""

    metavar: str
    read: Callable[[Sequence[str]], Any]
    alone: str = ""
    """What the flag means when nothing stands behind it; empty: something has to."""
    many: bool = False
    """It may be given several times, and several values may stand in one text, with commas between."""


def one_of(*words: str) -> Kind:
    def read(texts: Sequence[str]) -> str:
        word = texts[-1].strip().lower()
        if word not in words:
            raise Unfit(f'"{texts[-1]}" is none of {", ".join(words)}', f"write {words[0]}, for example")
        return word

    return Kind("|".join(words), read)


def number(least: int, most: int | None = None) -> Kind:
    def read(texts: Sequence[str]) -> int:
        try:
            found = int(texts[-1].strip())
        except ValueError:
            raise Unfit(f'"{texts[-1]}" is no number', f"write {least}, for example") from None
        if found < least or (most is not None and found > most):
            bounds = f"at least {least}" if most is None else f"between {least} and {most}"
            raise Unfit(f"{found} is not {bounds}", f"write a number that is {bounds}")
        return found

    return Kind("NUMBER", read)


def pairs(name: str, of: str) -> Kind:
    """`NAME=VALUE`, several; a name without a value has an empty one."""

    def read(texts: Sequence[str]) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for text in _split(texts):
            key, _, value = (part.strip() for part in text.partition("="))
            if not key:
                raise Unfit(f'"{text}" has no {name} before the =', f"write {name}={of}")
            if key in found:
                raise Unfit(f'"{key}" is given twice', f"give each {name} once")
            found[key] = value
        return found

    return Kind(f"{name}[={of}]", read, many=True)


def _text(texts: Sequence[str]) -> str:
    return texts[-1]


def _word(texts: Sequence[str]) -> str:
    return texts[-1].strip()


def _boolean(texts: Sequence[str]) -> bool:
    word = texts[-1].strip().lower()
    if word in YES:
        return True
    if word in NO:
        return False
    raise Unfit(f'"{texts[-1]}" is neither true nor false', "write true or false")


def _seconds(texts: Sequence[str]) -> float:
    text = texts[-1].strip()
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return float(text)
    if not _DURATION.fullmatch(text):
        raise Unfit(f'"{texts[-1]}" is no length of time', "write e.g. 90s, 5m or 1h30m")
    return sum(float(count) * UNITS[unit] for count, unit in re.findall(r"(\d+(?:\.\d+)?)(ms|[smhd])", text))


def _some_seconds(texts: Sequence[str]) -> float:
    if (found := _seconds(texts)) > 0:
        return found
    raise Unfit(f'"{texts[-1]}" is no time at all', "write e.g. 90s, 5m or 1h30m")


def _split(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(part.strip() for text in texts for part in text.split(",") if part.strip())


def _path(texts: Sequence[str]) -> Path:
    return Path(texts[-1].strip()).expanduser()


def _paths(texts: Sequence[str]) -> tuple[Path, ...]:
    return tuple(Path(text).expanduser() for text in _split(texts))


TEXT = Kind("TEXT", _text)
NAME = Kind("NAME", _word)
URL = Kind("URL", _word)
ADDRESS = Kind("HOST:PORT", _word)
BOOLEAN = Kind("true|false", _boolean, alone="true")
DURATION = Kind("DURATION", _seconds)
"""Gives seconds; `90` is `90s`."""
SOME_TIME = Kind("DURATION", _some_seconds)
"""As above, where 0 would let nothing through."""
NAMES = Kind("NAME,…", _split, many=True)
SECRET = Kind("SECRET", _text)
SECRETS = Kind("SECRET,…", _split, many=True)
FILE = Kind("FILE", _path)
FILES = Kind("FILE,…", _paths, many=True)
