"""`git`: the deployments repository as a remote, how to log in there, and the forge that it lives on."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fairway.domain.configuration.secrets import Secret
from fairway.domain.repository.written.base import Written


class GitCredentials(Written):
    """A token, a user name with a password, or an SSH key; none is asked of the machine's own git."""

    username: str | None = Field(None, description="Default with a token: what the forge expects")
    password: Secret | None = Field(None, description="Goes with username")
    token: Secret | None = Field(None, description="An access token, for HTTPS")
    ssh_key: Secret | None = Field(None, description="A private key, for SSH")
    known_hosts: str | None = Field(None, description="Host keys that are trusted, relative to this file")


class Author(Written):
    name: str = Field("Fairway", description="Name on commits")
    email: str = Field("fairway@localhost", description="E-mail address on commits")


class Signing(Written):
    format: Literal["ssh", "gpg"] = Field(description="How commits are signed")
    key: Secret = Field(description="The private key: SSH's own format, or armoured OpenPGP")


class Verification(Written):
    """Which signatures a commit needs before the agent applies it."""

    allowed_signers: str | None = Field(None, description="File of SSH keys, as git's gpg.ssh.allowedSignersFile")
    gpg_keys: str | None = Field(None, description="File of armoured OpenPGP public keys")


class GithubApp(Written):
    id: int = Field(description="The App's id")
    private_key: Secret = Field(description="The App's private key (PEM)")
    installation: int | None = Field(None, description="Default: the installation of the repository")


class Forge(Written):
    kind: Literal["github", "gitlab", "gitea", "forgejo", "bitbucket"] | None = Field(
        None, description="Default: by the host of the URL"
    )
    api: str | None = Field(None, description="Base URL of its API; default: that of the host")
    repository: str | None = Field(None, description="owner/name; default: the path of the URL")
    token: Secret | None = Field(None, description="An access token; default: that of credentials")
    app: GithubApp | None = Field(None, description="A GitHub App instead of a token")


class GitSection(Written):
    url: str | None = Field(None, description="Where to clone from; default: origin of this folder")
    branch: str | None = Field(None, description="Default: the remote's own default branch")
    credentials: GitCredentials | None = Field(None, description="How to log in")
    author: Author = Field(Author(), description="Who commits")
    signing: Signing | None = Field(None, description="Sign commits")
    verify: Verification | None = Field(None, description="Apply only commits with a known signature")
    forge: Forge | None = Field(None, description="Where pull requests are made")
