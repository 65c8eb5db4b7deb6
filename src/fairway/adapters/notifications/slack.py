"""Slack's Web API with a bot token: threads, and a deployment's message that is changed in place.

What the API says is at docs.slack.dev/reference/methods/chat.postMessage and chat.update. An answer is 200 with
`"ok": false` for nearly everything that goes wrong; a rate limit is 429 with Retry-After.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fairway.adapters.notifications.posting import DEFAULT_PAUSE, Answer, Poster, Reveal, check, retry_after, shown
from fairway.domain.errors import FairwayError, Terminal, Transient, UserError
from fairway.domain.notifications.delivery import Message, Receipt, TryLater
from fairway.domain.notifications.slack import Call, calls

_LOGIN = "make a new bot token (xoxb-…) for the app, and put it where fairway.yaml reads it"
_LATER = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
_AGAIN = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "accesslimited", "team_added_to_org"}
)
_ADVICE = {
    "channel_not_found": "check its name; into a private channel the bot has to be invited: /invite @the-bot",
    "not_in_channel": "invite the bot there (/invite @the-bot), or give the app the scope chat:write.public",
    "is_archived": "the channel is archived: name another one",
    "restricted_action": "the workspace lets only some people post there: ask its admins",
    "restricted_action_read_only_channel": "the channel is read-only: name another one, or ask its admins",
    "missing_scope": "give the app the scope chat:write, and install it again",
    "invalid_auth": _LOGIN,
    "not_authed": _LOGIN,
    "token_revoked": _LOGIN,
    "token_expired": _LOGIN,
    "account_inactive": _LOGIN,
    "not_allowed_token_type": "it has to be a bot token (xoxb-…)",
}


class SlackChannel:
    """`channel` is where messages go that name no other place."""

    threads = True
    addressed = True

    def __init__(
        self, token: Reveal, channel: str, api: str = "https://slack.com/api/", *, timeout: float = 30.0
    ) -> None:
        self._token = token
        self._channel = channel
        self._api = api.rstrip("/") + "/"
        self._poster = Poster(timeout=timeout)

    def payload(self, message: Message, earlier: Mapping[str, str]) -> str:
        said = [{"method": one.method, **one.arguments} for one in self._calls(message, earlier)]
        return json.dumps(said if len(said) > 1 else said[0], ensure_ascii=False, indent=2)

    async def deliver(self, message: Message, earlier: Mapping[str, str]) -> Receipt:
        said = Receipt("nothing to say")
        for call in self._calls(message, earlier):
            try:
                answer = await self._call(call)
            except (UserError, Terminal) as error:
                if not call.optional or not isinstance(error, _Gone):
                    raise
                said = Receipt(f"{error.message}; left as it is")
                continue
            place = {"channel": str(answer.get("channel", "")), "ts": str(answer.get("ts", ""))}
            said = Receipt(f"ok {place['channel']} {place['ts']}".strip(), place if call.reports else {})
        return said

    async def aclose(self) -> None:
        await self._poster.aclose()

    def _calls(self, message: Message, earlier: Mapping[str, str]) -> list[Call]:
        return calls(message, message.to or self._channel, earlier)

    async def _call(self, call: Call) -> Mapping[str, Any]:
        url, token = self._api + call.method, self._token()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json; charset=utf-8"}
        body = json.dumps(call.arguments, ensure_ascii=False).encode(errors="replace")
        answer = await self._poster.post(url, body, headers, secrets=[token])
        if answer.status == 429:
            raise TryLater("Slack asks for patience: ratelimited", retry_after(answer.headers))
        check(answer, url)
        document = _document(answer)
        if document.get("ok") is not True:
            raise _refusal(document, str(call.arguments.get("channel", "")))
        return document


class _Gone(UserError):
    """The message that was to be changed is not there, or may not be changed any more."""


def _document(answer: Answer) -> Mapping[str, Any]:
    try:
        document = json.loads(answer.text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise Transient(f"Slack answers something else than JSON: {shown(answer)}")
    return document


def _refusal(document: Mapping[str, Any], channel: str) -> FairwayError:
    error = str(document.get("error", "no reason"))
    if error in _LATER:
        return TryLater(f"Slack asks for patience: {error}", DEFAULT_PAUSE)
    if error in _AGAIN:
        return Transient(f"Slack answers {error}")
    about = f' about "{channel}"' if channel else ""
    if error in ("message_not_found", "cant_update_message", "edit_window_closed"):
        return _Gone(f"Slack cannot change the message: {error}")
    if error in _ADVICE:
        needed = f" (needed: {document['needed']})" if document.get("needed") else ""
        return UserError(f"Slack says {error}{needed}{about}", fix=_ADVICE[error])
    details = document.get("response_metadata")
    messages = details.get("messages") if isinstance(details, dict) else None
    more = f": {'; '.join(str(m) for m in messages)}" if isinstance(messages, list) and messages else ""
    return Terminal(f"Slack says {error}{about}{more}"[:500])
