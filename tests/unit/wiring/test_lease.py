"""Where the Lease of several agents is."""

from pathlib import Path

import pytest

from fairway.domain.errors import UserError
from fairway.settings import load_settings
from fairway.wiring.agent_sources import open_leadership


async def test_a_lease_without_a_cluster_is_named_as_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nothing"))
    with pytest.raises(UserError) as found:
        async with open_leadership(load_settings({}), ("shop", "agent")):
            pass
    assert "the lease shop/agent (agent.lease) has no cluster to be in" in found.value.message
    assert found.value.fix is not None
