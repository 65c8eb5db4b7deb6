"""Trims a forge's published API description to the calls that Fairway makes.

    npm pack @octokit/openapi && tar xzf octokit-openapi-*.tgz
    python -m tests.support.forges.trim github package/generated/api.github.com.json
    go mod download -json code.gitea.io/gitea@VERSION
    python -m tests.support.forges.trim gitea DIR/templates/swagger/v1_json.tmpl

Descriptions and other examples are left out; schemas and whatever they refer to stay as they are.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "published"

GITHUB = {
    "/app": ["get"],
    "/app/installations/{installation_id}/access_tokens": ["post"],
    "/rate_limit": ["get"],
    "/repos/{owner}/{repo}/check-runs": ["post"],
    "/repos/{owner}/{repo}/check-runs/{check_run_id}": ["patch"],
    "/repos/{owner}/{repo}/commits/{ref}/check-runs": ["get"],
    "/repos/{owner}/{repo}/deployments": ["get", "post"],
    "/repos/{owner}/{repo}/deployments/{deployment_id}": ["get"],
    "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses": ["get", "post"],
    "/repos/{owner}/{repo}/git/refs/{ref}": ["delete"],
    "/repos/{owner}/{repo}/installation": ["get"],
    "/repos/{owner}/{repo}/issues/comments/{comment_id}": ["patch", "delete"],
    "/repos/{owner}/{repo}/issues/{issue_number}/comments": ["get", "post"],
    "/repos/{owner}/{repo}/issues/{issue_number}/labels": ["post"],
    "/repos/{owner}/{repo}/pulls": ["get", "post"],
    "/repos/{owner}/{repo}/pulls/{pull_number}": ["get", "patch"],
    "/repos/{owner}/{repo}/pulls/{pull_number}/merge": ["put"],
    "/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers": ["post"],
    "/repos/{owner}/{repo}/pulls/{pull_number}/reviews": ["get"],
    "/repos/{owner}/{repo}/statuses/{sha}": ["post"],
}
PORTAL = {
    "/app/installations/{installation_id}/access_tokens": ["post"],
    "/applications/{client_id}/token": ["delete"],
    "/orgs/{org}/teams/{team_slug}/memberships/{username}": ["get"],
    "/repos/{owner}/{repo}": ["get"],
    "/repos/{owner}/{repo}/installation": ["get"],
    "/repos/{owner}/{repo}/teams": ["get"],
    "/user": ["get"],
    "/user/memberships/orgs/{org}": ["get"],
    "/user/repos": ["get"],
}
GITEA = {
    "/repos/{owner}/{repo}/branches/{branch}": ["delete"],
    "/repos/{owner}/{repo}/issues/comments/{id}": ["patch", "delete"],
    "/repos/{owner}/{repo}/issues/{index}/comments": ["get", "post"],
    "/repos/{owner}/{repo}/issues/{index}/labels": ["post"],
    "/repos/{owner}/{repo}/labels": ["get", "post"],
    "/repos/{owner}/{repo}/pulls": ["get", "post"],
    "/repos/{owner}/{repo}/pulls/{index}": ["get", "patch"],
    "/repos/{owner}/{repo}/pulls/{index}/merge": ["post", "delete"],
    "/repos/{owner}/{repo}/pulls/{index}/requested_reviewers": ["post"],
    "/repos/{owner}/{repo}/pulls/{index}/reviews": ["get"],
    "/repos/{owner}/{repo}/statuses/{sha}": ["post"],
    "/user": ["get"],
}


def trimmed(whole: dict[str, Any], calls: dict[str, list[str]]) -> dict[str, Any]:
    """The calls, and the closure of what they refer to."""
    paths = {path: {verb: whole["paths"][path][verb] for verb in verbs} for path, verbs in calls.items()}
    small: dict[str, Any] = {key: whole[key] for key in ("openapi", "swagger") if key in whole}
    small["paths"] = _without_talk(paths)
    todo = list(_references(small["paths"]))
    while todo:
        reference = todo.pop()
        *folders, name = reference.removeprefix("#/").split("/")
        source, target = whole, small
        for folder in folders:
            source, target = source[folder], target.setdefault(folder, {})
        if name not in target:
            keep = "examples" in folders
            target[name] = source[name] if keep else _without_talk(source[name])
            todo += _references(target[name])
    return small


def _without_talk(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_talk(item) for item in node]
    if not isinstance(node, dict):
        return node
    talk = ("description", "summary", "externalDocs", "tags", "operationId", "x-github", "x-go-package", "title")
    kept = {
        key: _without_talk(value)
        for key, value in node.items()
        if not (key in talk and not (isinstance(value, dict) and ("type" in value or "$ref" in value)))
    }
    if isinstance(kept.get("examples"), dict) and not all(
        isinstance(v, dict) and "$ref" in v for v in kept["examples"].values()
    ):
        kept.pop("examples")
    if not (isinstance(kept.get("example"), dict) and "type" in kept["example"]):
        kept.pop("example", None)
    return kept


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for item in node:
            yield from _references(item)


def main(name: str, source: str) -> None:
    raw = Path(source).read_bytes()
    small = trimmed(json.loads(raw), {"github": GITHUB, "github-portal": PORTAL, "gitea": GITEA}[name])
    small["x-trimmed-from"] = {"sha256": hashlib.sha256(raw).hexdigest()}
    text = json.dumps(small, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
