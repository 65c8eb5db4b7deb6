"""Somebody says that commits were pushed to a Git repository."""

from __future__ import annotations

from dataclasses import dataclass

from fairway.domain.repository.remotes import canonical_remote


@dataclass(frozen=True, slots=True)
class GitPushed:
    """One branch of one repository."""

    repositories: tuple[str, ...]
    """Every address the sender gives for it, as `canonical_remote` makes them: `github.com/shop/deployments`."""
    branch: str
    commit: str
    source: str
    """`github`, `gitlab`, `gitea` or `bitbucket`."""
    id: str
    """The sender's id of the delivery; empty when it has none."""

    def concerns(self, url: str, branch: str = "") -> bool:
        """Whether it is about this remote and branch; without a branch, about any of its branches."""
        return canonical_remote(url) in self.repositories and branch in ("", self.branch)
