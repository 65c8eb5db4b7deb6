"""`POST /api/v1/provision`: a key for a team, made by whoever holds a provision key.

The rule not to break: a key is told once, in the answer to the request that made it; a recording of that request makes
no other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from fairway.domain.dispatch.answers import Unacceptable
from fairway.domain.dispatch.api_bodies import read_provision
from fairway.domain.dispatch.team_keys import slug
from fairway.domain.dispatch.team_signatures import TOLERANCE
from fairway.entrypoints.web.answers import json_answer
from fairway.entrypoints.web.bodies import Bodies
from fairway.entrypoints.web.dispatch.calling import check_small, credentials_of
from fairway.entrypoints.web.dispatch.parts import ApiParts
from fairway.services.hookd.authenticating import Said

_LOG = logging.getLogger(__name__)


class Provisioning:
    def __init__(self, api: ApiParts, bodies: Bodies, now: Callable[[], float]) -> None:
        self._api = api
        self._bodies = bodies
        self._now = now
        self._seen: dict[str, float] = {}

    async def provision(self, request: Request, id_: str) -> Response:
        credentials = credentials_of(request)
        async with self._bodies.held(request) as body:
            check_small(body)
            asked = read_provision(body)
            self._api.authenticating.provisioner(credentials, body, Said(asked.timestamp, asked.team))
        self._refuse_again(credentials.signature.lower())
        team = slug(asked.team)
        if not asked.rotate and await self._api.keys.keys(team):
            return json_answer(200, {"message": "the team has a key already", "correlationID": id_, "team": team})
        key = await self._api.keys.rotate(team, keep_old_for=self._api.keep_old_keys)
        _LOG.info("api.key_made", extra={"team": team, "correlation_id": id_})
        body_ = {"message": "keep the key; it is not told again", "correlationID": id_, "team": team, "key": key.hex()}
        return json_answer(201, body_)

    def _refuse_again(self, signature: str) -> None:
        """Within the time in which the signature is good; later its timestamp refuses it."""
        now = self._now()
        self._seen = {one: until for one, until in self._seen.items() if until > now}
        if signature in self._seen:
            raise Unacceptable(401, "this very request was answered before; sign another")
        self._seen[signature] = now + 2 * TOLERANCE.total_seconds() + 1
