"""Which list items of people go when ours come back, and which stay."""

from __future__ import annotations

from typing import Any

import pytest

from fairway.domain.manifests.displaced import displaced_patch, displacing

HTTP, OTHER = 'k:{"port":80,"protocol":"TCP"}', 'k:{"port":81,"protocol":"TCP"}'
DESIRED: dict[str, Any] = {"spec": {"ports": [{"port": 80}], "selector": {"app": "web"}}}


def ports(*elements: str) -> dict[str, Any]:
    return {"f:spec": {"f:ports": {element: {".": {}, "f:port": {}} for element in elements}}}


def entry(manager: str, fields: dict[str, Any], operation: str = "Update", subresource: str = "") -> dict[str, Any]:
    more = {"subresource": subresource} if subresource else {}
    return {"manager": manager, "operation": operation, "fieldsV1": fields, **more}


def live(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": "web", "resourceVersion": "7", "managedFields": list(entries)}}


OURS = entry("helm", {"f:spec": {"f:selector": {"f:app": {}}}}, "Apply")
OURS_WHOLE = entry("helm", ports(HTTP), "Apply")


@pytest.mark.parametrize(
    ("seen", "goes"),
    [
        (live(OURS, entry("kubectl-edit", ports(OTHER))), [OTHER]),
        (live(OURS_WHOLE, entry("kubectl-edit", ports(OTHER))), []),
        (live(OURS, entry("operator", ports(OTHER))), []),
        (live(OURS, entry("kubectl-edit", ports(OTHER)), entry("operator", ports(OTHER))), []),
        (live(OURS, entry("kubectl-edit", ports(HTTP, OTHER))), []),
        (live(OURS, entry("kubectl-edit", ports(OTHER), subresource="status")), []),
        (live(OURS, entry("kubectl-edit", {"f:metadata": {"f:labels": {"f:x": {}}}})), []),
        (live(OURS), []),
    ],
    ids=[
        "in the place of ours",
        "beside ours",
        "a controller's",
        "shared with a controller",
        "ours became theirs, with one beside",
        "of the status",
        "no list",
        "nobody",
    ],
)
def test_only_what_people_put_in_the_place_of_ours_goes(seen: dict[str, Any], goes: list[str]) -> None:
    assert displacing(DESIRED, seen) == tuple(("f:spec", "f:ports", element) for element in goes)


def test_the_patch_makes_the_item_ours_and_leaves_people_the_rest() -> None:
    theirs = entry("kubectl-edit", {**ports(OTHER), "f:metadata": {"f:labels": {"f:x": {}}}})
    seen = live(OURS, theirs)
    managed, version = displaced_patch(seen, displacing(DESIRED, seen))
    assert version["value"] == "7"
    mine, people = managed["value"]
    assert mine["fieldsV1"]["f:spec"]["f:ports"] == {OTHER: {}}
    assert mine["fieldsV1"]["f:spec"]["f:selector"] == {"f:app": {}}
    assert people["fieldsV1"] == {"f:metadata": {"f:labels": {"f:x": {}}}}
    assert seen == live(OURS, theirs), "nothing that was given is changed"
