"""An agent beside hookd: it leaves the address to the process that it lives in."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fairway.domain.configuration.listening import Listen
from fairway.entrypoints.workers.serve import agent_part
from fairway.settings import load_settings


@pytest.mark.parametrize(
    ("listen", "becomes"),
    [(None, "127.0.0.1:0"), ("127.0.0.1:8080", "127.0.0.1:0"), ("127.0.0.1:9000", "127.0.0.1:9000")],
)
async def test_an_agent_takes_another_port_only_where_it_has_to(
    listen: str | None, becomes: str, tmp_path: Path
) -> None:
    if listen is not None:
        (tmp_path / "fairway.yaml").write_text(yaml.safe_dump({"server": {"listen": listen}}))
    settings = load_settings({"HOME": str(tmp_path)})
    seen: list[str] = []
    part = agent_part(settings, tmp_path / "environments.yaml", Listen("127.0.0.1", 8080))
    async with part.open() as configured:
        seen.append(configured.configuration.server.listen)
    assert seen == [becomes]
