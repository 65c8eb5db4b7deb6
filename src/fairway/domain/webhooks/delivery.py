"""One request as it arrived, and what reading it can give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qs

from fairway.domain.errors import UserError
from fairway.domain.upgrades.events import ImagePushed
from fairway.domain.webhooks.events import GitPushed

MOST_FIELDS = 100


class Malformed(UserError):
    """The body is not what the sender's documentation describes; the message names the field."""


@dataclass(frozen=True, slots=True)
class Delivery:
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    body: bytes = field(repr=False)
    at: datetime
    """When it arrived."""
    query: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def payload(self) -> bytes:
        """The JSON: the body, or its field `payload` where GitHub and its kin send a form. Raises Malformed."""
        form = self.header("content-type").lower().startswith("application/x-www-form-urlencoded")
        if not form or self.body.lstrip().startswith(b"{"):  # curl calls everything a form
            return self.body
        try:
            found = parse_qs(self.body, max_num_fields=MOST_FIELDS).get(b"payload")
        except ValueError:
            found = None
        if not found:
            raise Malformed("the form has no payload")
        return found[0]

    def header(self, *names: str) -> str:
        """The first of these headers that is there; else empty."""
        return next((value for name in names if (value := self.headers.get(name.lower(), "").strip())), "")


@dataclass(frozen=True, slots=True)
class Parsed:
    """The events of a delivery; without any, why."""

    images: tuple[ImagePushed, ...] = ()
    pushes: tuple[GitPushed, ...] = ()
    ignored: str = ""
    id: str = ""
    """The sender's id of this delivery, by which one that is sent again is known."""
