"""The secrets of requests that are under way.

What is told of a request is masked with its own secrets. One waiter serves all requests, so a log line does not know
whose it is: it is masked with all of them. The rule not to break: texts are masked before they are cut, or half a
secret would get through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from fairway.domain.deployments.masking import mask as mask_by_looks
from fairway.domain.dispatch.secrets import secrets_in
from fairway.domain.manifests.objects import Object
from fairway.domain.values.secrets import SecretRegister

Mask = Callable[[str], str]


class Masks:
    def __init__(self) -> None:
        self._registers: list[SecretRegister] = []

    @contextmanager
    def of(self, objects: Iterable[Object]) -> Iterator[Mask]:
        """What masks their secrets, and what looks like one, as the logs of pods may hold; for as long as the block
        lasts they are masked in log lines too."""
        register = SecretRegister()
        secrets_in(objects, register)
        self._registers.append(register)
        try:
            yield lambda text: mask_by_looks(register.mask(text))
        finally:
            self._registers.remove(register)

    def all(self, text: str) -> str:
        """Without the secrets of any request, and without what looks like a secret; for what programs log."""
        for register in self._registers:
            text = register.mask(text)
        return mask_by_looks(text)
