"""Auto-merge on GitHub, which only GraphQL knows; where nothing is left to wait for it is a plain merge.

The rule not to break: a merge names the commit that was looked at, so that nothing newer slips in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fairway.adapters.forges.github.repository import GithubRepository
from fairway.domain.errors import UserError

_ENABLE = """\
mutation($request: ID!, $method: PullRequestMergeMethod!, $head: GitObjectID!) {
  enablePullRequestAutoMerge(input: {pullRequestId: $request, mergeMethod: $method, expectedHeadOid: $head}) {
    pullRequest { number }
  }
}"""
_DISABLE = """\
mutation($request: ID!) {
  disablePullRequestAutoMerge(input: {pullRequestId: $request}) { pullRequest { number } }
}"""
_NOTHING_TO_WAIT_FOR = ("clean status", "has_hooks status")


@dataclass(frozen=True, slots=True)
class Merging:
    waits: bool = False
    merged: bool = False
    notes: tuple[str, ...] = ()


async def set_auto_merge(repository: GithubRepository, raw: dict[str, Any], wanted: bool) -> Merging:
    """Switch auto-merge on or off. What GitHub does not allow is a note: the pull request stands all the same.

    Taking it back must succeed, else a merge could happen that nobody wants anymore: raises UserError.
    """
    current = raw.get("auto_merge") is not None
    if current == wanted:
        return Merging(waits=current)
    request = {"request": raw["node_id"]}
    if not wanted:
        await repository.ask_graph(_DISABLE, request)
        return Merging()
    method = _method(raw)
    try:
        variables = {**request, "method": method.upper(), "head": raw["head"]["sha"]}
        await repository.ask_graph(_ENABLE, variables)
        return Merging(waits=True)
    except UserError as error:
        if not any(words in error.message.lower() for words in _NOTHING_TO_WAIT_FOR):
            return Merging(notes=(f"auto-merge could not be switched on: {error.message}",))
    return await _merged(repository, raw, method)


async def _merged(repository: GithubRepository, raw: dict[str, Any], method: str) -> Merging:
    body = {"sha": raw["head"]["sha"], "merge_method": method}
    try:
        await repository.api.send("PUT", repository.of(f"pulls/{raw['number']}/merge"), body)
    except UserError as error:
        return Merging(notes=(f"it could not be merged: {error.message}",))
    return Merging(merged=True)


def _method(raw: dict[str, Any]) -> str:
    """The first that the repository allows; GitHub tells it only to those who may push."""
    base = (raw.get("base") or {}).get("repo") or {}
    allowed = (("merge", "allow_merge_commit"), ("squash", "allow_squash_merge"), ("rebase", "allow_rebase_merge"))
    return next((method for method, key in allowed if base.get(key)), "merge")
