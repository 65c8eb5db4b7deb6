"""The only module that reads the environment and settings files.

Every setting has a section in docs/spec/settings.md; a test fails when one is missing there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


def _user_folder(env: Mapping[str, str], variable: str, linux: str, mac: str) -> Path:
    if value := env.get(variable):
        return Path(value).expanduser()
    home = Path(env.get("HOME") or Path.home())
    return home / (mac if sys.platform == "darwin" else linux)


@dataclass(frozen=True, slots=True)
class Settings:
    """Where Fairway keeps things and whom it talks to; all paths absolute."""

    cache_dir: Path
    data_dir: Path
    config_dir: Path
    ledger_url: str
    environments_file: Path
    engine: str
    log_level: str
    color: bool | None
    user: str
    host: str
    in_github_actions: bool
    log_format: str = "text"
    in_cluster: str = ""
    """The cluster, by its name in environments.yaml, whose pod this process is."""
    records: str = "secrets"
    """Where revisions are kept: as written, `FAIRWAY_RECORDS` or else Helm's own `HELM_DRIVER`."""
    records_database: str = field(default="", repr=False)
    """Helm's connection string for `sql`; it may hold a password."""
    secret_key_file: Path | None = None
    """The server's own keys, to seal secrets with; None means a file of our own in the data folder."""

    @property
    def chart_cache(self) -> Path:
        return self.cache_dir / "charts"


def load_settings(env: Mapping[str, str] | None = None) -> Settings:
    """Read the process environment once. Variables: docs/spec/settings.md."""
    env = os.environ if env is None else env
    cache = Path(
        env.get("FAIRWAY_CACHE_DIR") or _user_folder(env, "XDG_CACHE_HOME", ".cache", "Library/Caches") / "fairway"
    )
    data = Path(
        env.get("FAIRWAY_DATA_DIR")
        or _user_folder(env, "XDG_DATA_HOME", ".local/share", "Library/Application Support") / "fairway"
    )
    config = Path(
        env.get("FAIRWAY_CONFIG_DIR")
        or _user_folder(env, "XDG_CONFIG_HOME", ".config", "Library/Preferences") / "fairway"
    )
    color: bool | None = None
    if env.get("NO_COLOR"):
        color = False
    elif env.get("FORCE_COLOR") or env.get("CLICOLOR_FORCE"):
        color = True
    return Settings(
        cache_dir=cache.absolute(),
        data_dir=data.absolute(),
        config_dir=config.absolute(),
        ledger_url=env.get("FAIRWAY_LEDGER_URL") or f"sqlite:///{(data / 'ledger.db').absolute()}",
        environments_file=Path(env.get("FAIRWAY_ENVIRONMENTS_FILE") or "environments.yaml"),
        engine=env.get("FAIRWAY_ENGINE") or "sdk",
        log_level=env.get("FAIRWAY_LOG_LEVEL") or "warning",
        color=color,
        user=env.get("FAIRWAY_USER")
        or env.get("GITHUB_ACTOR")
        or env.get("GITLAB_USER_LOGIN")
        or env.get("USER")
        or env.get("LOGNAME")
        or _login_name(),
        host=os.uname().nodename,
        in_github_actions=env.get("GITHUB_ACTIONS") == "true",
        log_format=env.get("FAIRWAY_LOG_FORMAT") or "text",
        in_cluster=env.get("FAIRWAY_IN_CLUSTER") or "",
        records=env.get("FAIRWAY_RECORDS") or env.get("HELM_DRIVER") or "secrets",
        records_database=env.get("HELM_DRIVER_SQL_CONNECTION_STRING") or "",
        secret_key_file=Path(env["FAIRWAY_SECRET_KEY_FILE"]).absolute() if env.get("FAIRWAY_SECRET_KEY_FILE") else None,
    )


def _login_name() -> str:
    """The account that this process runs under, as a container without USER still knows it."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        return "unknown"


def process_environment() -> Mapping[str, str]:
    """The variables that other programs define (docker, helm, AWS): whoever needs them gets them from here."""
    return dict(os.environ)
