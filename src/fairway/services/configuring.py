"""Reads `fairway.yaml` beside environments.yaml, and the secrets that it names.

The rule not to break: a secret is read when it is used, and its text is in no error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from fairway.domain.configuration import FILE_NAME
from fairway.domain.configuration.checking import check_configuration
from fairway.domain.configuration.file import Configuration
from fairway.domain.configuration.secrets import SecretSource
from fairway.domain.errors import InvalidInput, UserError
from fairway.domain.repository.findings import Findings
from fairway.domain.repository.sites import Document
from fairway.domain.yaml import compose
from fairway.services.loading import shown_path


@dataclass(frozen=True, slots=True)
class Configured:
    """A configuration, and the folder that its paths are relative to."""

    configuration: Configuration
    folder: Path
    file: Path | None = None
    """None when there is no file, and everything has its default."""

    def trusting_events(self) -> Configured:
        """The same with `upgrades.trustEvents`, whatever the file says."""
        upgrades = self.configuration.upgrades.model_copy(update={"trust_events": True})
        return replace(self, configuration=self.configuration.model_copy(update={"upgrades": upgrades}))

    def path(self, written: str) -> Path:
        return self.folder / written

    def secret(self, source: SecretSource, env: Mapping[str, str]) -> str:
        """The secret itself. Raises UserError that names where it should have been."""
        if source.env is not None:
            value = env.get(source.env)
            if not value:
                fix = f"set {source.env}, or name another variable in {self._shown}"
                raise UserError(f"the variable {source.env} is not set", fix=fix)
            return value
        path = self.path(source.file or "")
        try:
            text = path.read_text(encoding="utf-8").removesuffix("\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise UserError(f"the secret in {path} cannot be read: {reason}", fix=f"see {self._shown}") from error
        if not text:
            raise UserError(f"the secret in {path} is empty", fix="write it into the file")
        return text

    @property
    def _shown(self) -> str:
        return str(self.file or FILE_NAME)


def load_configuration(environments_file: Path, given: Path | None = None) -> Configured:
    """`given`, or `fairway.yaml` beside environments.yaml, or all defaults.

    Raises UserError when a given file does not exist, InvalidInput with every mistake.
    """
    path = (given or environments_file.parent / FILE_NAME).absolute()
    if not path.is_file():
        if given is not None:
            raise UserError(f"there is no {given}", fix="name a configuration, see docs/spec/configuration.md")
        return Configured(Configuration(), path.parent)
    shown = shown_path(str(path), Path.cwd())
    findings = Findings()
    try:
        value, positions, problems = compose(path.read_text(encoding="utf-8"), shown)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{shown} cannot be read: {error}", fix="save it as UTF-8, and readable") from error
    configuration = check_configuration(Document(str(path), shown, value, positions, tuple(problems)), findings)
    if findings.failed:
        raise InvalidInput(findings.in_order())
    return Configured(configuration, path.parent, path)
