"""Forges: GitHub, GitLab, Gitea and Forgejo, Bitbucket Cloud, and one in memory."""
