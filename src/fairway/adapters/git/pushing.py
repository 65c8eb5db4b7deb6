"""What a server answered to a push, as one of few answers.

The rule not to break: a branch that is protected is told at once; everything else that a server refuses may pass later.
"""

from __future__ import annotations

from collections.abc import Iterable

from fairway.adapters.git.failures import remote_failure, told
from fairway.adapters.git.process import Ran
from fairway.domain.errors import UserError
from fairway.domain.writing.pushing import PushAnswer, Pushed

_PROTECTED = (
    "protected branch",
    "branch is protected",
    "gh006",
    "gh013",
    "repository rule violations",
    "not allowed to push code to protected",
    "not allowed to push to",
    "permission denied to update branch",
    "changes must be made through a pull request",
    "tf402455",
)
_BEHIND = (
    "(fetch first)",
    "(non-fast-forward)",
    "(stale info)",
    "(cannot lock ref",
    "(failed to update ref",
    "(reference already exists",
    "incorrect old value",
    "(needs force)",
    "(failed to lock",
)


def answer_of(ran: Ran, secrets: Iterable[str], url: str, branch: str) -> PushAnswer:
    """Raises UserError (protected, login, no repository), Transient (no answer), Terminal."""
    if ran.code == 0:
        return PushAnswer(Pushed.DONE)
    said = f"{ran.out}\n{ran.err}"
    text = said.lower()
    refused = [line for line in ran.out.splitlines() if line.startswith("!")]
    if not refused:
        raise remote_failure(ran.err, url, branch, secrets)
    if any(part in text for part in _PROTECTED):
        message = f"the branch {branch} of {url} is protected: {told(ran.err, secrets)}"
        fix = "set upgrades.write: pullRequest in fairway.yaml, or allow this login to push to the branch"
        raise UserError(message, fix=fix)
    if any(part in line.lower() for line in refused for part in _BEHIND) or "cannot lock ref" in text:
        return PushAnswer(Pushed.BEHIND, told(ran.err, secrets))
    return PushAnswer(Pushed.DECLINED, told(ran.err, secrets))
