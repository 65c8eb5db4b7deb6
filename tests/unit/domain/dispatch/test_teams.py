"""Which names a team may have, and which account follows from them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.dispatch.teams import account_of
from fairway.domain.errors import UserError


@pytest.mark.parametrize(
    ("team", "own", "user"),
    [
        ("aura", False, "system:serviceaccount:default:serviceuser-aura"),
        ("aura", True, "system:serviceaccount:aura:serviceuser-aura"),
        ("Team-A2", False, "system:serviceaccount:default:serviceuser-team-a2"),
        ("x" * 63, False, f"system:serviceaccount:default:serviceuser-{'x' * 63}"),
    ],
)
def test_a_team_acts_as_its_service_user(team: str, own: bool, user: str) -> None:
    assert account_of(team, own_namespace=own).user == user


@pytest.mark.parametrize(
    "team",
    ["", "x" * 64, "-a", "a-", "a b", "a:b", "../x", "a.b", "team_a", "é", "a\n", "default:serviceuser-root", "\u212a"],
)
def test_a_name_that_could_mean_somebody_else_is_refused(team: str) -> None:
    with pytest.raises(UserError) as refused:
        account_of(team, own_namespace=False)
    assert refused.value.fix


@pytest.mark.parametrize("team", ["kube-system", "Kube-System", "kube-public", "kube-anything"])
def test_nobody_gets_an_account_in_the_namespaces_of_kubernetes_itself(team: str) -> None:
    with pytest.raises(UserError, match="Kubernetes' own"):
        account_of(team, own_namespace=True)
    assert account_of(team, own_namespace=False).namespace == "default"


@given(st.text())
def test_what_is_accepted_never_leaves_its_place_in_the_users_name(team: str) -> None:
    try:
        account = account_of(team, own_namespace=True)
    except UserError:
        return
    assert re.fullmatch(r"system:serviceaccount:[a-z0-9-]+:serviceuser-[a-z0-9-]+", account.user)
    assert account.name == f"serviceuser-{account.team}"
