"""Changes as one commit, pushed onto the base.

The rule not to break: every attempt begins with the newest files; a commit that was not pushed is never built upon.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fairway.domain.writing.messages import message_of, subject_of
from fairway.domain.writing.pushing import PushAnswer
from fairway.services.writing.attempts import Attempts
from fairway.services.writing.changes import Change, Outcome
from fairway.services.writing.editing import Load, edit
from fairway.services.writing.ports import WorkingCopy
from fairway.services.writing.upgrading import told

CommitUrl = Callable[[str], str]


def _no_url(commit: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Committing:
    copy: WorkingCopy
    load: Load
    subject: str | None = None
    """A template; None for the usual words."""
    commit_url: CommitUrl = _no_url
    attempts: Attempts = field(default_factory=Attempts)

    async def write(self, changes: Sequence[Change]) -> Outcome:
        """One commit of all that can be made. Raises FairwayError when nothing could be written."""
        return await self.attempts.until_pushed(lambda number: self._once(changes, number), await self.copy.base())

    async def _once(self, changes: Sequence[Change], number: int) -> tuple[PushAnswer | None, Outcome]:
        async with self.copy.opened():
            head = await self.copy.newest()
            top = await self.copy.start(head.commit)
            edits = await edit(self.load, top, changes)
            branch = await self.copy.base()
            files = [file for one in edits.edited for file in one.files]
            written = [told(one) for one in edits.edited]
            message = message_of(written, self.subject) if written else ""
            commit = await self.copy.commit(head.commit, message, files) if written else ""
            if not commit:
                return None, Outcome(branch=branch, failed=edits.failed, attempts=number)
            answer = await self.copy.push(commit)
        subject = subject_of(written, self.subject)
        url = self.commit_url(commit)
        return answer, Outcome(commit, branch, subject, url, edited=edits.edited, failed=edits.failed, attempts=number)
