"""What all calls of the API have in common: credentials, and answers that are JSON whatever goes wrong.

The rule not to break: who sends no credentials is refused before anything of the body is read.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from uuid import uuid4

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from fairway.domain.dispatch.answers import Unacceptable
from fairway.domain.dispatch.team_signatures import HEADER
from fairway.domain.errors import FairwayError
from fairway.entrypoints.web.answers import json_answer
from fairway.entrypoints.web.bodies import Unread
from fairway.services.hookd.authenticating import MISSING, Credentials

_LOG = logging.getLogger(__name__)

LONGEST_SIGNED = 64 * 1024
"""Bytes of a body that only asks."""
RETRY_AFTER = "30"

Handler = Callable[[Request, str], Awaitable[Response]]
"""The second argument is the id under which the log knows this call."""


def add_call(app: FastAPI, path: str, handlers: Mapping[str, Handler]) -> None:
    async def answered(request: Request) -> Response:
        id_ = str(uuid4())
        try:
            return await handlers["GET" if request.method == "HEAD" else request.method](request, id_)
        except Unread as refusal:
            # A body that is not read to its end would else be taken for the next request.
            return error_answer(refusal.status, refusal.message, id_, {"connection": "close"})
        except Unacceptable as refusal:
            return error_answer(refusal.code, refusal.message, id_)
        except FairwayError as error:
            _LOG.error("api.unable", extra={"path": path, "correlation_id": id_, "reason": error.message})
            return error_answer(503, "this cannot be answered now; try again later", id_)

    app.router.add_route(path, answered, methods=list(handlers), include_in_schema=False)


def credentials_of(request: Request) -> Credentials:
    """Raises Unacceptable (401, 415) before anything of the body is read."""
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise Unacceptable(415, "the body is compressed; send it as it is")
    signatures = request.headers.getlist(HEADER)
    tokens = [token for one in request.headers.getlist("authorization") if (token := _bearer(one))]
    if len(signatures) > 1 or len(tokens) > 1:
        raise Unacceptable(401, "credentials are there more than once")
    found = Credentials(signatures[0].strip() if signatures else "", tokens[0] if tokens else "")
    if not found.signature and not found.token:
        raise Unacceptable(401, MISSING)
    return found


def check_small(body: bytes) -> None:
    """Raises Unacceptable (413)."""
    if len(body) > LONGEST_SIGNED:
        raise Unacceptable(413, f"the body is larger than {LONGEST_SIGNED} bytes")


def error_answer(code: int, message: str, id_: str, headers: Mapping[str, str] | None = None) -> Response:
    added = dict(headers or {})
    if code == 401:
        added["www-authenticate"] = "Bearer"
    if code == 503:
        added["retry-after"] = RETRY_AFTER
    _LOG.info("api.refused", extra={"status": code, "correlation_id": id_, "reason": message})
    return json_answer(code, {"message": message, "correlationID": id_}, added)


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
