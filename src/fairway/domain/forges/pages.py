"""Pages of a repository for people, by what each forge calls them."""

from __future__ import annotations

from fairway.domain.forges.addresses import ForgeAddress, ForgeKind

_COMMITS = {ForgeKind.GITLAB: "-/commit", ForgeKind.BITBUCKET: "commits"}


def commit_page(address: ForgeAddress, commit: str) -> str:
    """The page of a commit; empty where the forge has no known web address."""
    if not address.web or not commit:
        return ""
    return f"{address.web}/{address.repository}/{_COMMITS.get(address.kind, 'commit')}/{commit}"
