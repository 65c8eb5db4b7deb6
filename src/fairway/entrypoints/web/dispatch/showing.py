"""What a page says of a request, in words and links: from the record to what a template only has to print.

The rule not to break: an address in a link is made here of parts that were checked; what was sent is never one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from fairway.domain.deployments.masking import mask
from fairway.domain.deployments.record import StatusEntry
from fairway.domain.deployments.status import UNFINISHED, State
from fairway.domain.dispatch.statuses import cut_description
from fairway.entrypoints.web.dispatch.telling import first_line
from fairway.services.hookd.ports import Tracked

SHORT_SHA = 7
OFTEN, SELDOM = 5, 60
"""Seconds after which a page of something that runs comes anew: at first, and when it has run for long."""
LONG = timedelta(minutes=30)
_SHA = re.compile(r"[0-9a-fA-F]{7,64}")
_LOGIN = re.compile(r"[A-Za-z0-9-]{1,39}(\[bot\])?")

_SAYS: dict[State, str] = {
    State.QUEUED: "Accepted",
    State.IN_PROGRESS: "Applied; waiting until it is healthy",
    State.SUCCESS: "Carried out and healthy",
    State.FAILURE: "Failed",
    State.ERROR: "Not carried out",
    State.INACTIVE: "A newer deployment took its place",
    State.ROLLED_BACK: "Put back to what was there before",
}


@dataclass(frozen=True, slots=True)
class Link:
    """`href` is empty where there is nothing to go to."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the story; `state` is empty for what is not in the status log."""

    state: str
    at: datetime
    says: str
    detail: str = ""
    after: str = ""
    """How long after the request."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One request, as its page and its line in the list show it."""

    delivery_id: str
    id: str
    href: str
    title: str
    state: str
    is_final: bool
    reason: str
    waits: str
    """What is waited for; empty when it has ended."""
    repository: Link
    commit: Link
    ref: Link
    creator: Link
    origin: Link
    team: str
    cluster: str
    environment: str
    description: str
    at: datetime
    deadline: datetime
    took: str
    objects: tuple[str, ...]
    omitted: int
    steps: tuple[Step, ...]
    github: str
    github_is_stuck: bool
    refresh: int
    """Seconds after which to look again; 0 for never."""


def show(tracked: Tracked, github_url: str, now: datetime, *, tells_github: bool = True) -> Shown:
    story, change = tracked.story, tracked.story.deployment.change
    # What the ledger keeps is masked; the origin is as it was sent.
    cause, environment = story.run.cause, mask(tracked.origin.environment)
    links = _Links(github_url, str(tracked.repository))
    last = story.statuses[-1] if story.statuses else None
    return Shown(
        delivery_id=tracked.delivery_id,
        id=story.id,
        href=page_of(tracked.delivery_id),
        title=tracked.subject or tracked.repository.name,
        state=story.state.value,
        is_final=story.state not in UNFINISHED,
        reason=first_line(last.description) if last else "",
        waits=_waits(tracked),
        repository=Link(str(tracked.repository), links.repository),
        commit=links.commit(cause.commit),
        ref=links.ref(cause.branch),
        creator=links.person(cause.user),
        origin=_origin(tracked, links),
        team=mask(tracked.team),
        cluster=mask(tracked.cluster),
        environment=environment if environment != mask(tracked.cluster) else "",
        description=cause.reason,
        at=story.deployment.at,
        deadline=tracked.deadline,
        took=seconds(story.finished_at - story.deployment.at) if story.finished_at else "",
        objects=tuple(name for _, name in change.plan.objects),
        omitted=sum(change.plan.omitted.values()),
        steps=_steps(tracked),
        github=_github(tracked, tells_github),
        github_is_stuck=tracked.posting_ended,
        refresh=_refresh(tracked, now),
    )


def page_of(delivery_id: str) -> str:
    return f"/deployments/{quote(delivery_id, safe='')}"


def seconds(length: timedelta) -> str:
    """`0.4 s`, `75 s`, `12 min`."""
    number = max(length.total_seconds(), 0.0)
    if number < 10:
        return f"{number:.1f} s"
    return f"{number:.0f} s" if number < 180 else f"{number / 60:.0f} min"


def _steps(tracked: Tracked) -> tuple[Step, ...]:
    began = tracked.story.deployment.at
    steps = [_step(entry, began) for entry in tracked.story.statuses]
    if tracked.published_at:
        steps.append(Step("", tracked.published_at, "The queue has it", after=_after(tracked.published_at, began)))
    if tracked.taken_at:
        says = f"deployd of {tracked.cluster} has taken it"
        steps.append(Step("", tracked.taken_at, says, after=_after(tracked.taken_at, began)))
    # Reports travel in whole seconds, so what happened within one keeps the order of the log.
    places = {state.value: place for place, state in enumerate(State)}
    return tuple(sorted(steps, key=lambda one: (one.at.replace(microsecond=0), places.get(one.state, 0))))


def _step(entry: StatusEntry, began: datetime) -> Step:
    line, _, detail = entry.description.partition("\n")
    return Step(entry.state.value, entry.at, line or _SAYS[entry.state], detail.strip("\n"), _after(entry.at, began))


def _after(at: datetime, began: datetime) -> str:
    return f"+{seconds(at - began)}" if at > began else ""


def _waits(tracked: Tracked) -> str:
    state = tracked.story.state
    if state is State.IN_PROGRESS:
        return "It is applied, and Fairway waits until it is healthy."
    if state is not State.QUEUED:
        return ""
    if tracked.taken_at:
        return f"deployd of {tracked.cluster} has it, and checks and applies it."
    until = f"{tracked.deadline:%H:%M:%S} UTC"
    if tracked.published_at:
        return f"It waits for deployd of {tracked.cluster}; if none takes it by {until}, it fails."
    return f"It waits for the queue; if that does not take it by {until}, it fails."


def _github(tracked: Tracked, tells_github: bool) -> str:
    if not tracked.deployment_id:
        return "It was not asked for through GitHub, so GitHub is told nothing."
    if not tells_github and not tracked.posted:
        return "GitHub is told nothing: this server works without it (--github-enabled=false)."
    told = f"GitHub was told “{_words(tracked.posted)}”." if tracked.posted else "GitHub was told nothing yet."
    problem = cut_description(tracked.post_problem)
    if tracked.posting_ended and problem:
        return f"{told} It can't be told more, and is not tried again: {problem}"
    if problem:
        return f"{told} The last try failed, and is made again: {problem}"
    if tracked.posted is tracked.story.state or tracked.posting_ended:
        return told
    return f"{told} Next: “{_words(tracked.story.state)}”."


def _words(state: State | None) -> str:
    return state.value.replace("_", " ") if state else ""


def _refresh(tracked: Tracked, now: datetime) -> int:
    if tracked.story.state not in UNFINISHED:
        return 0
    return OFTEN if now - tracked.story.deployment.at < LONG else SELDOM


def _origin(tracked: Tracked, links: _Links) -> Link:
    if tracked.deployment_id:
        return Link(f"GitHub deployment {tracked.deployment_id}", f"{links.repository}/deployments")
    run = tracked.origin.web_url
    # Made by ourselves of a token's claims; anything else is not linked to.
    return Link("the API, by a workflow run", run) if run.startswith(f"{links.repository}/") else Link("the API")


class _Links:
    def __init__(self, github_url: str, repository: str) -> None:
        self.repository = f"{github_url.rstrip('/')}/{quote(repository, safe='/')}"
        self._github_url = github_url.rstrip("/")

    def commit(self, sha: str) -> Link:
        if not _SHA.fullmatch(sha):
            return Link(sha)
        return Link(sha[:SHORT_SHA], f"{self.repository}/commit/{sha}")

    def ref(self, ref: str) -> Link:
        name = ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
        return Link(name, f"{self.repository}/tree/{quote(name, safe='/')}") if name else Link("")

    def person(self, login: str) -> Link:
        if not _LOGIN.fullmatch(login):
            return Link(login)
        path = f"apps/{login.removesuffix('[bot]')}" if login.endswith("[bot]") else login
        return Link(login, f"{self._github_url}/{path}")
