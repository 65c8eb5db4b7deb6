"""Which releases are watched, and to which of them an object belongs."""

from __future__ import annotations

from collections.abc import Iterator

from fairway.domain.manifests.objects import ObjectKey, ObjectRef
from fairway.services.watching.watched import Place, ReleaseKey, Watched


class Register:
    """`moved` is set whenever other objects are watched than before; whoever acts on it sets it back."""

    def __init__(self) -> None:
        self.moved = False
        self._watched: dict[ReleaseKey, Watched] = {}
        self._owners: dict[ObjectKey, ReleaseKey] = {}

    def __getitem__(self, key: ReleaseKey) -> Watched:
        return self._watched[key]

    def __contains__(self, key: ReleaseKey) -> bool:
        return key in self._watched

    def of(self, environment: str) -> list[ReleaseKey]:
        return [key for key in self._watched if key[0] == environment]

    def owner(self, key: ObjectKey) -> Watched | None:
        owner = self._owners.get(key)
        return self._watched[owner] if owner is not None else None

    def objects_at(self, place: Place) -> Iterator[tuple[ObjectKey, Watched]]:
        for key, owner in self._owners.items():
            if (key.kind, key.namespace) == place:
                yield key, self._watched[owner]

    def places(self) -> dict[Place, ObjectRef]:
        """Every kind and namespace that has objects, with one of them."""
        return {place: ref for one in self._watched.values() for place, ref in one.places()}

    def put(self, one: Watched) -> bool:
        """Take a release in, or its newer state; True when that may change the judgement of its objects."""
        before = self._watched.get(one.key)
        self._watched[one.key] = one
        if before is not None and before.inventory == one.inventory:
            return before.release.policy != one.release.policy
        self._release(before)
        self._owners.update(dict.fromkeys(one.inventory, one.key))
        self.moved = True
        return True

    def drop(self, key: ReleaseKey) -> None:
        self._release(self._watched.pop(key, None))

    def _release(self, one: Watched | None) -> None:
        if one is None:
            return
        for item in one.inventory:
            if self._owners.get(item) == one.key:
                del self._owners[item]
        self.moved = True
