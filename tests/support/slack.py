"""A stand-in for Slack on loopback: chat.postMessage, chat.update and an incoming webhook.

Requests are checked as docs.slack.dev describes them; blocks by Slack's own library, which knows their limits.
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web
from slack_sdk.models.blocks import Block

TOKEN = "xoxb-1234567890-abcdefghijkl"
HOOK_PATH = "/services/T000/B000/hooksecretXYZ123"

CHANNELS = {"#deployments": "C0DEPLOY", "#shop": "C0SHOP"}
PRIVATE = {"#secret": "C0SECRET"}
LONGEST_TEXT = 40_000
LONGEST_BLOCKS = 13_200


class Slack:
    """Workspace with a few channels. `refusals` are answered in turn before anything else is looked at."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.refusals: list[web.Response] = []
        self.wrong: list[str] = []

    @property
    def routes(self) -> list[web.RouteDef]:
        return [web.post("/api/{method}", self.api), web.post(HOOK_PATH, self.hook)]

    async def api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        self.calls.append(method)
        if self.refusals:
            return self.refusals.pop(0)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return refusal("invalid_auth")
        if not request.headers.get("Content-Type", "").startswith("application/json"):
            self.wrong.append("content type")
            return refusal("invalid_form_data")
        arguments = await request.json()
        if error := self._check(arguments):
            return refusal(error)
        answer = {"chat.postMessage": self._post, "chat.update": self._update}.get(method)
        return answer(arguments) if answer else refusal("unknown_method")

    async def hook(self, request: web.Request) -> web.StreamResponse:
        self.calls.append("hook")
        if self.refusals:
            return self.refusals.pop(0)
        if (error := self._check(arguments := await request.json())) is not None:
            return web.Response(status=400, text=error)
        self.messages.append(arguments)
        return web.Response(text="ok")

    def _check(self, arguments: dict[str, Any]) -> str | None:
        if not arguments.get("text"):
            return "no_text"
        if len(arguments["text"]) > LONGEST_TEXT:
            return "msg_too_long"
        blocks = arguments.get("blocks", [])
        if len(blocks) > 50:
            return "invalid_blocks"
        if sum(len(json.dumps(block, ensure_ascii=False)) for block in blocks) > LONGEST_BLOCKS + 80 * len(blocks):
            return "msg_blocks_too_long"
        try:
            for block in Block.parse_all(blocks):
                assert block is not None
                block.validate_json()
        except Exception as error:
            self.wrong.append(f"{type(error).__name__}: {error}")
            return "invalid_blocks"
        return None

    def _post(self, arguments: dict[str, Any]) -> web.Response:
        channel = str(arguments.get("channel", ""))
        if channel in PRIVATE or channel in PRIVATE.values():
            return refusal("not_in_channel")
        id_ = CHANNELS.get(channel) or (channel if channel in CHANNELS.values() else None)
        if id_ is None:
            return refusal("channel_not_found")
        thread = arguments.get("thread_ts")
        if thread and not self.find(id_, thread):
            return refusal("thread_not_found")
        ts = f"1700000000.{len(self.messages) + 1:06}"
        self.messages.append({**arguments, "channel": id_, "ts": ts})
        return web.json_response({"ok": True, "channel": id_, "ts": ts, "message": {"text": arguments["text"]}})

    def _update(self, arguments: dict[str, Any]) -> web.Response:
        if arguments.get("channel") not in CHANNELS.values():
            return refusal("channel_not_found")  # an id is needed here, a name is not enough
        message = self.find(arguments["channel"], str(arguments.get("ts")))
        if message is None:
            return refusal("message_not_found")
        message.update(arguments)
        return web.json_response({"ok": True, "channel": message["channel"], "ts": message["ts"], "text": ""})

    def find(self, channel: str, ts: str) -> dict[str, Any] | None:
        return next((m for m in self.messages if (m.get("channel"), m.get("ts")) == (channel, ts)), None)


def refusal(error: str, **more: Any) -> web.Response:
    return web.json_response({"ok": False, "error": error, **more})


def too_fast(seconds: str = "7") -> web.Response:
    return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": seconds})


def shown_text(message: dict[str, Any]) -> str:
    """Everything that people read in a message."""
    found = []
    for block in message.get("blocks", []):
        found += [element["text"] for element in block.get("elements", [])]
        found += [block["text"]["text"]] if "text" in block else []
    return "\n".join(found)
