"""Where a secret of `fairway.yaml` comes from; the file itself never holds one."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from fairway.domain.repository.written.base import Written, complaint


class SecretSource(Written):
    """Exactly one of its keys."""

    env: str | None = Field(None, description="A variable of the process environment")
    file: str | None = Field(None, description="A file that holds it, relative to this file; one line break is cut off")

    @model_validator(mode="after")
    def _one(self) -> SecretSource:
        if (self.env is None) == (self.file is None):
            raise complaint(
                "not-exactly-one", "exactly one of env and file is needed", "write e.g. {env: GITHUB_TOKEN}"
            )
        return self


def _no_plain_text(value: Any) -> Any:
    if isinstance(value, str | int | float):
        raise complaint("plain-credential", "a credential is written into the file", "write e.g. {env: GITHUB_TOKEN}")
    return value


Secret = Annotated[SecretSource, BeforeValidator(_no_plain_text, json_schema_input_type=SecretSource)]
