"""The secrets of all requests that are under way: whatever is told of one of them is masked with all of them.

One waiter serves all requests, so a log line does not know whose it is. The rule not to break: texts are masked before
they are cut, or half a secret would get through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from fairway.domain.deployments.masking import mask as mask_by_looks
from fairway.domain.dispatch.secrets import secrets_in
from fairway.domain.manifests.objects import Object
from fairway.domain.values.secrets import SecretRegister


class Masks:
    def __init__(self) -> None:
        self._registers: list[SecretRegister] = []

    @contextmanager
    def of(self, objects: Iterable[Object]) -> Iterator[None]:
        """Their secrets are masked for as long as the block lasts."""
        register = SecretRegister()
        secrets_in(objects, register)
        self._registers.append(register)
        try:
            yield
        finally:
            self._registers.remove(register)

    def known(self, text: str) -> str:
        """The text without the secrets of requests; for what Kubernetes says."""
        for register in self._registers:
            text = register.mask(text)
        return text

    def all(self, text: str) -> str:
        """Also without what looks like a secret; for what programs log."""
        return mask_by_looks(self.known(text))
