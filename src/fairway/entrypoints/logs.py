"""Logs: constant event names with keys and values, on stderr, masked here once for all.

Code below says `logging.getLogger(__name__).warning("ledger.unreachable", extra={"records": 3})`, nothing else: the
message is the event's constant name, never a sentence with values in it; `extra` are its keys and values. Keys must not
be those of a LogRecord (`name`, `args`, `module`, …): the standard library refuses them with a KeyError.
"""

from __future__ import annotations

import json
import logging
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TextIO

from fairway.domain.deployments.masking import mask
from fairway.domain.errors import UserError
from fairway.domain.values.secrets import MASK, looks_secret

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
FORMATS = ("text", "json")

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def set_up_logs(level: str, form: str, stream: TextIO | None = None) -> None:
    """Send everything of Fairway at `level` and above to `stream` (stderr), and warnings of libraries too.

    Raises `UserError` for an unknown level or form. Setting up again replaces the set-up before.
    """
    if level.lower() not in LEVELS:
        raise UserError(f'FAIRWAY_LOG_LEVEL is "{level}"', fix=f"one of {', '.join(LEVELS)}")
    if form not in FORMATS:
        raise UserError(f'FAIRWAY_LOG_FORMAT is "{form}"', fix=f"one of {', '.join(FORMATS)}")
    root = logging.getLogger()
    for before in [handler for handler in root.handlers if isinstance(handler, LineHandler)]:
        root.removeHandler(before)
    handler = LineHandler(stream)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("fairway").setLevel(LEVELS[level.lower()])


class LineHandler(logging.Handler):
    """Writes to `stream`, or to whatever is stderr at that moment. A broken stream never breaks the program."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError, ValueError):
            (self._stream or sys.stderr).write(f"{self.format(record)}\n")


class TextLines(logging.Formatter):
    """`11:59:38 warning ledger.unreachable records=3 address="…"`; a traceback follows on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        pairs = "".join(f" {key}={_as_word(value)}" for key, value in _fields(record).items())
        text = f"{time} {record.levelname.lower()} {mask(record.getMessage())}{pairs}"
        return f"{text}\n{mask(self.formatException(record.exc_info))}" if record.exc_info else text


class JsonLines(logging.Formatter):
    """One object per line: `time` (UTC), `level`, `event`, `logger`, the keys, `error` with a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "level": record.levelname.lower(),
            "event": mask(record.getMessage()),
            "logger": record.name,
            **_fields(record),
        }
        if record.exc_info:
            line["error"] = mask(self.formatException(record.exc_info))
        return json.dumps(line, default=lambda value: mask(str(value)), ensure_ascii=False)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {key: _masked(key, value) for key, value in vars(record).items() if key not in _OWN}


def _masked(key: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {str(inner): _masked(str(inner), item) for inner, item in value.items()}
    if looks_secret(key) and value not in (None, "", True, False):
        return MASK
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked("", item) for item in value]
    return value


def _as_word(value: Any) -> str:
    if isinstance(value, list):
        value = ",".join(map(str, value))
    text = value if isinstance(value, str) else mask(str(value))
    plain = text.isprintable() and not any(c in ' "=' for c in text)
    return text if text and plain else json.dumps(text, ensure_ascii=False)
