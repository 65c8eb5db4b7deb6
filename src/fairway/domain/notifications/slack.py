"""A message as Slack's Web API and incoming webhooks take it: Block Kit, and which calls say it.

Limits (docs.slack.dev, "Blocks" and "chat.postMessage"): 50 blocks, 3,000 characters in a section's text, about 13,000
in all blocks of a message before `msg_blocks_too_long`. The rule not to break: `&`, `<` and `>` of ours are escaped, so
that no text of a commit or a pod can mention or link anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fairway.domain.errors import Severity
from fairway.domain.notifications.delivery import Message
from fairway.domain.notifications.event import Happening
from fairway.domain.notifications.grouping import DEPLOYMENT, settled
from fairway.domain.notifications.routing import heaviest
from fairway.domain.notifications.texts import Section, Text, one_line, text_of

MOST_BLOCKS = 50
LONGEST_BLOCK = 3000
LONGEST_MESSAGE = 12_000
LONGEST_TITLE = 300
LONGEST_LINE = 500
"""Escaped it is five times as long at most, and still fits into a block."""
LONGEST_URL = 1000

Blocks = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the Web API. `reports` marks the one whose answer is the message's reference."""

    method: str
    arguments: Mapping[str, Any]
    reports: bool = False
    optional: bool = False
    """Its failure for good does not matter: what it changes may have been deleted by people."""


def calls(message: Message, channel: str, earlier: Mapping[str, str]) -> list[Call]:
    """A first message is posted. A deployment's is then changed in place; bad news also go into its thread, seen by
    all, because nobody is notified of a change. What else belongs to a thread answers in it."""
    if not earlier:
        return [Call("chat.postMessage", {"channel": channel, **_said(message.events)}, reports=True)]
    there = {"channel": earlier["channel"]}
    found: list[Call] = []
    deployment = [event for event in message.events if event.kind in DEPLOYMENT]
    answers = [event for event in message.events if event.kind not in DEPLOYMENT]
    if deployment:
        found.append(Call("chat.update", {**there, "ts": earlier["ts"], **_said(deployment)}, optional=True))
        answers += [event for event in settled(deployment) if event.severity is not Severity.INFO]
    if answers:
        loud = heaviest(event.severity for event in answers) is Severity.ERROR
        thread = {"thread_ts": earlier["ts"], "reply_broadcast": loud}
        found.append(Call("chat.postMessage", {**there, **thread, **_said(answers)}))
    return found


def webhook_body(events: Sequence[Happening]) -> dict[str, Any]:
    """For an incoming webhook, which can neither thread nor change anything."""
    return _said(events)


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def blocks_of(text: Text) -> Blocks:
    """Within all limits; what has no room is counted in a last block."""
    pieces = [piece for section in text.sections for piece in _pieces(section)]
    kept: list[str] = []
    used = 0
    for piece in pieces:
        if len(kept) == MOST_BLOCKS - 1 or used + len(piece) > LONGEST_MESSAGE:
            break
        kept.append(piece)
        used += len(piece)
    left = sum(piece.count("\n") + 1 for piece in pieces[len(kept) :])
    blocks: Blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": piece}} for piece in kept]
    if left:
        more = {"type": "mrkdwn", "text": f"… and {left} more lines"}
        blocks.append({"type": "context", "elements": [more]})
    return blocks


def _said(events: Sequence[Happening]) -> dict[str, Any]:
    text = text_of(events)
    # `text` is what notifications and screen readers say; unfurled links would bury the message.
    return {
        "text": escape(one_line(f"{text.sections[0].sign} {text.title}", LONGEST_TITLE)),
        "blocks": blocks_of(text),
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _pieces(section: Section) -> Iterable[str]:
    """The section's text in parts that fit into blocks."""
    title = escape(one_line(section.title, LONGEST_TITLE))
    if _is_link(section.url):
        title = f"<{escape(section.url)}|{title}>"
    head = f"{section.sign} *{title}*"
    piece, quoted = head, False
    for line in section.lines:
        quotes = line[:1].isspace()
        shown = escape(one_line(line, LONGEST_LINE)) if not quotes else _quotable(line)
        if len(piece) + len(shown) + 16 > LONGEST_BLOCK:
            yield piece + ("\n```" if quoted else "")
            piece, quoted = ("```\n" + shown, True) if quotes else (shown, False)
            continue
        if quotes != quoted:
            piece += "\n```"
        quoted = quotes
        piece += f"\n{shown}"
    yield piece + ("\n```" if quoted else "")


def _quotable(line: str) -> str:
    """Inside of a code block, which it must not end."""
    cut = line.strip("\n")[:LONGEST_LINE]
    return escape(cut.removeprefix("    ").replace("```", "'''"))


def _is_link(url: str) -> bool:
    return url.startswith(("https://", "http://")) and len(url) <= LONGEST_URL and not set(url) & set("|<> \n")
