"""A loopback Bitbucket Cloud, with the shapes of its REST API 2.0 as its documentation describes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.forges.serving import PAGE, Answer, Asked, ForgeServer, Handler, Refused
from tests.support.forges.world import ME, Request, Said


@dataclass
class BitbucketServer(ForgeServer):
    base: str = "/2.0"
    defaults: list[str] = field(default_factory=list)
    """Default reviewers."""
    deleted: set[int] = field(default_factory=set)

    def routes(self) -> Mapping[str, Handler]:
        repo = "/repositories/{workspace}/{repo}"
        request = f"{repo}/pullrequests/{{id}}"
        return {
            "GET /user": lambda asked: Answer(200, _person(ME)),
            "GET /workspaces/{workspace}/members": self._members,
            f"GET {repo}/default-reviewers": lambda asked, w, r: self._page(asked, [_person(n) for n in self.defaults]),
            f"GET {repo}/pullrequests": self._list,
            f"POST {repo}/pullrequests": self._open,
            f"GET {request}": lambda asked, w, r, n: Answer(200, self._pull(self._found(n))),
            f"PUT {request}": self._change,
            f"POST {request}/decline": self._decline,
            f"GET {request}/comments": self._comments,
            f"POST {request}/comments": self._comment,
            f"PUT {request}/comments/{{id}}": self._edit,
            f"DELETE {request}/comments/{{id}}": self._delete,
            f"POST {repo}/commit/{{sha}}/statuses/build": self._status,
            f"DELETE {repo}/refs/branches/{{branch*}}": self._unbranch,
        }

    def authorized(self, asked: Asked) -> bool:
        return asked.headers.get("authorization") == f"Bearer {self.token}"

    def _page(self, asked: Asked, items: list[Any]) -> Answer:
        """Pages are in the body here."""
        size = min(int(asked.query.get("pagelen", PAGE)), PAGE)
        number = int(asked.query.get("page", "1"))
        data: dict[str, Any] = {"values": items[(number - 1) * size : number * size], "pagelen": size, "page": number}
        if number * size < len(items):
            query = "&".join(f"{k}={v}" for k, v in {**asked.query, "page": str(number + 1)}.items())
            data["next"] = f"{self.api}{asked.path}?{query}".replace(" ", "%20").replace('"', "%22")
        return Answer(200, data)

    def _members(self, asked: Asked, workspace: str) -> Answer:
        return self._page(
            asked, [{"type": "workspace_membership", "user": _person(n)} for n in sorted(self.world.people)]
        )

    def _list(self, asked: Asked, workspace: str, repo: str) -> Answer:
        query = asked.query["q"]
        match = re.fullmatch(r'state="OPEN"(?: AND source\.branch\.name="([^"]+)")?', query)
        assert match, query
        found = [r for r in self.world.open_ones() if match[1] in (None, r.branch)]
        shown = [self._pull(r) for r in found]
        for one in shown:
            one.pop("reviewers")
        return self._page(asked, shown)

    def _open(self, asked: Asked, workspace: str, repo: str) -> Answer:
        body = asked.body
        assert set(body) <= {"title", "description", "source", "destination", "reviewers", "close_source_branch"}
        branch = body["source"]["branch"]["name"]
        if branch not in self.world.branches:
            raise Refused(400, _error("source branch not found"))
        made = self.world.open(branch, body["destination"]["branch"]["name"], body["title"], body["description"])
        self._review(made, body)
        return Answer(201, self._pull(made))

    def _change(self, asked: Asked, workspace: str, repo: str, number: str) -> Answer:
        body = asked.body
        assert set(body) <= {"title", "description", "destination", "reviewers"}
        request = self._found(number)
        request.title, request.body = body["title"], body["description"]
        request.base = body["destination"]["branch"]["name"]
        self._review(request, body)
        return Answer(200, self._pull(request))

    def _review(self, request: Request, body: dict[str, Any]) -> None:
        names = [_name(one["uuid"]) for one in body["reviewers"]]
        if ME in names:
            raise Refused(400, _error(f"{ME} is the author and cannot be included as a reviewer."))
        request.reviewers = names

    def _decline(self, asked: Asked, workspace: str, repo: str, number: str) -> Answer:
        request = self._found(number)
        request.state = "declined"
        return Answer(200, self._pull(request))

    def _comments(self, asked: Asked, workspace: str, repo: str, number: str) -> Answer:
        request = self._found(number)
        inline = {**self._note(number, 1, ME, "at a line"), "inline": {"path": "x.yaml", "to": 3}}
        notes = [self._note(number, n.id, n.author, n.body) for n in request.notes]
        gone = [{**self._note(number, key, ME, ""), "deleted": True} for key in sorted(self.deleted)]
        return self._page(asked, [inline, *gone, *notes])

    def _comment(self, asked: Asked, workspace: str, repo: str, number: str) -> Answer:
        self._found(number)
        assert set(asked.body) == {"content"}
        note = self.world.note(int(number), ME, asked.body["content"]["raw"])
        return Answer(201, self._note(number, note.id, note.author, note.body))

    def _edit(self, asked: Asked, workspace: str, repo: str, number: str, key: str) -> Answer:
        note = self._found_note(key)[1]
        note.body = asked.body["content"]["raw"]
        return Answer(200, self._note(number, note.id, note.author, note.body))

    def _delete(self, asked: Asked, workspace: str, repo: str, number: str, key: str) -> Answer:
        request, note = self._found_note(key)
        request.notes.remove(note)
        self.deleted.add(note.id)
        return Answer(204)

    def _status(self, asked: Asked, workspace: str, repo: str, sha: str) -> Answer:
        body = asked.body
        assert body["state"] in ("INPROGRESS", "SUCCESSFUL", "FAILED", "STOPPED")
        assert len(body["key"]) <= 40
        assert body["url"].startswith("http")
        said = Said(sha, body["name"], body["state"], body["description"], body["url"])
        self.world.said.append(said)
        return Answer(201, {**body, "type": "build", "created_on": "2026-05-01T00:00:00+00:00"})

    def _unbranch(self, asked: Asked, workspace: str, repo: str, branch: str) -> Answer:
        if self.world.branches.pop(branch, None) is None:
            raise Refused(404, _error(f"Branch {branch} not found"))
        return Answer(204)

    def _found(self, number: str) -> Request:
        if int(number) not in self.world.requests:
            raise Refused(404, _error("No PullRequest matches the given query."))
        return self.world.requests[int(number)]

    def _found_note(self, key: str) -> Any:
        found = self.world.find_note(int(key))
        if not found:
            raise Refused(404, _error("Comment not found"))
        return found

    def _note(self, number: str, key: int, author: str, body: str) -> dict[str, Any]:
        href = f"{self.url}/{self.world.path}/pull-requests/{number}#comment-{key}"
        content = {"type": "rendered", "raw": body, "markup": "markdown", "html": f"<p>{body}</p>"}
        shown = {"id": key, "type": "pullrequest_comment", "content": content, "user": _person(author)}
        return {**shown, "deleted": False, "links": {"html": {"href": href}}}

    def _pull(self, request: Request) -> dict[str, Any]:
        workspace, _, name = self.world.path.partition("/")
        full_name = f"{'somebody' if request.fork else workspace}/{name}"
        short = self.world.branches.get(request.branch, "0" * 40)[:12]
        source = {"type": "repository", "full_name": full_name, "name": name}
        return {
            "type": "pullrequest",
            "id": request.number,
            "title": request.title,
            "description": request.body,
            "summary": {"type": "rendered", "raw": request.body, "markup": "markdown", "html": ""},
            "state": {"open": "OPEN", "declined": "DECLINED", "merged": "MERGED"}[request.state],
            "author": _person(ME),
            "reviewers": [_person(one) for one in request.reviewers],
            "source": {"branch": {"name": request.branch}, "commit": {"hash": short}, "repository": source},
            "destination": {"branch": {"name": request.base}, "repository": {"full_name": self.world.path}},
            "close_source_branch": True,
            "links": {"html": {"href": f"{self.url}/{self.world.path}/pull-requests/{request.number}"}},
        }


def _person(name: str) -> dict[str, Any]:
    return {"type": "user", "uuid": f"{{{name}-uuid}}", "nickname": name, "account_id": f"557058:{name}"}


def _name(uuid: str) -> str:
    return uuid.strip("{}").removesuffix("-uuid")


def _error(message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"message": message}}
