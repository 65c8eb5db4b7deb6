"""Every kind of event and every form of a message has its place in the contract."""

import json
from pathlib import Path

import pytest

from fairway.domain.configuration.notifications import Channel
from fairway.domain.notifications.delivery import DeliveryState
from fairway.domain.notifications.event import EventKind

SPEC = Path(__file__).parents[3] / "docs" / "spec"
PAGE = (SPEC / "notifications.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", list(EventKind))
def test_every_kind_of_event_is_described(kind: EventKind) -> None:
    assert any(f"`{kind}`" in line for line in PAGE.splitlines() if line.startswith("| `"))


@pytest.mark.parametrize("name", ["notification", "deliveries"])
def test_the_schemas_know_every_kind(name: str) -> None:
    schema = json.loads((SPEC / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
    assert schema["$defs"]["event"]["properties"]["kind"]["enum"] == [kind.value for kind in EventKind]


def test_the_schema_knows_every_state_of_a_delivery() -> None:
    schema = json.loads((SPEC / "schemas" / "deliveries.schema.json").read_text(encoding="utf-8"))
    found = schema["properties"]["deliveries"]["items"]["properties"]["state"]["enum"]
    assert found == [state.value for state in DeliveryState]


def test_every_kind_of_channel_is_described() -> None:
    page = (SPEC / "configuration.md").read_text(encoding="utf-8")
    kinds = [field.alias or name for name, field in Channel.model_fields.items() if name != "name"]
    assert [kind for kind in kinds if f"| `{kind}` |" not in page] == []
