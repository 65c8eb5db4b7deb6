"""`fairway.holds.yaml`: its mistakes, and holds of what is not declared."""

from __future__ import annotations

from pathlib import Path

from fairway.domain.errors import InvalidInput, UserError
from fairway.domain.repository.findings import Findings, suggestion
from fairway.domain.repository.models import Repository
from fairway.domain.upgrades.holds import Hold
from fairway.services.upgrades.holding import holds_file


def check_holds_file(
    repository_file: Path, repository: Repository | None, shown_from: Path | None, findings: Findings
) -> int:
    """How many files were read: one or none. `repository` is None when it could not be read."""
    try:
        file = holds_file(repository_file.absolute().parent, shown_from)
    except InvalidInput as error:
        findings.add(*error.diagnostics)
        return 1
    except UserError as error:
        findings.error("missing-file", error.message, error.where, error.fix)
        return 1
    if repository is not None:
        for hold in file.holds:
            _check_declared(hold, repository, findings)
    return 0 if file.data is None else 1


def _check_declared(hold: Hold, repository: Repository, findings: Findings) -> None:
    environment = repository.environment(hold.environment)
    if environment is None:
        near = suggestion(hold.environment, [one.name for one in repository.environments])
        message = f'there is no environment "{hold.environment}"{near}'
    elif environment.release(hold.release) is None:
        near = suggestion(hold.release, [one.name for one in environment.releases])
        message = f'no release "{hold.release}" in {environment.name}{near}'
    else:
        return
    findings.warning("unknown-hold", message, hold.position, "remove the entry, or correct the name")
