"""The check of `fairway.yaml`, when there is one beside environments.yaml."""

from __future__ import annotations

import os
from pathlib import Path

from fairway.domain.configuration import FILE_NAME
from fairway.domain.configuration.checking import check_configuration
from fairway.domain.configuration.file import Configuration
from fairway.domain.errors import InvalidInput, Position
from fairway.domain.repository.findings import Findings
from fairway.domain.repository.sites import Document, Site
from fairway.domain.yaml import compose
from fairway.services.loading import shown_path


def check_configuration_file(repository_file: Path, shown_from: Path | None, findings: Findings) -> int:
    """Reports every mistake; how many files were read."""
    path = repository_file.absolute().parent / FILE_NAME
    if not os.path.isfile(path):
        return 0
    shown = shown_path(str(path), (shown_from or Path.cwd()).absolute())
    try:
        value, positions, problems = compose(path.read_text(encoding="utf-8"), shown)
    except InvalidInput as error:
        findings.add(*error.diagnostics)
    except UnicodeDecodeError as error:
        findings.error("yaml-syntax", f"byte {error.start} is not UTF-8", Position(shown), "save the file as UTF-8")
    except OSError as error:
        findings.error("missing-file", f"cannot be read: {error.strerror}", Position(shown))
    else:
        document = Document(str(path), shown, value, positions, tuple(problems))
        _check_files(check_configuration(document, findings), path.parent, Site(positions), findings)
    return 1


def _check_files(configuration: Configuration, folder: Path, site: Site, findings: Findings) -> None:
    """Files that the repository brings; those of secrets are often there only where the agent runs."""
    credentials, verify = configuration.git.credentials, configuration.git.verify
    channels = enumerate(configuration.notifications.channels)
    named = (
        (("git", "credentials", "knownHosts"), credentials.known_hosts if credentials else None),
        (("git", "verify", "allowedSigners"), verify.allowed_signers if verify else None),
        (("git", "verify", "gpgKeys"), verify.gpg_keys if verify else None),
        *(
            (("notifications", "channels", n, "email", "caFile"), one.email.ca_file if one.email else None)
            for n, one in channels
        ),
    )
    for place, written in named:
        if written is not None and not os.path.isfile(folder / written):
            findings.error(
                "missing-file", f"there is no file {written}", site.at(*place), "paths are relative to this file"
            )
