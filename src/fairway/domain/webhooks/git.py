"""Pushes to Git as the forges report them, each in its own words.

Sources: GitHub "Webhook events and payloads" (push, ping); GitLab "Webhook events" (push); Gitea and Forgejo
"Webhooks"; Bitbucket Cloud "Event payloads" (repo:push) and Data Center "Event payload" (repo:refs_changed).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from fairway.domain.repository.remotes import canonical_remote
from fairway.domain.webhooks.body import Body
from fairway.domain.webhooks.delivery import Delivery, Parsed
from fairway.domain.webhooks.events import GitPushed

_BRANCH = "refs/heads/"


def github(delivery: Delivery) -> Parsed:
    id = delivery.header("x-github-delivery")
    return _by_ref(delivery, "github", id, delivery.header("x-github-event"))


def gitea(delivery: Delivery) -> Parsed:
    """Also Forgejo, which sends the same under its own name beside Gitea's."""
    id = delivery.header("x-forgejo-delivery", "x-gitea-delivery", "x-gogs-delivery")
    return _by_ref(delivery, "gitea", id, delivery.header("x-forgejo-event", "x-gitea-event", "x-gogs-event"))


def _by_ref(delivery: Delivery, source: str, id: str, event: str) -> Parsed:
    if event == "ping":
        return Parsed(ignored="ping", id=id)
    if event != "push":
        return Parsed(ignored=f"not a push: {event[:60] or 'no event is named'}", id=id)
    body = Body.of(delivery.payload)
    ref = body.get("ref").text()
    commit = body.get("after").text()
    repository = body.get("repository").object()
    urls = _addresses(repository, "clone_url", "ssh_url", "git_url", "html_url")
    return _pushed(source, id, urls, ref, commit)


def gitlab(delivery: Delivery) -> Parsed:
    body = Body.of(delivery.payload)
    id = delivery.header("idempotency-key")
    kind = body.get("object_kind").maybe() or body.get("event_name").maybe()
    if kind != "push":
        return Parsed(ignored=f"not a push: {kind[:60] or 'no event is named'}", id=id)
    project = body.get("project").object()
    urls = _addresses(project, "git_http_url", "git_ssh_url", "web_url")
    return _pushed("gitlab", id, urls, body.get("ref").text(), body.get("after").text())


def bitbucket(delivery: Delivery) -> Parsed:
    id = delivery.header("x-request-uuid", "x-request-id")
    event = delivery.header("x-event-key")
    if event == "diagnostics:ping":
        return Parsed(ignored="ping", id=id)
    if event not in ("repo:push", "repo:refs_changed"):
        return Parsed(ignored=f"not a push: {event[:60] or 'no event is named'}", id=id)
    body = Body.of(delivery.payload)
    repository = body.get("repository").object()
    found = _cloud(body, repository, id) if event == "repo:push" else _data_center(body, repository, id)
    if not found:
        return Parsed(ignored="no branch was pushed", id=id)
    return Parsed(pushes=tuple(found), id=id)


def _cloud(body: Body, repository: Body, id: str) -> list[GitPushed]:
    names = [f"bitbucket.org/{repository.get('full_name').text()}", repository.at("links", "html", "href").maybe()]
    news = [change.get("new") for change in body.at("push", "changes").items()]
    branches = [new for new in news if new.value is not None and new.get("type").text() == "branch"]
    return [_event("bitbucket", id, names, new.get("name").text(), new.at("target", "hash").text()) for new in branches]


def _data_center(body: Body, repository: Body, id: str) -> list[GitPushed]:
    clones = repository.get("links").get("clone").items() if "links" in repository else []
    names = [clone.get("href").text() for clone in clones]
    changes = [
        change
        for change in body.get("changes").items()
        if change.at("ref", "type").text() == "BRANCH" and change.get("type").text() != "DELETE"
    ]
    return [
        _event("bitbucket", id, names, change.at("ref", "displayId").text(), change.get("toHash").text())
        for change in changes
    ]


def _addresses(holder: Body, *keys: str) -> list[str]:
    """At least one of these must be there; the first is named when none is."""
    found = [text for key in keys if (text := holder.get(key).maybe())]
    return found or [holder.get(keys[0]).text()]


def _pushed(source: str, id: str, urls: Iterable[str], ref: str, commit: str) -> Parsed:
    if not ref.startswith(_BRANCH):
        return Parsed(ignored="not a branch", id=id)
    if not commit.strip("0"):
        return Parsed(ignored="a branch was deleted", id=id)
    return Parsed(pushes=(_event(source, id, urls, ref.removeprefix(_BRANCH), commit),), id=id)


def _event(source: str, id: str, urls: Iterable[str], branch: str, commit: str) -> GitPushed:
    return GitPushed(tuple(dict.fromkeys(_canonical(url) for url in urls if url)), branch, commit, source, id)


def _canonical(url: str) -> str:
    try:
        return canonical_remote(url)
    except ValueError:  # no URL at all; it then names no repository of ours
        return url


GIT_SENDERS: Mapping[str, Callable[[Delivery], Parsed]] = MappingProxyType(
    {"github": github, "gitlab": gitlab, "gitea": gitea, "bitbucket": bitbucket}
)
"""`/hooks/git/NAME`"""
