"""GitHub: github.com and Enterprise Server, with a token or as a GitHub App."""

from fairway.adapters.forges.github.forge import GithubForge, github_headers

__all__ = ["GithubForge", "github_headers"]
