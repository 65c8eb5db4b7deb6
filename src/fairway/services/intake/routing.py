"""To whom an event goes: pushes to the repository that is followed wake one listener, images another.

The rule not to break: a push to another repository or branch wakes nobody, so that one webhook of a whole organisation
costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fairway.domain.upgrades.events import ImagePushed
from fairway.domain.webhooks.events import GitPushed


@dataclass(frozen=True, slots=True)
class RoutedWakes:
    """Implements `Wake`. `url` empty: it is not known what is followed, and every push wakes."""

    on_push: Callable[[GitPushed], object]
    on_image: Callable[[ImagePushed], object]
    url: str = ""
    branch: str = ""
    """Empty: any branch."""

    def git(self, push: GitPushed) -> None:
        if not self.url or push.concerns(self.url, self.branch):
            self.on_push(push)

    def image(self, event: ImagePushed) -> None:
        self.on_image(event)
