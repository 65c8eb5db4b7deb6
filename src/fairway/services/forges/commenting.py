"""One comment on a pull request that is kept up to date, found again by its hidden first line.

The rule not to break: comments of others are never touched, and nothing is deleted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fairway.domain.errors import UserError
from fairway.domain.forges.addresses import ForgeKind
from fairway.services.forges.ports import Comment, Comments


@dataclass(frozen=True, slots=True)
class CommentForm:
    """What a forge's comments can hold: their length in characters, and whether HTML folds and hides there."""

    limit: int
    html: bool = True


FORMS = {
    ForgeKind.GITHUB: CommentForm(60_000),
    ForgeKind.GITEA: CommentForm(60_000),
    ForgeKind.GITLAB: CommentForm(200_000),
    # Bitbucket shows HTML as it is written, and takes 32,768 characters.
    ForgeKind.BITBUCKET: CommentForm(30_000, html=False),
}


def marker(scope: str, *, html: bool = True) -> str:
    """The hidden first line of a comment about `scope`, e.g. an environment; empty for all of them."""
    about = re.sub("-{2,}", "-", " ".join(f"fairway:plan {scope}".split()).replace(")", ""))
    return f"<!-- {about} -->" if html else f"[//]: # ({about})"


async def keep_comment(comments: Comments, number: int, body: str) -> Comment:
    """Write `body`, which begins with its marker, into the comment that begins with the same one, or into a new one."""
    first = body.partition("\n")[0].strip()
    for comment in await comments.comments(number):
        if comment.body.lstrip().partition("\n")[0].strip() != first:
            continue
        if comment.body.replace("\r\n", "\n").strip() == body.strip():
            return comment
        try:
            return await comments.edit_comment(number, comment.id, body)
        except UserError:
            continue  # deleted meanwhile, or not ours to change
    return await comments.add_comment(number, body)
