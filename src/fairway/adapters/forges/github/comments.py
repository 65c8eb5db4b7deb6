"""Comments on pull requests, which GitHub keeps as comments on issues."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from fairway.adapters.forges.answers import NotFound
from fairway.adapters.forges.github.repository import GithubRepository
from fairway.domain.forges.requests import Comment


class GithubComments:
    _repository: GithubRepository

    async def comments(self, number: int) -> list[Comment]:
        repository = self._repository
        with repository.pull(number):
            found = await repository.api.pages(repository.of(f"issues/{number}/comments"), {"per_page": "100"})
        me = await repository.me() if found else ""
        return [
            _shown(one) for one in found if not me or _plain((one.get("user") or {}).get("login", "")) == _plain(me)
        ]

    async def add_comment(self, number: int, body: str) -> Comment:
        repository = self._repository
        with repository.pull(number):
            made = await repository.api.send("POST", repository.of(f"issues/{number}/comments"), {"body": body})
        return _shown(made)

    async def edit_comment(self, number: int, comment: str, body: str) -> Comment:
        repository = self._repository
        try:
            return _shown(
                await repository.api.send("PATCH", repository.of(f"issues/comments/{comment}"), {"body": body})
            )
        except NotFound as error:
            raise NotFound(f"pull request {number} has no comment {comment}", fix=error.fix) from error

    async def delete_comment(self, number: int, comment: str) -> None:
        with suppress(NotFound):
            await self._repository.api.send("DELETE", self._repository.of(f"issues/comments/{comment}"))


def _plain(login: str) -> str:
    """REST writes `github-actions[bot]` where GraphQL may leave the end out."""
    return login.lower().removesuffix("[bot]")


def _shown(raw: dict[str, Any]) -> Comment:
    return Comment(str(raw["id"]), raw.get("body") or "", str(raw.get("html_url", "")))
