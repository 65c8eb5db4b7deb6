"""The demo's stand-in for Slack shows what arrives, and answers as the Web API does."""

from __future__ import annotations

import asyncio

from slack_sdk.web.async_client import AsyncWebClient

from fairway.entrypoints.demo.chat import Chat, Said, serve_chat


def test_slacks_own_client_can_post_answer_and_update() -> None:
    shown: list[tuple[str, str, Said]] = []

    async def talk(url: str) -> None:
        client = AsyncWebClient("xoxb-none", base_url=url)
        first = await client.chat_postMessage(channel="#shop", text="orders is being upgraded")
        await client.chat_postMessage(channel="#shop", text="it is healthy", thread_ts=first["ts"])
        again = await client.chat_update(channel="#shop", ts=first["ts"], text="orders was upgraded")
        assert again["ts"] == first["ts"]

    with serve_chat(Chat(lambda *message: shown.append(message))) as url:
        asyncio.run(talk(url))
    assert shown == [
        ("#shop", "orders is being upgraded", Said.NEW),
        ("#shop", "it is healthy", Said.ANSWER),
        ("#shop", "orders was upgraded", Said.CHANGED),
    ]


def test_a_message_without_a_channel_is_refused_as_slack_does() -> None:
    assert Chat(lambda *_: None).call("chat.postMessage", {"text": "x"}) == {"ok": False, "error": "channel_not_found"}


def test_blocks_are_shown_where_there_are_any() -> None:
    shown: list[str] = []
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "*orders* 1 &lt; 2"}}
    Chat(lambda _, text, how: shown.append(text)).call(
        "chat.postMessage", {"channel": "#shop", "text": "short", "blocks": [block]}
    )
    assert shown == ["orders 1 < 2"]
