"""GitHub: who sends webhooks, and how GitHub is told."""

from __future__ import annotations

from pathlib import Path

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.flags import kinds
from fairway.entrypoints.cli.flags.flag import Flag, Group
from fairway.entrypoints.cli.flags.given import Given
from fairway.wiring.github_deployments import GITHUB_API, GithubLogin

ENABLED = Flag("github-enabled", kinds.BOOLEAN, "Tell GitHub how deployments go; false for local work.", default="true")
WEBHOOK_SECRET = Flag(
    "github-webhook-secret", kinds.SECRETS, "Of the App's webhook; several while one is replaced.", secret=True
)
APP_ID = Flag("github-app-id", kinds.number(0), "The GitHub App's number.")
INSTALL_ID = Flag(
    "github-install-id", kinds.number(0), "Its installation, for all repositories.", default="looked up for each owner"
)
KEY_FILE = Flag("github-key-file", kinds.FILE, "The App's private key, as PEM.")
TOKEN = Flag("github-token", kinds.SECRET, "A token in the place of an App: for trying.", secret=True, ours=True)
API = Flag("github-api-url", kinds.URL, "The REST API, of GitHub Enterprise.", default=GITHUB_API, ours=True)
CLIENT_ID = Flag("github-client-id", kinds.NAME, "For signing in to the portal; without it there is none.")
CLIENT_SECRET = Flag("github-client-secret", kinds.SECRET, "Belongs to it.", secret=True)

GITHUB = Group("GitHub", (ENABLED, WEBHOOK_SECRET, APP_ID, INSTALL_ID, KEY_FILE, TOKEN, API, CLIENT_ID, CLIENT_SECRET))


def webhook_secrets(given: Given) -> tuple[str, ...]:
    return tuple(given.value(WEBHOOK_SECRET) or ())


def github_login(given: Given) -> GithubLogin | None:
    """None with `--github-enabled=false`. Raises UserError when there is no way to tell GitHub anything."""
    if given.value(ENABLED) is False:
        return None
    app_id, token = given.value(APP_ID), given.value(TOKEN)
    if app_id and token:
        raise UserError(f"both {given.named(APP_ID)} and {given.named(TOKEN)} are given", fix="give one of them")
    if not app_id and not token:
        raise UserError(
            f"there is no login for GitHub: neither {given.named(APP_ID)} nor {given.named(TOKEN)} is set",
            fix="set one of them, or --github-enabled=false for work without GitHub",
        )
    return GithubLogin(
        api=given.value(API) or GITHUB_API,
        token=token or "",
        app_id=app_id or 0,
        private_key=private_key(given) if app_id else "",
        installation=given.value(INSTALL_ID) or None,
    )


def private_key(given: Given) -> str:
    """The App's key as PEM. Raises UserError."""
    file: Path | None = given.value(KEY_FILE)
    if file is None:
        raise UserError(
            f"{given.named(APP_ID)} is set, but {given.named(KEY_FILE)} is not",
            fix="make a private key in the App's settings, and name its file",
        )
    try:
        text = file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no PEM file"
        raise UserError(f"{given.named(KEY_FILE)}: {file} can't be read: {why}", fix="name the PEM file") from error
    if "PRIVATE KEY-----" not in text:
        raise UserError(f"{given.named(KEY_FILE)}: {file} holds no private key", fix="name the PEM file of the App")
    return text
