"""The tags of a repository, page by page, each page only transferred when it changed.

The rule not to break: pages end, and lead nowhere else; a list that is cut short is an error, never a shorter list.
What cannot be a tag is none: tags are written into files, messages and terminals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fairway.adapters.charts.oci import MOST_PAGES, next_page
from fairway.adapters.charts.web import Answer
from fairway.adapters.registry.asking import Asking
from fairway.adapters.registry.documents import is_digest, json_in
from fairway.adapters.registry.tag_lists import Page, TagLists
from fairway.domain.charts.archive import MIB
from fairway.domain.errors import Terminal, UserError
from fairway.domain.upgrades.images import is_tag

FIRST_PAGE = "tags/list?n=1000"
PLAIN_PAGE = "tags/list"
"""For registries that refuse to be told how many tags to give (400, PAGINATION_NUMBER_INVALID)."""


@dataclass(frozen=True, slots=True)
class Listed:
    tags: tuple[str, ...]
    digests: Mapping[str, str]
    """Of the tags whose digest the registry says along with them."""


class Listing:
    def __init__(self, asking: Asking, lists: TagLists) -> None:
        self._asking = asking
        self._lists = lists
        self._plain: set[str] = set()
        """Hosts that want PLAIN_PAGE."""

    async def tags(self, repository: str) -> Listed:
        """Raises UserError when there is no such repository."""
        pages: dict[str, Page] = {}
        path = PLAIN_PAGE if repository.partition("/")[0] in self._plain else FIRST_PAGE
        while path:
            if path in pages:
                raise Terminal(f"{repository}: the registry's pages of tags go round in a circle")
            if len(pages) >= MOST_PAGES:
                raise Terminal(f"{repository} has more than {MOST_PAGES} pages of tags")
            pages[path] = await self._page(repository, path)
            path = pages[path].next
        self._lists.keep(repository, pages)
        tags = dict.fromkeys(tag for page in pages.values() for tag in page.tags)
        return Listed(tuple(tags), {tag: found for page in pages.values() for tag, found in page.digests.items()})

    async def _page(self, repository: str, path: str) -> Page:
        known = await self._lists.find(repository, path)
        conditions = {"If-None-Match": known.etag} if known else None
        answer = await self._asking.ask(repository, path, limit=32 * MIB, headers=conditions, also=400)
        if answer.status == 400 and path == FIRST_PAGE:
            page = await self._page(repository, PLAIN_PAGE)
            self._plain.add(repository.partition("/")[0])
            return page
        if answer.status == 400:
            raise UserError(f"{repository}: the registry answers 400", fix="check the name of the image")
        if answer.status == 404:
            fix = "check the name, or push an image to it"
            raise UserError(f"there is no image repository {repository}", fix=fix)
        if answer.status == 304:
            if known is None:
                raise Terminal(f"{repository}: the registry says that an unknown list of tags did not change")
            return known
        return _page_in(answer, repository)


def _page_in(answer: Answer, repository: str) -> Page:
    body = json_in(answer.body, repository)
    listed = body.get("tags") or []
    if not isinstance(listed, list):
        raise Terminal(f"{repository}: the registry's list of tags is not a list")
    tags = tuple(tag for tag in listed if is_tag(tag))
    return Page(answer.headers.get("etag", ""), tags, next_page(answer), _digests(body.get("manifest")))


def _digests(manifests: Any) -> dict[str, str]:
    """Google's registries list the tags of each digest too."""
    found: dict[str, str] = {}
    for digest, about in manifests.items() if isinstance(manifests, dict) else ():
        tags = about.get("tag") if isinstance(about, dict) else None
        if is_digest(digest) and isinstance(tags, list):
            found |= {tag: digest for tag in tags if is_tag(tag)}
    return found
