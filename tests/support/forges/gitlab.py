"""A loopback GitLab, with the shapes of its REST API v4 as its documentation describes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.forges.serving import Answer, Asked, ForgeServer, Handler, Refused
from tests.support.forges.world import ME, Request, Said

PROJECT = 7
_KNOWN: dict[str, set[str]] = {
    "POST merge_requests": {"source_branch", "target_branch", "title", "description", "remove_source_branch"},
    "PUT merge_requests": {"title", "description", "target_branch", "add_labels", "reviewer_ids", "state_event"},
    "PUT merge": {"sha", "should_remove_source_branch", "auto_merge", "merge_when_pipeline_succeeds"},
    "POST notes": {"body"},
    "PUT notes": {"body"},
    "POST statuses": {"state", "name", "description", "target_url"},
}


@dataclass
class GitlabServer(ForgeServer):
    base: str = "/api/v4"
    pipeline: str = "running"
    """Status of each merge request's pipeline; empty for none."""
    undecided: int = 0
    """How often it says that it does not know yet whether a request can be merged."""
    keeps_auto_merge: bool = False
    """Tells that auto-merge was cancelled, and does not do it."""

    def __post_init__(self) -> None:
        self.world.path = "shop/platform/deployments"

    def routes(self) -> Mapping[str, Handler]:
        project = "/projects/{id}"
        request = f"{project}/merge_requests/{{iid}}"
        return {
            "GET /user": lambda asked: Answer(200, _user(ME)),
            "GET /users": self._users,
            f"GET {project}/merge_requests": self._list,
            f"POST {project}/merge_requests": self._open,
            f"GET {request}": lambda asked, p, n: Answer(200, self._request(self._found(n))),
            f"PUT {request}": self._change,
            f"PUT {request}/merge": self._merge,
            f"POST {request}/cancel_merge_when_pipeline_succeeds": self._cancel,
            f"GET {request}/notes": self._notes,
            f"POST {request}/notes": self._note_added,
            f"PUT {request}/notes/{{id}}": self._note_changed,
            f"DELETE {request}/notes/{{id}}": self._note_deleted,
            f"POST {project}/statuses/{{sha}}": self._status,
            f"DELETE {project}/repository/branches/{{branch}}": self._unbranch,
        }

    def authorized(self, asked: Asked) -> bool:
        return asked.headers.get("authorization") == f"Bearer {self.token}"

    def _users(self, asked: Asked) -> Answer:
        name = asked.query["username"]
        return Answer(200, [_user(name)] if name in self.world.people else [])

    def _list(self, asked: Asked, project: str) -> Answer:
        self._here(project)
        assert asked.query["state"] == "opened"
        wanted = asked.query.get("source_branch")
        found = [r for r in self.world.open_ones() if wanted in (None, r.branch)]
        return self.page(asked, [self._request(r) for r in found])

    def _open(self, asked: Asked, project: str) -> Answer:
        self._here(project)
        body = _known(asked, "merge_requests")
        if body["source_branch"] not in self.world.branches:
            raise Refused(400, {"message": {"source_branch": ["does not exist"]}})
        if any(r.branch == body["source_branch"] and not r.fork for r in self.world.open_ones()):
            raise Refused(409, {"message": ["Another open merge request already exists for this source branch: !1"]})
        made = self.world.open(body["source_branch"], body["target_branch"], body["title"], body["description"])
        return Answer(201, self._request(made))

    def _change(self, asked: Asked, project: str, number: str) -> Answer:
        request = self._found(number)
        body = _known(asked, "merge_requests")
        request.title = body.get("title", request.title)
        request.body = body.get("description", request.body)
        request.base = body.get("target_branch", request.base)
        request.labels += [one for one in body.get("add_labels", "").split(",") if one and one not in request.labels]
        if "reviewer_ids" in body:
            request.reviewers = [
                name for name in sorted(self.world.people) if _user(name)["id"] in body["reviewer_ids"]
            ]
        if body.get("state_event") == "close":
            request.state = "closed"
        return Answer(200, self._request(request))

    def _merge(self, asked: Asked, project: str, number: str) -> Answer:
        request = self._found(number)
        body = _known(asked, "merge")
        if body["sha"] != self.world.branches[request.branch]:
            raise Refused(409, {"message": "SHA does not match HEAD of source branch"})
        if self.undecided:
            raise Refused(405, {"message": "405 Method Not Allowed"})
        if body.get("auto_merge") and self.pipeline == "running":
            request.auto_merge = True
        else:
            self.world.merge(request)
        return Answer(200, self._request(request))

    def _cancel(self, asked: Asked, project: str, number: str) -> Answer:
        self._found(number).auto_merge = self.keeps_auto_merge
        return Answer(201, {"status": "success"})

    def _notes(self, asked: Asked, project: str, number: str) -> Answer:
        request = self._found(number)
        noise = {**_note(0, "anna", "added 1 commit"), "system": True}
        return self.page(asked, [noise, *(_note(n.id, n.author, n.body) for n in request.notes)])

    def _note_added(self, asked: Asked, project: str, number: str) -> Answer:
        self._found(number)
        note = self.world.note(int(number), ME, _known(asked, "notes")["body"])
        return Answer(201, _note(note.id, note.author, note.body))

    def _note_changed(self, asked: Asked, project: str, number: str, key: str) -> Answer:
        found = self.world.find_note(int(key))
        if not found:
            raise Refused(404, {"message": "404 Note Not Found"})
        found[1].body = _known(asked, "notes")["body"]
        return Answer(200, _note(found[1].id, found[1].author, found[1].body))

    def _note_deleted(self, asked: Asked, project: str, number: str, key: str) -> Answer:
        found = self.world.find_note(int(key))
        if not found:
            raise Refused(404, {"message": "404 Note Not Found"})
        found[0].notes.remove(found[1])
        return Answer(204)

    def _status(self, asked: Asked, project: str, sha: str) -> Answer:
        body = _known(asked, "statuses")
        assert body["state"] in ("pending", "running", "success", "failed", "canceled", "skipped")
        assert len(body["description"]) <= 255
        before = [one for one in self.world.said if (one.commit, one.context) == (sha, body["name"])]
        if before and before[-1].state == body["state"]:
            message = (
                f"Cannot transition status via :enqueue from :{body['state']} (Reason(s): Status cannot transition)"
            )
            raise Refused(400, {"message": message})
        said = Said(sha, body["name"], body["state"], body["description"], body.get("target_url", ""))
        self.world.said.append(said)
        shown = {"id": 1, "sha": sha, "ref": "main", "status": said.state, "name": said.context, "author": _user(ME)}
        return Answer(201, {**shown, "description": said.description, "target_url": said.url, "allow_failure": False})

    def _unbranch(self, asked: Asked, project: str, branch: str) -> Answer:
        if self.world.branches.pop(branch.replace("%2F", "/"), None) is None:
            raise Refused(404, {"message": "404 Branch Not Found"})
        return Answer(204)

    def _here(self, project: str) -> None:
        if project.replace("%2F", "/") != self.world.path:
            raise Refused(404, {"message": "404 Project Not Found"})

    def _found(self, number: str) -> Request:
        if int(number) not in self.world.requests:
            raise Refused(404, {"message": "404 Not found"})
        return self.world.requests[int(number)]

    def _request(self, request: Request) -> dict[str, Any]:
        sha = self.world.branches.get(request.branch, "0" * 40)
        status = "can_be_merged"
        if self.undecided:
            self.undecided -= 1
            status = "checking"
        pipeline = {"id": 3, "sha": sha, "ref": request.branch, "status": self.pipeline} if self.pipeline else None
        return {
            "id": 1000 + request.number,
            "iid": request.number,
            "project_id": PROJECT,
            "source_project_id": 8 if request.fork else PROJECT,
            "target_project_id": PROJECT,
            "title": request.title,
            "description": request.body or None,
            "state": {"open": "opened"}.get(request.state, request.state),
            "source_branch": request.branch,
            "target_branch": request.base,
            "labels": list(request.labels),
            "reviewers": [_user(name) for name in request.reviewers],
            "author": _user(ME),
            "draft": False,
            "sha": sha,
            "web_url": f"{self.url}/{self.world.path}/-/merge_requests/{request.number}",
            "merge_when_pipeline_succeeds": request.auto_merge,
            "detailed_merge_status": {"can_be_merged": "mergeable"}.get(status, status),
            "head_pipeline": pipeline if not self.undecided else None,
        }


def _known(asked: Asked, what: str) -> dict[str, Any]:
    body: dict[str, Any] = asked.body
    strangers = set(body) - _KNOWN[f"{asked.method} {what}"]
    assert not strangers, f"{asked.method} {what} takes no {strangers}"
    return body


def _user(name: str) -> dict[str, Any]:
    key = sum(map(ord, name))
    return {"id": key, "username": name, "name": name.title(), "state": "active", "web_url": f"https://gitlab/{name}"}


def _note(key: int, author: str, body: str) -> dict[str, Any]:
    return {"id": key, "body": body, "author": _user(author), "system": False, "noteable_type": "MergeRequest"}
