"""A loopback GitHub: REST as published by GitHub, and the three GraphQL calls that Fairway makes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.support.forges.published import published
from tests.support.forges.serving import Answer, Asked, ForgeServer, Handler, Refused
from tests.support.forges.world import ME, Request, Said

APP_ID = 4711
INSTALLATION = 99
_ANY_TIME: Any = {"verify_iat": False, "verify_exp": False}  # tests put the clock on


@dataclass
class GithubServer(ForgeServer):
    """`public_key` (PEM) checks an App's tokens; `installation_tokens` are those that it was given."""

    public_key: str = ""
    installation_tokens: list[str] = field(default_factory=list)
    token_seconds: float = 3600.0
    token_is_app: bool = False
    """Whether `token` may make check runs."""
    checks: dict[int, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.published = published("github")

    def routes(self) -> Mapping[str, Handler]:
        repo = "/repos/{owner}/{repo}"
        return {
            "POST /graphql": self._graphql,
            "POST /api/graphql": self._graphql,  # where Enterprise Server has it, beside /api/v3
            "GET /app": lambda asked: Answer(200, {**self.published.example("GET", "/app", 200), "id": APP_ID}),
            "GET /rate_limit": lambda asked: Answer(200, self.published.example("GET", "/rate_limit", 200)),
            f"GET {repo}/installation": self._installation,
            "POST /app/installations/{id}/access_tokens": self._access_token,
            f"GET {repo}/pulls": self._list,
            f"POST {repo}/pulls": self._open,
            f"GET {repo}/pulls/{{n}}": lambda asked, o, r, n: Answer(200, self._pull(self._request(n), full=True)),
            f"PATCH {repo}/pulls/{{n}}": self._patch,
            f"PUT {repo}/pulls/{{n}}/merge": self._merge,
            f"GET {repo}/pulls/{{n}}/reviews": lambda asked, o, r, n: Answer(200, []),
            f"POST {repo}/pulls/{{n}}/requested_reviewers": self._reviewers,
            f"POST {repo}/issues/{{n}}/labels": self._labels,
            f"GET {repo}/issues/{{n}}/comments": self._comments,
            f"POST {repo}/issues/{{n}}/comments": self._comment,
            f"PATCH {repo}/issues/comments/{{id}}": self._edit,
            f"DELETE {repo}/issues/comments/{{id}}": self._delete,
            f"POST {repo}/statuses/{{sha}}": self._status,
            f"GET {repo}/commits/{{sha}}/check-runs": self._check_runs,
            f"POST {repo}/check-runs": self._check,
            f"PATCH {repo}/check-runs/{{id}}": self._check_more,
            f"DELETE {repo}/git/refs/heads/{{branch*}}": self._unbranch,
        }

    def authorized(self, asked: Asked) -> bool:
        given = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if asked.path == "/app" or asked.path.startswith("/app/") or asked.path.endswith("/installation"):
            import jwt

            try:
                claims = jwt.decode(given, self.public_key, algorithms=["RS256"], issuer=str(APP_ID), options=_ANY_TIME)
            except jwt.PyJWTError:
                return False
            return bool(claims["exp"] - claims["iat"] <= 600)
        return given == self.token or given in self.installation_tokens[-1:]

    def _is_app(self, asked: Asked) -> bool:
        given = asked.headers.get("authorization", "").removeprefix("Bearer ")
        return given in self.installation_tokens or self.token_is_app

    def _installation(self, asked: Asked, owner: str, repo: str) -> Answer:
        found = self.published.example("GET", asked.path, 200)
        return Answer(200, {**found, "id": INSTALLATION, "app_id": APP_ID})

    def _access_token(self, asked: Asked, installation: str) -> Answer:
        if installation != str(INSTALLATION):
            raise Refused(404, {"message": "Not Found"})
        token = f"ghs_{len(self.installation_tokens):036d}"
        self.installation_tokens.append(token)
        ends = datetime.fromtimestamp(time.time() + self.token_seconds, UTC)
        made = self.published.example("POST", asked.path, 201)
        return Answer(201, {**made, "token": token, "expires_at": ends.strftime("%Y-%m-%dT%H:%M:%SZ")})

    def _graphql(self, asked: Asked) -> Answer:
        query, variables = asked.body["query"], asked.body["variables"]
        if "viewer" in query:
            return Answer(200, {"data": {"viewer": {"login": ME}}})
        request = next(r for r in self.world.requests.values() if f"PR_{r.number}" == variables["request"])
        if "disablePullRequestAutoMerge" in query:
            request.auto_merge = False
            return Answer(200, {"data": {"disablePullRequestAutoMerge": {"pullRequest": {"number": request.number}}}})
        assert "enablePullRequestAutoMerge" in query
        assert variables["method"] in ("MERGE", "SQUASH", "REBASE")
        if not self.world.may_auto_merge:
            return _graph_error("Pull request Auto merge is not allowed for this repository")
        if self.world.clean:
            return _graph_error("Pull request Pull request is in clean status")
        assert variables["head"] == self.world.branches[request.branch]
        request.auto_merge = True
        return Answer(200, {"data": {"enablePullRequestAutoMerge": {"pullRequest": {"number": request.number}}}})

    def _list(self, asked: Asked, owner: str, repo: str) -> Answer:
        found = self.world.open_ones()
        if head := asked.query.get("head"):
            found = [r for r in found if head == f"{'somebody' if r.fork else owner}:{r.branch}"]
        return self.page(asked, [self._pull(r, full=False) for r in reversed(found)])

    def _open(self, asked: Asked, owner: str, repo: str) -> Answer:
        body = asked.body
        if body["head"] not in self.world.branches:
            raise Refused(422, _invalid("PullRequest", field="head"))
        if any(r.branch == body["head"] and not r.fork for r in self.world.open_ones()):
            raise Refused(422, _invalid("PullRequest", message=f"A pull request already exists for {body['head']}."))
        made = self.world.open(body["head"], body["base"], body["title"], body.get("body") or "")
        return Answer(201, self._pull(made, full=True))

    def _patch(self, asked: Asked, owner: str, repo: str, number: str) -> Answer:
        request = self._request(number)
        for key in ("title", "body", "base"):
            setattr(request, key, asked.body.get(key, getattr(request, key)))
        request.state = asked.body.get("state", request.state)
        return Answer(200, self._pull(request, full=True))

    def _merge(self, asked: Asked, owner: str, repo: str, number: str) -> Answer:
        request = self._request(number)
        if asked.body["sha"] != self.world.branches[request.branch]:
            raise Refused(409, {"message": "Head branch was modified. Review and try the merge again."})
        self.world.merge(request)
        return Answer(200, {"sha": "3" * 40, "merged": True, "message": "Pull Request successfully merged"})

    def _reviewers(self, asked: Asked, owner: str, repo: str, number: str) -> Answer:
        request = self._request(number)
        people = asked.body.get("reviewers", [])
        if not set(people) <= self.world.people:
            message = "Reviews may only be requested from collaborators."
            raise Refused(422, {"message": message, "documentation_url": "https://docs.github.com/rest"})
        request.reviewers += [one for one in people if one not in request.reviewers]
        request.teams += [f"{owner}/{team}" for team in asked.body.get("team_reviewers", [])]
        return Answer(201, {**self._pull(request, full=False)})

    def _labels(self, asked: Asked, owner: str, repo: str, number: str) -> Answer:
        request = self._request(number)
        request.labels += [one for one in asked.body["labels"] if one not in request.labels]
        return Answer(200, [_label(name) for name in request.labels])

    def _comments(self, asked: Asked, owner: str, repo: str, number: str) -> Answer:
        return self.page(asked, [self._note(note.id) for note in self._request(number).notes])

    def _comment(self, asked: Asked, owner: str, repo: str, number: str) -> Answer:
        if len(asked.body["body"]) > 65536:
            raise Refused(422, _invalid("IssueComment", message="body is too long (maximum is 65536 characters)"))
        self._request(number)
        return Answer(201, self._note(self.world.note(int(number), ME, asked.body["body"]).id))

    def _edit(self, asked: Asked, owner: str, repo: str, key: str) -> Answer:
        found = self._found_note(key)
        found[1].body = asked.body["body"]
        return Answer(200, self._note(int(key)))

    def _delete(self, asked: Asked, owner: str, repo: str, key: str) -> Answer:
        request, note = self._found_note(key)
        request.notes.remove(note)
        return Answer(204)

    def _status(self, asked: Asked, owner: str, repo: str, sha: str) -> Answer:
        body = asked.body
        if len(body["description"]) > 140:
            raise Refused(422, _invalid("Status", message="description is too long (maximum is 140 characters)"))
        said = Said(sha, body["context"], body["state"], body["description"], body.get("target_url", ""))
        self.world.said.append(said)
        shown = self.published.example("POST", asked.path, 201)
        return Answer(201, {**shown, "state": said.state, "context": said.context, "description": said.description})

    def _check_runs(self, asked: Asked, owner: str, repo: str, sha: str) -> Answer:
        found = [one for one in self.checks.values() if one["head_sha"] == sha]
        found = [one for one in found if one["name"] == asked.query.get("check_name", one["name"])]
        return Answer(200, {"total_count": len(found), "check_runs": found[-1:]})

    def _check(self, asked: Asked, owner: str, repo: str) -> Answer:
        if not self._is_app(asked):
            raise Refused(403, {"message": "You must authenticate via a GitHub App."})
        key = self.world.next_id()
        self.checks[key] = {**self.published.example("POST", asked.path, 201), "id": key, "status": "queued"}
        self.checks[key]["conclusion"] = None
        return Answer(201, self._changed(key, asked.body))

    def _check_more(self, asked: Asked, owner: str, repo: str, key: str) -> Answer:
        return Answer(200, self._changed(int(key), asked.body))

    def _changed(self, key: int, body: dict[str, Any]) -> dict[str, Any]:
        check = self.checks[key]
        check.update({name: body[name] for name in ("name", "head_sha", "status", "conclusion") if name in body})
        before = check.get("_annotations", [])
        output = body.get("output", {})
        check["_annotations"] = [*before, *output.get("annotations", [])]
        placed = tuple((a["path"], a["start_line"], a["annotation_level"], a["message"]) for a in check["_annotations"])
        state = check["conclusion"] or "pending"
        said = Said(check["head_sha"], check["name"], state, output.get("title", ""), "", placed, "check")
        self.world.said.append(said)
        return {name: value for name, value in check.items() if not name.startswith("_")}

    def _unbranch(self, asked: Asked, owner: str, repo: str, branch: str) -> Answer:
        if self.world.branches.pop(branch, None) is None:
            raise Refused(422, {"message": "Reference does not exist"})
        return Answer(204)

    def _request(self, number: str) -> Request:
        if int(number) not in self.world.requests:
            raise Refused(404, {"message": "Not Found"})
        return self.world.requests[int(number)]

    def _found_note(self, key: str) -> Any:
        found = self.world.find_note(int(key))
        if not found:
            raise Refused(404, {"message": "Not Found"})
        return found

    def _note(self, key: int) -> dict[str, Any]:
        request, note = self._found_note(str(key))
        shown = self.published.example("POST", f"/repos/{self.world.path}/issues/1/comments", 201)
        url = f"{self.url}/{self.world.path}/pull/{request.number}#issuecomment-{note.id}"
        user = {**shown["user"], "login": note.author}
        return {**shown, "id": note.id, "body": note.body, "html_url": url, "user": user}

    def _pull(self, request: Request, *, full: bool) -> dict[str, Any]:
        path = f"/repos/{self.world.path}/pulls"
        shown = self.published.example("POST", path, 201) if full else self.published.example("GET", path, 200)[0]
        owner = "somebody" if request.fork else self.world.path.partition("/")[0]
        full_name = f"{owner}/{self.world.path.partition('/')[2]}"
        sha = self.world.branches.get(request.branch, "0" * 40)
        merged = request.state == "merged"
        merging = {"enabled_by": shown["user"], "merge_method": "merge", "commit_title": "", "commit_message": ""}
        shown |= {
            "number": request.number,
            "node_id": f"PR_{request.number}",
            "html_url": f"{self.url}/{self.world.path}/pull/{request.number}",
            "title": request.title,
            "body": request.body or None,
            "state": "closed" if merged else request.state,
            "labels": [_label(name) for name in request.labels],
            "requested_reviewers": [{**shown["user"], "login": name} for name in request.reviewers],
            "requested_teams": [{**_team(name)} for name in request.teams],
            "auto_merge": merging if request.auto_merge else None,
            "head": {**shown["head"], "ref": request.branch, "sha": sha},
            "base": {**shown["base"], "ref": request.base},
        }
        shown["head"]["repo"] = {**shown["head"]["repo"], "full_name": full_name}
        return shown


def _label(name: str) -> dict[str, Any]:
    url = f"https://api.github.com/labels/{name}"
    about = {"description": "", "color": "f29513", "default": False}
    return {"id": 1, "node_id": "L1", "url": url, "name": name, **about}


def _team(name: str) -> dict[str, Any]:
    slug = name.rpartition("/")[2]
    url = "https://api.github.com/teams/1"
    about = {"description": "", "privacy": "closed", "permission": "admin", "parent": None, "type": "organization"}
    places = {"url": url, "html_url": url, "members_url": url + "/members{/member}", "repositories_url": url + "/repos"}
    return {"id": 1, "node_id": "T1", "name": slug, "slug": slug, **about, **places, "organization_id": 1}


def _invalid(resource: str, *, field: str = "", message: str = "") -> dict[str, Any]:
    error = {"resource": resource, "code": "custom" if message else "invalid"}
    error |= {"message": message} if message else {"field": field}
    return {"message": "Validation Failed", "errors": [error], "documentation_url": "https://docs.github.com/rest"}


def _graph_error(message: str) -> Answer:
    error = {"type": "UNPROCESSABLE", "path": ["enablePullRequestAutoMerge"], "message": message}
    return Answer(200, {"data": {"enablePullRequestAutoMerge": None}, "errors": [error]})
