"""How a deployment ends for the pipeline that asked for it. The codes are a contract: docs/spec/deploy-client.md."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from fairway.domain.dispatch.wanted import Told


class Ending(IntEnum):
    """Exit codes."""

    SUCCESS = 0
    FAILURE = 1
    ERROR = 2
    INACTIVE = 3
    NO_DEPLOYMENT = 4
    UNAVAILABLE = 5
    USAGE = 6
    INTERNAL = 7
    TEMPLATE = 8
    TIMEOUT = 9


MEANING: dict[Ending, str] = {
    Ending.SUCCESS: "deployed and healthy; without `--wait`: asked for",
    Ending.FAILURE: "it did not start, was refused by the cluster, or nobody took it in time",
    Ending.ERROR: "the request itself was wrong",
    Ending.INACTIVE: "a newer deployment took its place",
    Ending.NO_DEPLOYMENT: "there is no deployment: the request was refused, or the login",
    Ending.UNAVAILABLE: "the server did not answer, however often it was asked",
    Ending.USAGE: "a wrong option, or something that is missing; nothing was asked for",
    Ending.INTERNAL: "a mistake in Fairway itself",
    Ending.TEMPLATE: "a template or a resource can't be read; nothing was asked for",
    Ending.TIMEOUT: "it had no outcome in time; it may still get one",
}

_FINAL = {
    "success": Ending.SUCCESS,
    "failure": Ending.FAILURE,
    "error": Ending.ERROR,
    "inactive": Ending.INACTIVE,
}


def outcome(statuses: Iterable[Told]) -> tuple[Ending, Told] | None:
    """The first final status counts: what comes after it is an aftermath. None while there is none."""
    return next(((_FINAL[one.state], one) for one in statuses if one.state in _FINAL), None)
