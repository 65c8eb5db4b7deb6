"""What people do in the portal: look at their repositories, and say as which teams they may deploy.

The rule not to break: rights are asked of GitHub when something is shown, and asked again when it is saved; a form that
comes back proves nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from fairway.domain.access.choosing import Choice, choices, not_allowed
from fairway.domain.access.names import is_repository, lowered, team_slugs
from fairway.domain.access.people import SignedOut
from fairway.domain.errors import FairwayError, Refused, UserError
from fairway.services.access.changing import Changing
from fairway.services.access.ports import AccessChange, ChangedMeanwhile, Registration
from fairway.services.portal.ports import AsPerson, GithubSignIn, RepositoryAtGithub
from fairway.services.portal.sessions import Session, Sessions

MOST_REGISTRATIONS = 10_000
REMEMBERED_SECONDS = 60.0
"""How long the list of somebody's repositories is good; rights are not decided by it."""
MOST_PEOPLE = 500
RENEW_BEFORE = timedelta(minutes=2)


class NotYours(UserError):
    """There is no such repository, or he may not know of it."""


class NotAdmin(Refused):
    """He may look, and not change."""


@dataclass(frozen=True, slots=True)
class Listed:
    repository: RepositoryAtGithub
    registration: Registration | None


@dataclass(frozen=True, slots=True)
class View:
    """One repository as one person may see it."""

    repository: RepositoryAtGithub
    registration: Registration | None
    choices: Sequence[Choice]
    """Empty for who is no admin."""
    trail: Sequence[AccessChange]

    @property
    def version(self) -> str:
        return self.registration.version if self.registration else ""

    @property
    def gone(self) -> list[str]:
        return [one.slug for one in self.choices if one.is_gone]


@dataclass(frozen=True, slots=True)
class Saved:
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overtaken:
    """Somebody else was quicker: what he left, and what was wanted here."""

    view: View
    wanted: tuple[str, ...]


class Portal:
    def __init__(
        self,
        github: GithubSignIn,
        sessions: Sessions,
        changing: Changing,
        now: Callable[[], datetime],
        organizations: Sequence[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._github = github
        self._sessions = sessions
        self._changing = changing
        self._now = now
        self._owners = lowered(organizations)
        self._clock = clock
        self._lists: OrderedDict[str, tuple[float, tuple[list[RepositoryAtGithub], bool]]] = OrderedDict()
        self._renewing: dict[str, asyncio.Lock] = {}

    async def repositories(self, session: Session, text: str) -> tuple[list[Listed], bool]:
        """Those of which he is an admin and that contain the text, what is registered first; and whether there are
        more, too many to list."""
        (mine, more), kept = await asyncio.gather(
            self._mine(session), self._changing.store.search("", limit=MOST_REGISTRATIONS)
        )
        registered = {one.repository.lower(): one for one in kept}
        wanted = text.strip().lower()
        found = [
            Listed(one, registered.get(one.name.lower()))
            for one in mine
            if self._is_ours(one.name) and (wanted in one.name.lower() or wanted in one.description.lower())
        ]
        return sorted(found, key=lambda one: one.registration is None), more

    async def view(self, session: Session, name: str) -> View:
        """Raises NotYours."""
        async with self._asking(session) as github:
            return await self._view(github, session, name)

    async def save(self, session: Session, name: str, chosen: Sequence[str], version: str) -> Saved | Overtaken:
        """Let exactly these teams deploy; `version` is of the view that the choice was made in.

        Raises NotYours, NotAdmin, Refused for a team that is not his to give, UserError for what is no slug.
        """
        wanted = team_slugs(slug for slug in chosen if slug)
        async with self._asking(session) as github:
            view = await self._view(github, session, name)
            repository = view.repository
            if not repository.is_admin:
                raise NotAdmin(f"you are no admin of {repository.name}", fix="ask one of its admins")
            seen = view.registration
            if view.version != version:
                return Overtaken(view, wanted)
            registered = seen.teams if seen else ()
            if lowered(wanted) == lowered(registered):
                return Saved(registered, registered)
            teams = await github.teams(repository, session.person.login)
            if refused := not_allowed(registered, wanted, teams):
                raise Refused(
                    f"you are no maintainer of {', '.join(refused)}, or it is no team of {repository.name}",
                    fix="ask a maintainer of the team to register it, or to make you one",
                )
            try:
                stored = await self._changing.change(
                    repository.name, wanted, seen=seen, who=session.person.login, via="portal"
                )
            except ChangedMeanwhile:
                return Overtaken(await self._view(github, session, name), wanted)
        return Saved(registered, stored.teams if stored else ())

    async def leave(self, session: Session) -> None:
        """Sign out; GitHub is told that the token is not needed any more, if it can be reached."""
        await self._sessions.end(session)
        self._lists.pop(session.row.key, None)
        try:
            await self._github.revoke(session.token)
        except FairwayError:
            return

    async def _view(self, github: AsPerson, session: Session, name: str) -> View:
        self._require_ours(name)
        repository = await github.repository(name) if is_repository(name) else None
        if repository is None:
            raise NotYours(f"GitHub shows you no repository {name[:120]}")
        # One that was given away is found by its former name too.
        self._require_ours(repository.name)
        registration = await self._changing.store.read(repository.name)
        found: list[Choice] = []
        if repository.is_admin:
            teams = await github.teams(repository, session.person.login)
            found = choices(registration.teams if registration else (), teams)
        return View(repository, registration, found, await self._changing.trail.newest(repository=repository.name))

    def _require_ours(self, name: str) -> None:
        if not self._is_ours(name):
            owners = ", ".join(sorted(self._owners))
            raise NotYours(f"{name[:120]} cannot be registered here, only repositories of {owners}")

    def _is_ours(self, name: str) -> bool:
        """Slugs of teams are unique in an organization alone: another's team of the same name must not deploy here."""
        return not self._owners or name.partition("/")[0].lower() in self._owners

    async def _mine(self, session: Session) -> tuple[list[RepositoryAtGithub], bool]:
        known = self._lists.get(session.row.key)
        if known and self._clock() - known[0] < REMEMBERED_SECONDS:
            return known[1]
        async with self._asking(session) as github:
            found = await github.repositories()
        self._lists[session.row.key] = (self._clock(), found)
        self._lists.move_to_end(session.row.key)
        while len(self._lists) > MOST_PEOPLE:
            self._lists.popitem(last=False)
        return found

    @asynccontextmanager
    async def _asking(self, session: Session) -> AsyncIterator[AsPerson]:
        """GitHub in his name; a session whose token is over ends with it."""
        try:
            session = await self._fresh(session)
            async with self._github.as_person(session.token) as github:
                yield github
        except SignedOut:
            await self._sessions.end(session)
            self._lists.pop(session.row.key, None)
            raise

    async def _fresh(self, session: Session) -> Session:
        if not self._is_old(session):
            return session
        # A refresh token is good once: of several requests of one browser the first renews it for all.
        lock = self._renewing.setdefault(session.row.key, asyncio.Lock())
        try:
            async with lock:
                known = await self._sessions.find(session.secret)
                if known is None or not known.token.refresh:
                    raise SignedOut("the sign-in is over", fix="sign in again")
                if not self._is_old(known):
                    return known
                try:
                    return await self._sessions.renewed(known, await self._github.renew(known.token))
                except Refused as error:
                    # Another process may have been quicker with it.
                    other = await self._sessions.find(session.secret)
                    if other is not None and not self._is_old(other):
                        return other
                    raise SignedOut(error.message, fix=error.fix) from error
        finally:
            if not lock.locked():
                self._renewing.pop(session.row.key, None)

    def _is_old(self, session: Session) -> bool:
        ends = session.token.access_ends
        return ends is not None and self._now() >= ends - RENEW_BEFORE
