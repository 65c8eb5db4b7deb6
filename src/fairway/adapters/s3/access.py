"""Team access in a bucket: object key `owner/repo`, body a JSON array of team slugs.

Who is taken out leaves an empty array behind: that is one conditional write, where a deletion would not be, and whoever
reads the bucket without Fairway lets nobody through. The rule not to break: keys stay as somebody wrote them, so that
other readers of the bucket find them; that GitHub takes no notice of case is our business, not theirs.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from fairway.adapters.s3.bucket import Bucket, Lost, NoObject, Stored
from fairway.domain.access.names import is_repository, team_slugs
from fairway.domain.access.registrations import ChangedMeanwhile, Registration
from fairway.domain.errors import FairwayError, Terminal, UserError

READERS = 8
"""Objects that are read at the same time for a search."""
OTHER_CASE_SECONDS = 5.0
"""So old may the list be by which a repository is found whose key is written in another case."""
MOST_OWNERS = 100
_LOG = logging.getLogger(__name__)


class S3Access:
    """Implements `services.access.ports.AccessStore`."""

    def __init__(self, bucket: Bucket, clock: Callable[[], float] = time.monotonic) -> None:
        self._bucket = bucket
        self._clock = clock
        self._listing = threading.Lock()
        self._lists: dict[str, tuple[float, list[str]]] = {}
        self._read_before: dict[str, tuple[str, Registration | None]] = {}

    async def read(self, repository: str) -> Registration | None:
        found = await asyncio.to_thread(self._find, repository)
        return found[1] if found else None

    async def write(self, repository: str, teams: Sequence[str], *, expected: str | None) -> Registration | None:
        return await asyncio.to_thread(self._write, repository, team_slugs(teams), expected)

    async def search(self, text: str, *, limit: int) -> list[Registration]:
        return await asyncio.to_thread(self._search, text.strip().lower(), limit)

    def _find(self, repository: str, *, fresh: bool = False) -> tuple[str, Registration | None, Stored] | None:
        """Key, registration (None for an empty one) and object, under the key as given or in another case."""
        for key in itertools.chain((repository,), self._same(repository, fresh=fresh)):
            try:
                stored = self._bucket.get(key)
            except NoObject:
                continue
            return key, self._registration(key, stored), stored
        return None

    def _same(self, repository: str, *, fresh: bool) -> Iterator[str]:
        """Keys that GitHub takes for the same repository, of which there should be one."""
        wanted = repository.lower()
        yield from sorted(key for key in self._keys(wanted.partition("/")[0], fresh=fresh) if key.lower() == wanted)

    def _keys(self, owner: str, *, fresh: bool) -> list[str]:
        """Of all repositories of an owner, in any case; remembered, as what is not there may be asked for often."""
        with self._listing:
            known = self._lists.get(owner)
            if known and not fresh and self._clock() - known[0] < OTHER_CASE_SECONDS:
                return known[1]
            listed_at = self._clock()
            folders = [folder for folder in self._bucket.folders() if folder.lower() == f"{owner}/"]
            keys = [key for folder in folders for key, _ in self._bucket.listed(folder)]
            if len(self._lists) >= MOST_OWNERS:
                self._lists.clear()
            self._lists[owner] = listed_at, keys
            return keys

    def _write(self, repository: str, teams: tuple[str, ...], expected: str | None) -> Registration | None:
        changed = ChangedMeanwhile(f"the registration of {repository} was changed meanwhile", fix="look at it again")
        found = self._find(repository, fresh=True)
        now = found[1] if found else None
        if (now.version if now else None) != expected:
            raise changed
        if found is None and not teams:
            return None
        key, etag = (found[0], found[2].etag) if found else (repository, None)
        body = json.dumps(list(teams)).encode()
        try:
            stored = Stored(body, self._bucket.put(key, body, expected=etag))
        except Lost:
            own = self._own_write(key, body)
            if own is None:
                raise changed from None
            stored = own
        if etag is None and any(other != key for other in self._same(repository, fresh=True)):
            # Somebody else registered it at the same moment, in another case: nobody's counts, both are told.
            self._bucket.remove(key)
            raise changed
        return self._registration(key, stored)

    def _own_write(self, key: str, body: bytes) -> Stored | None:
        """Where the answer to a write got lost, its repetition finds the object changed: by the write itself."""
        try:
            stored = self._bucket.get(key)
        except NoObject:
            return None
        return stored if stored.body == body else None

    def _search(self, text: str, limit: int) -> list[Registration]:
        listed = sorted((key.lower(), key, etag) for key, etag in self._bucket.listed() if is_repository(key))
        with ThreadPoolExecutor(READERS) as readers:
            found = readers.map(lambda one: self._listed(one[1], one[2]), listed)
            fitting = (one for one in found if one is not None and _fits(one, text))
            result = list(islice(fitting, limit))
        kept = {key for _, key, _ in listed}
        self._read_before = {key: known for key, known in self._read_before.items() if key in kept}
        return result

    def _listed(self, key: str, etag: str) -> Registration | None:
        known = self._read_before.get(key)
        if known is None or known[0] != etag:
            try:
                stored = self._bucket.get(key)
                known = stored.etag, self._registration(key, stored)
            except NoObject:
                return None
            except Terminal as error:
                _LOG.warning("access.unreadable", extra={"repository": key, "reason": error.message})
                known = etag, None
            self._read_before[key] = known
        return known[1]

    def _registration(self, key: str, stored: Stored) -> Registration | None:
        where = f"the object {key} in {self._bucket.place.shown}"
        fix = 'store a JSON array of team slugs there, e.g. ["orders"], or delete it'
        try:
            teams = json.loads(stored.body or b"[]")
        except ValueError as error:
            raise Terminal(f"{where} is not JSON: {error}", fix=fix) from None
        if teams is None:
            return None
        if not isinstance(teams, list) or not all(isinstance(team, str) for team in teams):
            raise Terminal(f"{where} is no array of texts", fix=fix)
        try:
            slugs = team_slugs(teams)
        except UserError as error:
            raise Terminal(f"{where}: {error.message}", fix=fix) from None
        return Registration(key, slugs, stored.etag) if slugs else None


def _fits(one: Registration, text: str) -> bool:
    return text in one.repository.lower() or any(text in team.lower() for team in one.teams)


async def open_s3_access(bucket: Bucket) -> S3Access:
    """With a bucket that is there. Raises Transient and UserError."""
    try:
        await asyncio.to_thread(bucket.prepare)
    except Lost as error:  # no condition was asked for
        raise FairwayError(error.message) from error
    return S3Access(bucket)
