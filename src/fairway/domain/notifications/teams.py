"""A message as the Workflows app of Microsoft Teams takes it: an Adaptive Card in a message attachment.

Text stands in RichTextBlocks, where Markdown has no meaning, so nothing has to be escaped. Teams refuses messages over
28 KB (learn.microsoft.com, "Create Incoming Webhooks"); what has no room is counted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from fairway.domain.errors import Severity
from fairway.domain.notifications.event import Happening
from fairway.domain.notifications.texts import Section, Text, one_line, text_of

LONGEST_CARD = 20_000
"""Bytes; JSON around it and the escaping of the other side need room too."""
LONGEST_LINE = 600
MOST_LINKS = 6

_COLORS = {Severity.INFO: "default", Severity.WARNING: "warning", Severity.ERROR: "attention"}


def teams_body(events: Sequence[Happening]) -> dict[str, Any]:
    return {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": card(text_of(events)),
            }
        ],
    }


def card(text: Text) -> dict[str, Any]:
    body: list[dict[str, Any]] = []
    used = left = 0
    for section in text.sections:
        for run in _runs(section):
            size = len(json.dumps(run))
            if used + size > LONGEST_CARD:
                left += 1
                continue
            used += size
            body.append({"type": "RichTextBlock", "spacing": "Medium" if "weight" in run else "None", "inlines": [run]})
    if left:
        more = {"type": "TextRun", "text": f"… and {left} more lines", "isSubtle": True}
        body.append({"type": "RichTextBlock", "inlines": [more]})
    links = [section for section in text.sections if section.url.startswith(("https://", "http://"))][:MOST_LINKS]
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": one_line(text.title, LONGEST_LINE),
        "msteams": {"width": "Full"},
        "body": body,
        "actions": [
            {"type": "Action.OpenUrl", "title": one_line(f"Open {one.title}", 60), "url": one.url} for one in links
        ],
    }


def _runs(section: Section) -> list[dict[str, Any]]:
    head = {
        "type": "TextRun",
        "text": one_line(f"{section.sign} {section.title}", LONGEST_LINE),
        "weight": "bolder",
        "color": _COLORS[section.severity],
    }
    lines = [
        {"type": "TextRun", "text": line.strip()[:LONGEST_LINE] or " "}
        | ({"fontType": "monospace"} if line[:1].isspace() else {})
        for line in section.lines
    ]
    return [head, *lines]
