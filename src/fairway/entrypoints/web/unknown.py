"""Addresses that are not there, and methods that they don't know: told to people as a page, to programs as JSON.

The rule not to break: an answer of the API has the form of all its answers.
"""

from __future__ import annotations

import uuid

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from fairway.entrypoints.web.answers import json_answer
from fairway.entrypoints.web.pages.rendering import page

API = "/api/"
_SAYS = {404: "there is nothing at this address", 405: "this address knows other methods, see Allow"}


def add_unknown(app: FastAPI) -> None:
    app.add_exception_handler(HTTPException, _answer)


async def _answer(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # of which alone it is told
    text = _SAYS.get(error.status_code, str(error.detail))
    links = getattr(request.app.state, "links", ())
    if links and "text/html" in request.headers.get("accept", ""):
        steps = [(link.title, link.href) for link in links]
        said = f"{text[:1].upper()}{text[1:]}."
        answer: Response = page(
            request, "message.html", status=error.status_code, title="Not found", kind="bad", text=said, steps=steps
        )
    else:
        body = {"message": text}
        if request.url.path.startswith(API):
            body["correlationID"] = str(uuid.uuid4())
        answer = json_answer(error.status_code, body)
    answer.headers.update(error.headers or {})
    return answer
