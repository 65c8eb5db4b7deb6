"""Signing in with GitHub: a browser is sent there with a secret of its own, and must bring it back.

The rule not to break: what GitHub's answer belongs to is known by the browser's sealed cookie alone (so nobody can be
made to finish somebody else's sign-in), it is good for ten minutes and once; and the way back is a path of ours.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from fairway.domain.errors import FairwayError, Refused, Transient
from fairway.services.portal.ports import AsPerson, GithubSignIn, Seal
from fairway.services.portal.sessions import Session, Sessions

GOOD_FOR = timedelta(minutes=10)
MOST_A_MINUTE = 120
"""Sign-ins that are begun, and as many that are ended, in one process."""
HOME = "/repositories"
_PLACE = "portal/sign-in"


class NotSignedIn(Refused):
    """The sign-in does not count; it is begun again."""


class TooMany(Transient):
    """More sign-ins than anybody needs."""


@dataclass(frozen=True, slots=True)
class Begun:
    url: str
    cookie: str = field(repr=False)


class SigningIn:
    def __init__(
        self,
        github: GithubSignIn,
        sessions: Sessions,
        seal: Seal,
        now: Callable[[], datetime],
        organizations: Sequence[str] = (),
        most_a_minute: int = MOST_A_MINUTE,
    ) -> None:
        self._github = github
        self._sessions = sessions
        self._seal = seal
        self._now = now
        self._organizations = organizations
        self._begun = _Rate(most_a_minute)
        self._ended = _Rate(most_a_minute)

    def begin(self, to: str) -> Begun:
        """Raises TooMany."""
        self._begun.count(self._now())
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        kept = {"state": state, "verifier": verifier, "to": own_path(to), "at": self._now().timestamp()}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        sealed = self._seal.seal(json.dumps(kept).encode(), _PLACE)
        cookie = base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()
        return Begun(self._github.authorize_url(state, challenge), cookie)

    async def finish(self, cookie: str, state: str, code: str, error: str = "") -> tuple[Session, str]:
        """The session and where to go. Raises NotSignedIn, TooMany, and what GitHub's silence raises."""
        kept = self._read(cookie)
        if not state or not hmac.compare_digest(str(kept["state"]).encode(), state.encode("utf-8", "replace")):
            raise NotSignedIn("this answer of GitHub belongs to another sign-in", fix="sign in again")
        if error:
            said = "you did not allow it" if error == "access_denied" else f"GitHub says {error[:60]!r}"
            raise NotSignedIn(f"you are not signed in: {said}", fix="sign in again")
        if not code:
            raise NotSignedIn("GitHub's answer holds no code", fix="sign in again")
        self._ended.count(self._now())
        try:
            token = await self._github.exchange(code, str(kept["verifier"]))
        except Refused as refusal:
            raise NotSignedIn(refusal.message, fix=refusal.fix) from refusal
        async with self._github.as_person(token) as github:
            person = await github.me()
            if self._organizations and not await self._is_member(github):
                with suppress(FairwayError):
                    await self._github.revoke(token)
                raise NotSignedIn(
                    f"{person.login} is no member of {' or '.join(self._organizations)}, as far as this portal can see",
                    fix="ask an owner there to invite you, or sign in to GitHub as somebody else",
                )
        session = await self._sessions.begin(person, token, state)
        if session is None:
            raise NotSignedIn("this sign-in was used before", fix="sign in again")
        return session, str(kept["to"])

    async def _is_member(self, github: AsPerson) -> bool:
        for organization in self._organizations:
            if await github.is_member(organization):
                return True
        return False

    def _read(self, cookie: str) -> dict[str, object]:
        """What the browser kept. Raises NotSignedIn for nothing, for what is not ours, and for what is old."""
        try:
            sealed = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
            kept = json.loads(self._seal.open(sealed, _PLACE)) if cookie else {}
        except (ValueError, FairwayError):
            kept = {}
        if not isinstance(kept, dict) or not kept:
            raise NotSignedIn("no sign-in was begun in this browser, or cookies are refused", fix="sign in again")
        if self._now() - datetime.fromtimestamp(float(kept["at"]), UTC) > GOOD_FOR:
            raise NotSignedIn("the sign-in took too long", fix="sign in again")
        return kept


def own_path(to: str) -> str:
    """`to` where it is a path of this very server, else the portal's first page."""
    is_path = to.startswith("/") and not to.startswith("//") and "\\" not in to and to.isprintable() and len(to) <= 500
    return to if is_path and not to.startswith("/auth/") else HOME


class _Rate:
    def __init__(self, most: int) -> None:
        self._most = most
        self._times: deque[datetime] = deque(maxlen=most)

    def count(self, now: datetime) -> None:
        if len(self._times) == self._most and now - self._times[0] < timedelta(minutes=1):
            raise TooMany("too many sign-ins at once", fix="try again in a minute")
        self._times.append(now)
