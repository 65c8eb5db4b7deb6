"""The server's own key, with which secrets are sealed before they are stored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fairway.adapters.secretbox import SecretBox
    from fairway.settings import Settings

OWN_FILE = "secret.key"


def open_secret_box(settings: Settings, file: Path | None = None) -> SecretBox:
    """From the file that is named here or by the setting; else from one in the data folder, made when there is none.

    A file that somebody named must be there: another key made in its place would open nothing. Raises UserError.
    """
    from fairway.adapters.secretbox import own_secret_box, read_secret_box

    named = file or settings.secret_key_file
    return read_secret_box(named) if named else own_secret_box(settings.data_dir / OWN_FILE)
