"""A `deployment` event of GitHub's, read and checked in the order of the table of docs/spec/hookd.md.

The rule not to break: the order, codes and texts of the checks are a contract, and no bytes lead to anything but an
`Unacceptable` or a request. What needs more than the event to decide is given; `services.hookd.accepting` fetches it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import orjson

from fairway.domain.dispatch.answers import Unacceptable, shown
from fairway.domain.dispatch.payloads import Malformed, Payload, json_problem, read_payload
from fairway.domain.dispatch.requests import Origin, RepositoryName

DEPLOYMENT = "deployment"
"""The only event that is listened to."""
_FULL_NAME = re.compile(r"([A-Za-z0-9._-]{1,100})/([A-Za-z0-9._-]{1,100})")
_LARGEST_ID = 2**63 - 1
_LONGEST = 500
_MOST_SHOWN = 30


@dataclass(frozen=True, slots=True)
class GithubEvent:
    """One delivery as it came in; texts are the headers of GitHub's names, empty when they are missing."""

    event: str
    """`X-GitHub-Event`."""
    delivery_id: str
    """`X-GitHub-Delivery`."""
    body: bytes = field(repr=False)
    signature_256: str = ""
    """`X-Hub-Signature-256`."""
    signature: str = ""
    """`X-Hub-Signature`."""


@dataclass(frozen=True, slots=True)
class DeploymentEvent:
    """What an event is about, before anybody looked at what is asked for."""

    repository: RepositoryName
    deployment_id: int
    environment: str
    payload: Any = field(repr=False)
    origin: Origin


def read_event(body: bytes) -> DeploymentEvent:
    """From the JSON to the deployment. Raises Unacceptable (400), which GitHub can't be told."""
    document = _parse(body)
    repository = _read_repository(document)
    deployment = document.get("deployment") if isinstance(document, dict) else None
    if not isinstance(deployment, dict) or not deployment:
        raise Unacceptable(400, "deployment object is empty")
    number = deployment.get("id")
    if type(number) is not int or not 0 < number <= _LARGEST_ID:
        raise Unacceptable(400, "deployment object has no valid id")
    environment = _text(deployment.get("environment"))
    return DeploymentEvent(
        repository, number, environment, deployment.get("payload"), _origin(document, deployment, environment)
    )


def check_environment(event: DeploymentEvent) -> None:
    """Raises Unacceptable (400)."""
    if not event.environment:
        raise Unacceptable(400, "environment is not specified", is_told=True)


def read_event_payload(event: DeploymentEvent) -> Payload:
    """Raises Unacceptable (400)."""
    try:
        return read_payload(event.payload)
    except Malformed as error:
        raise Unacceptable(400, f"payload is invalid: {error.message}", is_told=True) from None


def check_cluster(name: str, known: Collection[str]) -> None:
    """An environment is a cluster's name. Raises Unacceptable (400), which names those that there are."""
    if name in known:
        return
    names = sorted(known)
    listed = ", ".join(names[:_MOST_SHOWN]) + (f" and {len(names) - _MOST_SHOWN} more" if names[_MOST_SHOWN:] else "")
    raise Unacceptable(400, f"environment '{shown(name)}' is not known; known: {listed or 'none yet'}", is_told=True)


def check_contents(payload: Payload) -> None:
    """Raises Unacceptable (400)."""
    if not payload.team:
        raise Unacceptable(400, "no team was specified in deployment payload", is_told=True)
    if not payload.resources:
        raise Unacceptable(400, "no resources to deploy", is_told=True)


def check_access(repository: RepositoryName, team: str, teams: Collection[str] | None) -> None:
    """`teams` are those that the repository may deploy as, in lower case; None when it is not registered.

    Raises Unacceptable (403).
    """
    if teams is None:
        raise Unacceptable(403, f"repository '{repository}' is not registered", is_told=True)
    if team.lower() not in teams:
        raise Unacceptable(
            403, f"the repository '{repository}' does not have access to deploy as team '{shown(team)}'", is_told=True
        )


def access_unknown(reason: str) -> Unacceptable:
    """The store of team access does not answer (503)."""
    return Unacceptable(503, f"unable to check if repository has team access: {shown(reason, 300)}", is_told=True)


def _parse(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unacceptable(400, f"the body is not JSON: {json_problem(error)}") from None


def _read_repository(document: Any) -> RepositoryName:
    repository = document.get("repository") if isinstance(document, dict) else None
    if not isinstance(repository, dict) or repository.get("full_name") in (None, ""):
        raise Unacceptable(400, "no repository specified")
    full_name = repository["full_name"]
    found = _FULL_NAME.fullmatch(full_name) if isinstance(full_name, str) else None
    if not found or {found[1], found[2]} & {".", ".."}:
        name = shown(full_name) if isinstance(full_name, str) else "of another type"
        raise Unacceptable(400, f"repository name {name} is not in the format OWNER/NAME")
    return RepositoryName(found[1], found[2])


def _origin(document: dict[str, Any], deployment: dict[str, Any], environment: str) -> Origin:
    creator = deployment.get("creator")
    page = _text(document["repository"].get("html_url"))
    return Origin(
        environment=environment,
        ref=_text(deployment.get("ref")),
        sha=_text(deployment.get("sha")),
        creator=_text(creator.get("login")) if isinstance(creator, dict) else "",
        description=_text(deployment.get("description")),
        web_url=f"{page.rstrip('/')}/deployments" if page.startswith(("https://", "http://")) else "",
    )


def _text(value: Any) -> str:
    return shown(value.strip(), _LONGEST) if isinstance(value, str) else ""
