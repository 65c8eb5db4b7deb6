"""What the parts of the GitLab adapter share: one project behind one API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

from fairway.adapters.forges.answers import NotFound
from fairway.adapters.forges.api import Api


@dataclass(frozen=True)
class GitlabProject:
    """`path` is group/…/project; the API wants it as one word."""

    api: Api
    path: str

    def of(self, rest: str) -> str:
        return f"projects/{quote(self.path, safe='')}/{rest}"

    @contextmanager
    def request(self, number: int) -> Iterator[None]:
        """What is not found inside is this merge request."""
        try:
            yield
        except NotFound as error:
            raise NotFound(f"there is no merge request {number} in {self.path}", fix=error.fix) from error
