"""What the parts of the GitLab adapter share: one project behind one API."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from urllib.parse import quote

from fairway.adapters.forges.answers import about_request
from fairway.adapters.forges.api import Api


@dataclass(frozen=True)
class GitlabProject:
    """`path` is group/…/project; the API wants it as one word."""

    api: Api
    path: str

    def of(self, rest: str) -> str:
        return f"projects/{quote(self.path, safe='')}/{rest}"

    def request(self, number: int) -> AbstractContextManager[None]:
        """What is not found inside is this merge request."""
        return about_request(number, self.path, "merge request")
