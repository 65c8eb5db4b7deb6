"""A loopback Gitea: REST as published by Gitea. Forgejo has the same calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.forges.published import published
from tests.support.forges.serving import Answer, Asked, ForgeServer, Handler, Refused
from tests.support.forges.world import ME, Request, Said

TIME = "2026-05-01T00:00:00Z"


@dataclass
class GiteaServer(ForgeServer):
    base: str = "/api/v1"
    tells_who: bool = True
    """Whether the token may ask for its user."""

    def __post_init__(self) -> None:
        self.published = published("gitea")
        self.beyond = (("POST", "merge", 201),)  # scheduled; routers/api/v1/repo/pull.go

    def routes(self) -> Mapping[str, Handler]:
        repo = "/repos/{owner}/{repo}"
        return {
            "GET /user": self._user,
            f"GET {repo}/pulls": lambda asked, o, r: self.page(asked, [self._pull(x) for x in self.world.open_ones()]),
            f"POST {repo}/pulls": self._open,
            f"GET {repo}/pulls/{{n}}": lambda asked, o, r, n: Answer(200, self._pull(self._request(n))),
            f"PATCH {repo}/pulls/{{n}}": self._change,
            f"POST {repo}/pulls/{{n}}/merge": self._merge,
            f"DELETE {repo}/pulls/{{n}}/merge": self._unmerge,
            f"GET {repo}/pulls/{{n}}/reviews": lambda asked, o, r, n: Answer(200, []),
            f"POST {repo}/pulls/{{n}}/requested_reviewers": self._reviewers,
            f"GET {repo}/labels": self._labels,
            f"POST {repo}/labels": self._label_made,
            f"POST {repo}/issues/{{n}}/labels": self._labelled,
            f"GET {repo}/issues/{{n}}/comments": self._comments,
            f"POST {repo}/issues/{{n}}/comments": self._comment,
            f"PATCH {repo}/issues/comments/{{id}}": self._edit,
            f"DELETE {repo}/issues/comments/{{id}}": self._delete,
            f"POST {repo}/statuses/{{sha}}": self._status,
            f"DELETE {repo}/branches/{{branch*}}": self._unbranch,
        }

    def authorized(self, asked: Asked) -> bool:
        return asked.headers.get("authorization") == f"token {self.token}"

    def _user(self, asked: Asked) -> Answer:
        if not self.tells_who:
            raise Refused(403, {"message": "token does not have at least one of required scope(s): [read:user]"})
        return Answer(200, _person(ME))

    def _open(self, asked: Asked, owner: str, repo: str) -> Answer:
        body = asked.body
        if body["head"] not in self.world.branches:
            raise Refused(404, {"message": "The target couldn't be found."})
        if any(r.branch == body["head"] and not r.fork for r in self.world.open_ones()):
            raise Refused(409, {"message": "pull request already exists for these targets"})
        return Answer(201, self._pull(self.world.open(body["head"], body["base"], body["title"], body["body"])))

    def _change(self, asked: Asked, owner: str, repo: str, number: str) -> Answer:
        request = self._request(number)
        for key in ("title", "body", "base", "state"):
            setattr(request, key, asked.body.get(key, getattr(request, key)))
        return Answer(201, self._pull(request))

    def _merge(self, asked: Asked, owner: str, repo: str, number: str) -> Answer:
        request = self._request(number)
        if asked.body["head_commit_id"] != self.world.branches[request.branch]:
            raise Refused(409, {"message": "head out of date"})
        if request.auto_merge:
            raise Refused(409, {"message": "pull request is already scheduled to auto merge when checks succeed"})
        if self.world.clean:
            self.world.merge(request)
            return Answer(200)
        request.auto_merge = True
        return Answer(201)

    def _unmerge(self, asked: Asked, owner: str, repo: str, number: str) -> Answer:
        request = self._request(number)
        if not request.auto_merge:
            raise Refused(404, {"message": "The target couldn't be found."})
        request.auto_merge = False
        return Answer(204)

    def _reviewers(self, asked: Asked, owner: str, repo: str, number: str) -> Answer:
        request = self._request(number)
        people = asked.body.get("reviewers") or []
        if not set(people) <= self.world.people:
            raise Refused(404, {"message": f"user does not exist [uid: 0, name: {people}]"})
        request.reviewers += [one for one in people if one not in request.reviewers]
        request.teams += asked.body.get("team_reviewers") or []
        return Answer(201, [])

    def _labels(self, asked: Asked, owner: str, repo: str) -> Answer:
        return self.page(asked, [_label(key, name) for key, name in self.world.labels.items()])

    def _label_made(self, asked: Asked, owner: str, repo: str) -> Answer:
        key = self.world.next_id()
        self.world.labels[key] = asked.body["name"]
        return Answer(201, _label(key, asked.body["name"]))

    def _labelled(self, asked: Asked, owner: str, repo: str, number: str) -> Answer:
        request = self._request(number)
        names = [self.world.labels[key] for key in asked.body["labels"]]
        request.labels += [name for name in names if name not in request.labels]
        return Answer(200, [_label(1, name) for name in request.labels])

    def _comments(self, asked: Asked, owner: str, repo: str, number: str) -> Answer:
        return Answer(200, [self._note(request_note.id) for request_note in self._request(number).notes])

    def _comment(self, asked: Asked, owner: str, repo: str, number: str) -> Answer:
        self._request(number)
        return Answer(201, self._note(self.world.note(int(number), ME, asked.body["body"]).id))

    def _edit(self, asked: Asked, owner: str, repo: str, key: str) -> Answer:
        self._found(key)[1].body = asked.body["body"]
        return Answer(200, self._note(int(key)))

    def _delete(self, asked: Asked, owner: str, repo: str, key: str) -> Answer:
        request, note = self._found(key)
        request.notes.remove(note)
        return Answer(204)

    def _status(self, asked: Asked, owner: str, repo: str, sha: str) -> Answer:
        body = asked.body
        assert body["state"] in ("pending", "success", "error", "failure", "warning")
        said = Said(sha, body["context"], body["state"], body["description"], body.get("target_url", ""))
        self.world.said.append(said)
        shown = {"id": 1, "context": said.context, "status": said.state, "description": said.description}
        return Answer(201, {**shown, "target_url": said.url, "creator": _person(ME), "created_at": TIME})

    def _unbranch(self, asked: Asked, owner: str, repo: str, branch: str) -> Answer:
        if self.world.branches.pop(branch, None) is None:
            raise Refused(404, {"message": "The target couldn't be found."})
        return Answer(204)

    def _request(self, number: str) -> Request:
        if int(number) not in self.world.requests:
            raise Refused(404, {"message": "The target couldn't be found."})
        return self.world.requests[int(number)]

    def _found(self, key: str) -> Any:
        found = self.world.find_note(int(key))
        if not found:
            raise Refused(404, {"message": "The target couldn't be found."})
        return found

    def _note(self, key: int) -> dict[str, Any]:
        request, note = self._found(str(key))
        url = f"{self.url}/{self.world.path}/pulls/{request.number}#issuecomment-{note.id}"
        about = {"created_at": TIME, "updated_at": TIME, "pull_request_url": f"{self.url}/x", "issue_url": ""}
        return {"id": note.id, "body": note.body, "user": _person(note.author), "html_url": url, "assets": [], **about}

    def _pull(self, request: Request) -> dict[str, Any]:
        owner, _, name = self.world.path.partition("/")
        full_name = f"{'somebody' if request.fork else owner}/{name}"
        sha = self.world.branches.get(request.branch, "0" * 40)
        merged = request.state == "merged"
        return {
            "id": request.number,
            "number": request.number,
            "title": request.title,
            "body": request.body,
            "state": "closed" if merged else request.state,
            "merged": merged,
            "html_url": f"{self.url}/{self.world.path}/pulls/{request.number}",
            "user": _person(ME),
            "labels": [_label(1, label) for label in request.labels],
            "requested_reviewers": [_person(one) for one in request.reviewers],
            "requested_reviewers_teams": [{"id": 1, "name": team} for team in request.teams],
            "head": {"ref": request.branch, "label": request.branch, "sha": sha, "repo": {"full_name": full_name}},
            "base": {
                "ref": request.base,
                "label": request.base,
                "sha": "1" * 40,
                "repo": {"full_name": self.world.path},
            },
            "created_at": TIME,
            "updated_at": TIME,
        }


def _person(name: str) -> dict[str, Any]:
    return {"id": sum(map(ord, name)), "login": name, "full_name": name.title(), "email": f"{name}@example.com"}


def _label(key: int, name: str) -> dict[str, Any]:
    return {"id": key, "name": name, "color": "0e8a16", "description": "", "url": "", "exclusive": False}
