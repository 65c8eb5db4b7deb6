"""Channels that are one address to post JSON to: Slack's incoming webhook, Teams, the signed webhook, CloudEvents."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from fairway.adapters.notifications.posting import DEFAULT_PAUSE, Poster, Reveal, check, host, shown
from fairway.domain.errors import UserError
from fairway.domain.notifications import cloudevents
from fairway.domain.notifications.delivery import Message, Receipt, TryLater
from fairway.domain.notifications.signing import webhook_body, webhook_headers
from fairway.domain.notifications.slack import webhook_body as slack_body
from fairway.domain.notifications.teams import teams_body
from fairway.domain.notifications.wire import event_as_plain

_JSON = {"Content-Type": "application/json; charset=utf-8"}


class _Hook:
    threads = False
    addressed = False

    def __init__(self, timeout: float) -> None:
        self._poster = Poster(timeout=timeout)

    async def aclose(self) -> None:
        await self._poster.aclose()


class SlackWebhook(_Hook):
    """An incoming webhook: one channel, no threads, nothing can be changed later."""

    def __init__(self, url: Reveal, *, timeout: float = 30.0) -> None:
        super().__init__(timeout)
        self._url = url

    def payload(self, message: Message, earlier: Mapping[str, str]) -> str:
        return _shown(slack_body(message.events))

    async def deliver(self, message: Message, earlier: Mapping[str, str]) -> Receipt:
        url = self._url()
        answer = await self._poster.post(url, _bytes(slack_body(message.events)), _JSON, secrets=[url])
        if answer.status in (403, 404, 410):
            # no_service, no_team, channel_is_archived, invalid_token, action_prohibited
            raise UserError(
                f"Slack refuses the webhook: {shown(answer)}",
                fix="make a new incoming webhook, and put its address where fairway.yaml reads it",
            )
        check(answer, url)
        return Receipt(shown(answer))


class TeamsWebhook(_Hook):
    """A webhook of the Workflows app. The older connectors take the same, and answer 200 for some failures."""

    def __init__(self, url: Reveal, *, timeout: float = 30.0) -> None:
        super().__init__(timeout)
        self._url = url

    def payload(self, message: Message, earlier: Mapping[str, str]) -> str:
        return _shown(teams_body(message.events))

    async def deliver(self, message: Message, earlier: Mapping[str, str]) -> Receipt:
        url = self._url()
        answer = await self._poster.post(url, _bytes(teams_body(message.events)), _JSON, secrets=[url])
        check(answer, url)
        if "returned HTTP error 429" in answer.text:
            raise TryLater(f"Teams asks for patience: {shown(answer)}", DEFAULT_PAUSE)
        if "returned HTTP error" in answer.text:
            raise UserError(f"Teams did not take it: {shown(answer)}", fix="look at the workflow's runs in Teams")
        return Receipt(shown(answer))


class Webhook(_Hook):
    """Signed JSON: `X-Fairway-Signature-256` over the body, which holds the time."""

    def __init__(self, url: str, secret: Reveal | None, *, now: Callable[[], datetime], timeout: float = 30.0) -> None:
        super().__init__(timeout)
        self._url = url
        self._secret = secret
        self._now = now

    def payload(self, message: Message, earlier: Mapping[str, str]) -> str:
        return webhook_body(message, self._now()).decode()

    async def deliver(self, message: Message, earlier: Mapping[str, str]) -> Receipt:
        sent, secret = self._now(), self._secret() if self._secret else ""
        body = webhook_body(message, sent)
        headers = webhook_headers(message, body, sent, secret)
        answer = await self._poster.post(self._url, body, headers, secrets=[secret])
        check(answer, self._url)
        return Receipt(shown(answer))


class CloudEvents(_Hook):
    """One request for each event; when one fails all are sent again, and receivers know them by source and id."""

    def __init__(self, url: str, *, binary: bool = False, token: Reveal | None = None, timeout: float = 30.0) -> None:
        super().__init__(timeout)
        self._url = url
        self._request = cloudevents.binary if binary else cloudevents.structured
        self._token = token

    def payload(self, message: Message, earlier: Mapping[str, str]) -> str:
        return _shown([{**cloudevents.attributes(event), "data": event_as_plain(event)} for event in message.events])

    async def deliver(self, message: Message, earlier: Mapping[str, str]) -> Receipt:
        said, token = "", self._token() if self._token else ""
        login = {"Authorization": f"Bearer {token}"} if token else {}
        for event in message.events:
            request = self._request(event)
            headers = {**request.headers, **login}
            answer = await self._poster.post(self._url, request.body, headers, secrets=[token])
            check(answer, self._url)
            said = shown(answer)
        count = len(message.events)
        return Receipt(said if count == 1 else f"{count} events to {host(self._url)}, the last: {said}")


def _bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode(errors="replace")


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
