"""`/api/openapi.json`: what the addresses of deployments take and answer, as OpenAPI 3.1.

The rule not to break: it says what the code does, no more; tests feed the real server with whatever it allows and
compare every answer.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from fairway import __version__
from fairway.entrypoints.web.dispatch.api import DEPLOY, PROVISION, STATUS
from fairway.entrypoints.web.dispatch.schemas import ASK, CALLERS, SCHEMAS, SECURITY, Schema, ref

PATH = "/api/openapi.json"


def add_openapi(app: FastAPI, *, api: bool, provisions: bool) -> None:
    document = orjson.dumps(description(api=api, provisions=provisions))

    async def described(request: Request) -> Response:
        return Response(document, media_type="application/json")

    app.router.add_route(PATH, described, methods=["GET"], include_in_schema=False)


def description(*, api: bool = True, provisions: bool = True) -> Schema:
    """Only addresses that are there."""
    paths = {"/events": {"post": _events()}, **_pages()}
    if api:
        paths |= {DEPLOY: {"post": _deploy()}, STATUS: {"get": _status_by_query(), "post": _status_by_body()}}
    if provisions:
        paths[PROVISION] = {"post": _provision()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Fairway deployments",
            "version": __version__,
            "description": "Ask for deployments to Kubernetes, and follow them.",
        },
        "paths": paths,
        "components": {"schemas": SCHEMAS, "securitySchemes": SECURITY},
    }


def _events() -> Schema:
    return {
        "operationId": "githubEvent",
        "summary": "GitHub's webhook: a `deployment` event asks for a deployment",
        "security": [{"webhook": []}, {"webhookSha1": []}],
        "parameters": [
            _header("X-GitHub-Event", "Anything but `deployment` is answered with 204."),
            _header("X-GitHub-Delivery", "By which the request is known; the same one again is answered 200."),
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}}},
        },
        "responses": {
            "204": {"description": "Not a deployment; nothing is done"},
            **{code: _text(what) for code, what in _EVENT_ANSWERS.items()},
        },
    }  # fmt: skip


def _deploy() -> Schema:
    return {
        "operationId": "deploy",
        "summary": "Ask for a deployment; the same body again is the same deployment",
        "security": CALLERS,
        "requestBody": _body("Deploy"),
        "responses": {
            "200": _json("Accepted before", "Accepted"),
            "201": _json("Accepted: it is remembered, and will be carried out", "Accepted"),
            **_errors(400, 401, 403, 408, 413, 415, 503),
        },
    }


def _status_by_query() -> Schema:
    parameters = [
        {"name": name, "in": "query", "required": name in ASK["required"], "schema": schema}
        for name, schema in ASK["properties"].items()
    ]
    return {
        "operationId": "statusByQuery",
        "summary": "How a deployment is doing; signed is the query string, as it is sent",
        "security": CALLERS,
        "parameters": parameters,
        "responses": {
            "200": _json("Its story so far", "Deployment"),
            **_errors(400, 401, 403, 404, 415, 503),
        },
    }


def _status_by_body() -> Schema:
    return {
        "operationId": "status",
        "summary": "How a deployment is doing",
        "security": CALLERS,
        "requestBody": _body("Ask"),
        "responses": {
            "200": _json("Its story so far", "Deployment"),
            **_errors(400, 401, 403, 404, 408, 413, 415, 503),
        },
    }


def _provision() -> Schema:
    return {
        "operationId": "provision",
        "summary": "Make a key for a team; signed with a provision key",
        "security": [{"signature": []}],
        "requestBody": _body("Provision"),
        "responses": {
            "200": _json("The team has a key already", "Provisioned"),
            "201": _json("A new key; it is not told again", "Provisioned"),
            **_errors(400, 401, 408, 413, 415, 503),
        },
    }


def _pages() -> Schema:
    to_html = {"text/html": {"schema": {"type": "string"}}}
    filters = [
        {"name": name, "in": "query", "required": False, "schema": {"type": "string"}, "description": what}
        for name, what in (
            ("repository", "`owner/name`, in any case"),
            ("cluster", "Its whole name"),
            ("team", "Its whole slug"),
            ("before", "`next` of the page before"),
        )
    ]
    one = {
        "name": "id",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,100}$"},
    }
    missing = {"content": {"application/json": {"schema": ref("Message")}, **to_html}}
    return {
        "/deployments": {
            "get": {
                "operationId": "listDeployments",
                "summary": "Deployments, newest first; a page for people, JSON for who asks for it",
                "parameters": filters,
                "responses": {
                    "200": {
                        "description": "Up to 30",
                        "content": {"application/json": {"schema": ref("Deployments")}, **to_html},
                    },
                    "503": {"description": "The record can't be read now", **missing},
                },
            }
        },
        "/deployments/{id}": {
            "get": {
                "operationId": "showDeployment",
                "summary": "One deployment, by its delivery's id or the ledger's",
                "parameters": [one],
                "responses": {
                    "200": {
                        "description": "Its story so far",
                        "content": {"application/json": {"schema": ref("Deployment")}, **to_html},
                    },
                    "302": {"description": "To its own address"},
                    "404": {"description": "Unknown", **missing},
                    "503": {"description": "The record can't be read now", **missing},
                },
            }
        },
        "/logs": {
            "get": {
                "operationId": "logs",
                "summary": "Where GitHub's statuses lead to: on to the deployment's page",
                "parameters": [
                    {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
                    for name in ("delivery_id", "ts")
                ],
                "responses": {
                    "302": {"description": "To the deployment, or to all of them"},
                    "404": {"description": "Unknown", **missing},
                    "503": {"description": "The record can't be read now", **missing},
                },
            }
        },
    }  # fmt: skip


def _header(name: str, what: str) -> Schema:
    return {"name": name, "in": "header", "required": False, "schema": {"type": "string"}, "description": what}


def _body(name: str) -> Schema:
    return {"required": True, "content": {"application/json": {"schema": ref(name)}}}


def _json(what: str, schema: str) -> Schema:
    return {"description": what, "content": {"application/json": {"schema": ref(schema)}}}


def _text(what: str) -> Schema:
    return {"description": what, "content": {"text/plain": {"schema": {"type": "string"}}}}


def _errors(*codes: int) -> Schema:
    return {str(code): _json(_MEANING[code], "Error") for code in codes}


_MEANING: Mapping[int, str] = {
    400: "Something is wrong with the request; the message says what and where",
    401: "Nobody has proven who he is: credentials are missing, malformed, wrong, or more than 30 seconds old",
    403: "Whoever it is may not do this",
    404: "There is no such deployment of this caller",
    408: "The body did not arrive in time",
    413: "The body is too large",
    415: "The body is compressed",
    503: "It can't be answered now; try again after `Retry-After` seconds",
}
_EVENT_ANSWERS: Mapping[str, str] = {
    "200": "The delivery was answered before",
    "201": "Accepted: it is remembered, and will be carried out",
    "400": "Something is wrong with the request; the text says what",
    "403": "Not signed, not well signed, or not allowed",
    "408": "The body did not arrive in time",
    "413": "The body is larger than 25 MB",
    "503": "It can't be answered now",
}
