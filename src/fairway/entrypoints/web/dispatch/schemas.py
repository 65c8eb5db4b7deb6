"""JSON Schemas of what the deployments API takes and answers, and how callers prove themselves.

The rule not to break: a body that fits is taken, and one that does not is refused; so patterns here are those of the
code, or narrower.
"""

from __future__ import annotations

from typing import Any

from fairway.domain.deployments.status import State
from fairway.domain.dispatch.api_bodies import LATEST
from fairway.domain.dispatch.payloads import LARGEST_INTEGER
from fairway.domain.dispatch.team_signatures import HEADER

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


_SIGNATURE = "hexadecimal HMAC-SHA256 of the very bytes of the body (of the query string, for GET)"
SECURITY: Schema = {
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": HEADER,
        "description": f"{_SIGNATURE}, with a key of the team",
    },
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An OpenID token of GitHub Actions, of the request's repository, for this server's audience",
    },
    "webhook": {"type": "apiKey", "in": "header", "name": "X-Hub-Signature-256", "description": "As GitHub signs"},
    "webhookSha1": {"type": "apiKey", "in": "header", "name": "X-Hub-Signature", "description": "As GitHub signed"},
}
CALLERS: list[Schema] = [{"signature": []}, {"token": []}]
_NAME: Schema = {"type": "string", "pattern": r"^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$"}
_TEAM: Schema = {"type": "string", "pattern": r"^[A-Za-z0-9._-]{1,100}$", "description": "The slug, in any case"}
_TIMESTAMP: Schema = {
    "type": "integer",
    "minimum": 0,
    "maximum": LATEST,
    "description": "Seconds since 1970; at most 30 away from the server's clock",
}
_WORD: Schema = {"type": ["string", "null"]}
_KUBERNETES_NAME: Schema = {"type": "string", "pattern": "^[!-~]{1,253}$"}
_RESOURCE: Schema = {
    "type": "object",
    "required": ["apiVersion", "kind", "metadata"],
    "additionalProperties": ref("Value"),
    "properties": {
        "apiVersion": _KUBERNETES_NAME,
        "kind": _KUBERNETES_NAME,
        "metadata": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": ref("Value"),
            "properties": {
                "name": _KUBERNETES_NAME,
                "namespace": {**_KUBERNETES_NAME, "type": ["string", "null"]},
                "labels": {"type": ["object", "null"], "additionalProperties": ref("Value")},
                "annotations": {"type": ["object", "null"], "additionalProperties": ref("Value")},
            },
        },
    },
}
ASK: Schema = {
    "type": "object",
    "additionalProperties": False,
    "required": ["deliveryID", "timestamp"],
    "anyOf": [{"required": ["team"]}, {"required": ["owner", "repository"]}],
    "dependentRequired": {"owner": ["repository"], "repository": ["owner"]},
    "properties": {
        "deliveryID": {
            "type": "string",
            "pattern": "^[A-Za-z0-9._:-]{1,100}$",
            "description": "`correlationID` of the answer",
        },
        "team": {**_TEAM, "description": "Needed with a signature"},
        "owner": {**_NAME, "description": "Needed with a token, as is `repository`"},
        "repository": _NAME,
        "timestamp": _TIMESTAMP,
    },
}
_TIME: Schema = {"type": ["string", "null"], "format": "date-time"}
SCHEMAS: Schema = {
    "Deploy": {
        "type": "object",
        "additionalProperties": False,
        "required": ["resources", "team", "cluster", "owner", "repository", "timestamp"],
        "properties": {
            "resources": {"type": "array", "minItems": 1, "items": ref("Resource")},
            "team": _TEAM,
            "cluster": {**_KUBERNETES_NAME, "description": "A cluster that the server knows"},
            "environment": {**_WORD, "description": "What people call it, where that is not the cluster's name"},
            "owner": _NAME,
            "repository": {**_NAME, "description": "The name, without the owner"},
            "ref": _WORD,
            "sha": _WORD,
            "creator": _WORD,
            "description": _WORD,
            "timestamp": _TIMESTAMP,
        },
    },
    "Resource": _RESOURCE,
    "Value": {
        "description": "Anything; integers as large as a double holds them, not more than 90 levels deep",
        "anyOf": [
            {"type": ["string", "boolean", "null"]},
            {"type": "number", "minimum": -LARGEST_INTEGER, "maximum": LARGEST_INTEGER},
            {"type": "array", "items": ref("Value")},
            {"type": "object", "additionalProperties": ref("Value")},
        ],
    },
    "Ask": ASK,
    "Provision": {
        "type": "object",
        "additionalProperties": False,
        "required": ["team", "timestamp"],
        "properties": {"team": _TEAM, "rotate": {"type": "boolean", "default": False}, "timestamp": _TIMESTAMP},
    },
    "Message": {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}},
    "Error": {
        "type": "object",
        "additionalProperties": False,
        "required": ["message", "correlationID"],
        "properties": {"message": {"type": "string"}, "correlationID": {"type": "string"}},
    },
    "Accepted": {
        "type": "object",
        "additionalProperties": False,
        "required": ["message", "correlationID", "logURL"],
        "properties": {
            "message": {"type": "string"},
            "correlationID": {"type": "string", "description": "The delivery's id"},
            "logURL": {"type": "string"},
        },
    },
    "Provisioned": {
        "type": "object",
        "additionalProperties": False,
        "required": ["message", "correlationID", "team"],
        "properties": {
            "message": {"type": "string"},
            "correlationID": {"type": "string"},
            "team": {"type": "string"},
            "key": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        },
    },
    "Deployments": {
        "type": "object",
        "required": ["deployments", "next"],
        "properties": {
            "deployments": {"type": "array", "items": ref("Deployment")},
            "next": {"type": "string", "description": "Goes into `before`; empty on the last page"},
        },
    },
    "Status": {
        "type": "object",
        "required": ["state", "at", "description"],
        "properties": {
            "state": {"enum": [state.value for state in State]},
            "at": {"type": "string", "format": "date-time"},
            "description": {"type": "string", "description": "One line, then details in lines of their own"},
        },
    },
    "Deployment": {
        "type": "object",
        "additionalProperties": False,
        "required": ["deliveryID", "deployment", "repository", "team", "cluster", "state", "final", "statuses"],
        "properties": {
            "deliveryID": {"type": "string"},
            "deployment": {"type": "string", "description": "The ledger's id, as in `fairway show`"},
            "repository": {"type": "string"},
            "deploymentID": {"type": ["integer", "null"], "description": "GitHub's; null for what came over the API"},
            "team": {"type": "string"},
            "cluster": {"type": "string"},
            "environment": {"type": "string"},
            "subject": {"type": "string", "description": "The application"},
            "ref": {"type": "string"},
            "sha": {"type": "string"},
            "creator": {"type": "string"},
            "description": {"type": "string", "description": "The first line of the last status"},
            "state": {"enum": [state.value for state in State]},
            "final": {"type": "boolean", "description": "Nothing more comes of it by itself"},
            "acceptedAt": {"type": "string", "format": "date-time"},
            "deadline": {"type": "string", "format": "date-time", "description": "A cluster begins before, or never"},
            "publishedAt": _TIME,
            "takenAt": _TIME,
            "finishedAt": _TIME,
            "statuses": {"type": "array", "items": ref("Status")},
            "github": {
                "type": "object",
                "required": ["told", "problem", "ended"],
                "properties": {
                    "told": {"type": ["string", "null"]},
                    "problem": {"type": "string"},
                    "ended": {"type": "boolean"},
                },
            },
            "logURL": {"type": "string"},
        },
    },
}  # fmt: skip
