"""A message as an e-mail: subject, text, and the same as HTML. Everything of ours is escaped in the HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from fairway.domain.errors import Severity
from fairway.domain.notifications.event import Happening
from fairway.domain.notifications.texts import Section, as_plain_text, one_line, text_of

LONGEST_SUBJECT = 150

_COLORS = {Severity.INFO: "#1f7a4d", Severity.WARNING: "#9a6700", Severity.ERROR: "#b42318"}


@dataclass(frozen=True, slots=True)
class Mail:
    subject: str
    text: str
    html: str


def mail_of(events: Sequence[Happening]) -> Mail:
    text = text_of(events)
    body = "\n".join(_section(one) for one in text.sections)
    html = (
        '<!doctype html><html><body style="font-family:sans-serif;font-size:14px;line-height:1.45">\n'
        f"{body}\n</body></html>\n"
    )
    return Mail(one_line(text.title, LONGEST_SUBJECT), as_plain_text(text) + "\n", html)


def _section(section: Section) -> str:
    title = escape(f"{section.sign} {section.title}")
    if section.url.startswith(("https://", "http://")):
        title = f'<a href="{escape(section.url)}">{title}</a>'
    lines = "\n".join(escape(line) for line in section.lines)
    body = f'\n<pre style="white-space:pre-wrap;margin:4px 0 16px">{lines}</pre>' if lines else ""
    return f'<p style="margin:0;font-weight:bold;color:{_COLORS[section.severity]}">{title}</p>{body}'
