"""A stand-in for the Workflows webhook of Microsoft Teams on loopback: checks the card, answers 202."""

from __future__ import annotations

from typing import Any

from aiohttp import web

PATH = "/workflows/0123456789abcdef/triggers/manual/paths/invoke"
LARGEST = 28 * 1024
_RUN = {"type", "text", "weight", "color", "fontType", "isSubtle", "size", "italic", "highlight", "strikethrough"}
_COLORS = {"default", "dark", "light", "accent", "good", "warning", "attention"}


class Teams:
    def __init__(self) -> None:
        self.cards: list[dict[str, Any]] = []
        self.refusals: list[web.Response] = []

    @property
    def routes(self) -> list[web.RouteDef]:
        return [web.post(PATH, self.hook)]

    async def hook(self, request: web.Request) -> web.StreamResponse:
        if self.refusals:
            return self.refusals.pop(0)
        body = await request.read()
        if request.query.get("sig") != "teamsecretSIG42":
            return web.json_response({"error": {"code": "DirectApiAuthorizationRequired"}}, status=401)
        if len(body) > LARGEST:
            return web.json_response({"error": {"code": "RequestEntityTooLarge"}}, status=413)
        try:
            self.cards.append(_checked(await request.json()))
        except (AssertionError, KeyError, ValueError) as error:
            return web.json_response(
                {"error": {"code": "TriggerInputSchemaMismatch", "message": str(error)}}, status=400
            )
        return web.Response(status=202)


def _checked(message: dict[str, Any]) -> dict[str, Any]:
    assert message["type"] == "message"
    [attachment] = message["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card: dict[str, Any] = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert card["body"]
    for block in card["body"]:
        assert block["type"] == "RichTextBlock", block
        assert block.get("spacing", "None") in {"None", "Small", "Default", "Medium", "Large", "ExtraLarge"}
        for run in block["inlines"]:
            assert run["type"] == "TextRun"
            assert run["text"]
            assert set(run) <= _RUN, run
            assert run.get("color", "default") in _COLORS
    for action in card["actions"]:
        assert action["type"] == "Action.OpenUrl"
        assert action["url"].startswith("http")
    return card


def shown_text(card: dict[str, Any]) -> str:
    return "\n".join(run["text"] for block in card["body"] for run in block["inlines"])
