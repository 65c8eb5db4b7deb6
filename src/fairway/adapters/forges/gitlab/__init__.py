"""GitLab: gitlab.com and self-managed, projects in nested groups too."""

from fairway.adapters.forges.gitlab.forge import GitlabForge

__all__ = ["GitlabForge"]
