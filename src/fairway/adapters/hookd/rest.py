"""Asks hookd's API for a deployment. Contract: docs/spec/deployments-api.md.

The rule not to break: a request that may have arrived is sent again as the same bytes while its time is good, since
hookd knows it by them; before it is made anew, hookd is asked whether it has the former one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import orjson

from fairway.adapters.hookd.calls import Answer, Hookd, Refusal, told_of
from fairway.adapters.hookd.signing import Signer
from fairway.domain.dispatch.api_bodies import delivery_of
from fairway.domain.dispatch.team_signatures import TOLERANCE
from fairway.domain.dispatch.wanted import Receipt, Told, Wanted
from fairway.domain.errors import Terminal

DEPLOY, STATUS = "/api/v1/deploy", "/api/v1/status"
GOOD_FOR = TOLERANCE.total_seconds() / 2
_FIXES = {
    401: "is the key the team's, not rotated since, and the clock of this machine right?",
    403: "register the repository for the team in the portal, or use the team's own key",
    404: "is this the address of a hookd with its API switched on?",
    413: "deploy fewer resources at once",
}


class HookdApi:
    """Implements `services.asking.ports.Addressee`. `now` in Unix seconds."""

    def __init__(self, hookd: Hookd, signer: Signer, *, now: Callable[[], float] = time.time) -> None:
        self._hookd = hookd
        self._signer = signer
        self._now = now
        self._body = b""
        self._made_at = 0.0
        self._who: dict[str, str] = {}

    async def ask(self, wanted: Wanted) -> Receipt:
        now = self._now()
        if self._body and abs(now - self._made_at) > GOOD_FOR:
            if (found := await self._arrived(delivery_of(self._body))) is not None:
                return found
            self._body = b""
        if not self._body:
            self._body, self._made_at = orjson.dumps(_body(wanted, int(now))), now
            repository = wanted.repository
            self._who = {"team": wanted.team, "owner": repository.owner, "repository": repository.name}
        answer = await self._call(DEPLOY, self._body)
        document = _document(answer)
        id_ = document.get("correlationID")
        if not isinstance(id_, str) or not id_:
            raise Terminal("hookd took the request and named no id", fix="is this the address of a hookd?")
        return Receipt(id_, answer.said, answer.status, str(document.get("logURL") or ""))

    async def statuses(self, receipt: Receipt) -> list[Told]:
        return told_of(await self._known(receipt.id))

    async def aclose(self) -> None:
        await self._hookd.aclose()
        await self._signer.aclose()

    async def _arrived(self, id_: str) -> Receipt | None:
        try:
            known = await self._known(id_)
        except Refusal as error:
            if error.code == 404:
                return None
            raise
        return Receipt(id_, "already accepted", 200, str(known.get("logURL") or ""))

    async def _known(self, id_: str) -> dict[str, Any]:
        asked = {"deliveryID": id_, "timestamp": int(self._now()), **self._who}
        return _document(await self._call(STATUS, orjson.dumps(asked)))

    async def _call(self, path: str, body: bytes) -> Answer:
        answer = await self._hookd.post(path, body, await self._signer.headers(body))
        if answer.status >= 300:
            raise Refusal(answer, fix=_FIXES.get(answer.status))
        return answer


def _body(wanted: Wanted, timestamp: int) -> dict[str, Any]:
    texts = {
        "environment": wanted.environment,
        "ref": wanted.ref,
        "sha": wanted.sha,
        "creator": wanted.creator,
        "description": wanted.description,
    }
    return {
        "team": wanted.team,
        "cluster": wanted.cluster,
        "owner": wanted.repository.owner,
        "repository": wanted.repository.name,
        "timestamp": timestamp,
        "resources": list(wanted.resources),
        **{key: text for key, text in texts.items() if text},
    }


def _document(answer: Answer) -> dict[str, Any]:
    document = answer.document
    if not isinstance(document, dict):
        raise Terminal(f"hookd answered {answer.status} with something that is not JSON", fix="is its address right?")
    return document
