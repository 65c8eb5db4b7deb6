"""What an agent follows."""

from pathlib import Path

import pytest

from fairway.domain.configuration.file import Configuration
from fairway.domain.errors import UserError
from fairway.services.configuring import Configured
from fairway.settings import load_settings
from fairway.wiring.agent_sources import open_followed


async def test_a_folder_without_environments_is_told_before_anything_of_it_is_read(tmp_path: Path) -> None:
    configured = Configured(Configuration(), tmp_path)
    with pytest.raises(UserError, match=r"no environments\.yaml") as found:
        async with open_followed(load_settings({}), configured, tmp_path / "environments.yaml"):
            pass
    assert "fairway init --example" in (found.value.fix or "")
