"""Edits of `fairway.holds.yaml`: one more entry, one less, or another reason; comments and order stay."""

from __future__ import annotations

from fairway.domain.upgrades.adding import set_in_values_file
from fairway.domain.upgrades.holds import Hold
from fairway.domain.upgrades.listing import append_item, remove_item

HEADER = "# Versions that upgrades must not bring again. See `fairway holds --help`.\n"
_KEY = "holds"


def with_hold(data: bytes | None, file: str, hold: Hold) -> bytes:
    """The file with one more entry; `data` is None when there is no file yet. Raises as `append_item`."""
    item: dict[str, str | bool] = {"environment": hold.environment, "release": hold.release}
    if hold.name:
        item["name"] = hold.name
    item["version"] = hold.version
    if hold.lifted:
        item["lifted"] = True
    if hold.reason:
        item["reason"] = hold.reason
    if hold.by:
        item["by"] = hold.by
    if hold.at is not None:
        item["at"] = hold.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return append_item(HEADER.encode() if data is None else data, file, _KEY, item)


def without_hold(data: bytes, file: str, index: int) -> bytes:
    """The file without the entry of that number. Raises as `remove_item`."""
    return remove_item(data, file, _KEY, index)


def with_reason(data: bytes, file: str, index: int, reason: str, by: str) -> bytes:
    """The file with another reason, and who gave it, in the entry of that number. Raises as `set_in_values_file`."""
    for name, text in (("reason", reason), ("by", by)):
        if text:
            data = set_in_values_file(data, file, (_KEY, index, name), text)
    return data
