"""Sends hookd the event that GitHub would send, to work without GitHub. Contract: docs/spec/hookd.md.

The rule not to break: a delivery keeps its id and its bytes however often it is sent.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from fairway.adapters.hookd.calls import Hookd, Refusal, told_of
from fairway.domain.dispatch.signatures import signature_of
from fairway.domain.dispatch.wanted import Receipt, Told, Wanted, payload_of
from fairway.domain.errors import Terminal

EVENTS = "/events"
_FIXES = {
    "missing signature": "give the secret of the webhook that hookd has: --hmac-file",
    "payload signature check failed": "give the secret of the webhook that hookd has: --hmac-file",
    "is not registered": "register it in the portal, or where the database is: fairway access set OWNER/NAME TEAM",
    "does not have access to deploy": "add the team in the portal, or where the database is: fairway access set",
    "is not known; known:": "a cluster is known once its deployd runs, or by --clusters of hookd",
}


class HookdEvents:
    """Implements `services.asking.ports.Addressee`. An empty secret sends no signature."""

    def __init__(self, hookd: Hookd, secret: str, *, delivery_id: str, deployment_id: int) -> None:
        self._hookd = hookd
        self._secret = secret
        self._delivery_id = delivery_id
        self._deployment_id = deployment_id
        self._body = b""

    async def ask(self, wanted: Wanted) -> Receipt:
        if not self._body:
            self._body = json.dumps(event_of(wanted, self._deployment_id)).encode()
        answer = await self._hookd.post(EVENTS, self._body, self._headers())
        if answer.status >= 300:
            raise Refusal(answer, fix=_fix(answer.said))
        return Receipt(self._delivery_id, answer.said, answer.status, f"{self._hookd.base}{self._page()}")

    async def statuses(self, receipt: Receipt) -> list[Told]:
        answer = await self._hookd.get(self._page())
        if answer.status >= 300:
            raise Refusal(answer, fix="does it show deployments to this machine?")
        if answer.document is None:
            raise Terminal("hookd told of the deployment in a form that is not JSON", fix="is its address right?")
        return told_of(answer.document)

    async def aclose(self) -> None:
        await self._hookd.aclose()

    def _page(self) -> str:
        return f"/deployments/{quote(self._delivery_id, safe='')}"

    def _headers(self) -> dict[str, str]:
        headers = {"X-GitHub-Event": "deployment", "X-GitHub-Delivery": self._delivery_id}
        if self._secret:
            headers["X-Hub-Signature-256"] = signature_of(self._body, self._secret)
            headers["X-Hub-Signature"] = signature_of(self._body, self._secret, "sha1")
        return headers


def _fix(said: str) -> str | None:
    return next((fix for text, fix in _FIXES.items() if text in said), None)


def event_of(wanted: Wanted, deployment_id: int) -> dict[str, Any]:
    """A `deployment` event with what hookd reads of it, in GitHub's shape."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "action": "created",
        "deployment": {
            "id": deployment_id,
            "sha": wanted.sha,
            "ref": wanted.ref,
            "task": "deploy",
            "payload": payload_of(wanted.team, wanted.resources) if wanted.payload is None else wanted.payload,
            "environment": wanted.cluster,
            "original_environment": wanted.cluster,
            "description": wanted.description or None,
            "creator": {"login": wanted.creator, "type": "User"},
            "created_at": now,
            "updated_at": now,
        },
        "repository": {
            "name": wanted.repository.name,
            "full_name": str(wanted.repository),
            "owner": {"login": wanted.repository.owner},
        },
        "sender": {"login": wanted.creator, "type": "User"},
    }
