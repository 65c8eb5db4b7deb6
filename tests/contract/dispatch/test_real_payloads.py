"""Every payload of GitHub's that Octokit collected, as its own event and as if it were a deployment: no 5xx ever."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from tests.support.asking import RESOURCE, asking
from tests.support.github_examples import github_examples

AT_LEAST = 300


@pytest.fixture(scope="module")
def examples() -> list[tuple[str, dict[str, Any]]]:
    found = github_examples()
    assert len(found) >= AT_LEAST
    return found


async def test_each_event_is_answered_and_only_deployments_are_looked_at(
    examples: list[tuple[str, dict[str, Any]]],
) -> None:
    codes: Counter[tuple[bool, int]] = Counter()
    async with asking() as asked:
        for event, payload in examples:
            answer = await asked.event(json.dumps(payload).encode(), x_github_event=event)
            codes[event == "deployment", answer.status_code] += 1
    deployments = sum(event == "deployment" for event, _ in examples)
    assert deployments
    # Octokit's deployments hold no resources.
    assert codes == {(False, 204): len(examples) - deployments, (True, 400): deployments}


async def test_none_of_them_breaks_anything_when_it_says_that_it_is_a_deployment(
    examples: list[tuple[str, dict[str, Any]]],
) -> None:
    async with asking() as asked:
        for event, payload in examples:
            answer = await asked.event(json.dumps(payload).encode())
            assert answer.status_code in (400, 403), (event, answer.text)
            assert "\n" not in answer.text


async def test_a_real_deployment_with_resources_is_accepted(examples: list[tuple[str, dict[str, Any]]]) -> None:
    async with asking() as asked:
        for event, payload in examples:
            if event != "deployment":
                continue
            deployment, repository = dict(payload["deployment"]), dict(payload["repository"])
            deployment["environment"] = "dev"
            deployment["payload"] = {"version": [1, 0, 0], "team": "shop", "kubernetes": {"resources": [RESOURCE]}}
            repository["full_name"] = "example/orders"
            body = {**payload, "deployment": deployment, "repository": repository}
            answer = await asked.event(json.dumps(body).encode())
            assert answer.status_code in (200, 201), answer.text
        kept = await asked.store.find()
        assert {one.origin.creator for one in kept if one.origin.creator} >= {"Codertocat"}
