"""The deployments chapter of the demo, as somebody runs it: two control planes of its own, to its end, and away."""

from __future__ import annotations

import pytest
from tests.system.demo.conftest import Run

ON_THE_WAY = ("queued", "in_progress")


@pytest.mark.cluster
@pytest.mark.timeout(600)
def test_it_shows_what_github_is_told_of_good_broken_unauthorised_and_expired_requests(run: Run) -> None:
    told = run("fairway.entrypoints.demo", "--deployments", "--once")
    assert told.returncode == 0, told.stdout + told.stderr
    github = [line.partition("GitHub │ ")[2].split() for line in told.stdout.splitlines() if "GitHub │ " in line]
    states = [(words[2], words[3]) for words in github if len(words) > 3 and words[2].startswith("#")]
    # What is overtaken by its own outcome need not be told on the way.
    ends = {
        number: [state for one, state in states if one == number and state not in ON_THE_WAY] for number, _ in states
    }
    assert ends == {
        "#1": ["success"],
        "#2": ["success"],
        "#3": ["failure"],
        "#4": ["error"],
        "#5": ["failure"],
        "#6": ["failure"],
    }
    assert ("#3", "in_progress") in states
    for piece in (
        "CrashLoopBackOff, exit code 2",
        "repository 'shop/other' is not registered",
        'configmaps "web" is forbidden: User "system:serviceaccount:default:serviceuser-shop"',
        "no deployd for cluster attic answered",
        "/logs?delivery_id=",
        "signed in with GitHub; shop/web is among the repositories: yes",
        "Deployments of these teams are accepted from now on.",
        "ada  portal  shop/web",
    ):
        assert piece in told.stdout
    down = run("fairway.entrypoints.demo", "--down")
    assert "are gone" in down.stdout
