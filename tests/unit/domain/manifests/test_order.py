"""Helm's order of kinds."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.manifests.order import (
    INSTALL_ORDER,
    UNINSTALL_ORDER,
    in_install_order,
    in_uninstall_order,
    install_key,
    uninstall_key,
)

kinds = st.lists(st.sampled_from([*INSTALL_ORDER, "Widget", "Alpha", "Zeta", ""]))


def test_both_orders_know_the_same_kinds_once() -> None:
    assert sorted(INSTALL_ORDER) == sorted(UNINSTALL_ORDER)
    assert len(set(INSTALL_ORDER)) == len(INSTALL_ORDER)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("Namespace", "ServiceAccount"),
        ("ServiceAccount", "Secret"),
        ("Secret", "ConfigMap"),
        ("CustomResourceDefinition", "ClusterRole"),
        ("RoleBinding", "Service"),
        ("Service", "Deployment"),
        ("Deployment", "HorizontalPodAutoscaler"),
        ("Job", "Ingress"),
        ("Ingress", "ValidatingWebhookConfiguration"),
        ("ValidatingWebhookConfiguration", "Alpha"),
        ("Alpha", "Zeta"),
        ("", "Alpha"),
    ],
)
def test_installing_goes_from_what_others_need_to_unknown_kinds_by_name(earlier: str, later: str) -> None:
    assert install_key(earlier) < install_key(later)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"),
        ("Ingress", "Service"),
        ("Service", "Deployment"),
        ("Deployment", "ConfigMap"),
        ("Namespace", "PriorityClass"),
        ("PriorityClass", "Widget"),
    ],
)
def test_removing_has_an_order_of_its_own(earlier: str, later: str) -> None:
    assert uninstall_key(earlier) < uninstall_key(later)


def test_removing_is_not_just_the_reverse() -> None:
    assert uninstall_key("Service") < uninstall_key("Deployment")
    assert install_key("Service") < install_key("Deployment")


@given(kinds)
def test_objects_of_one_kind_keep_their_order(names: list[str]) -> None:
    numbered = list(enumerate(names))
    for ordered in (in_install_order(numbered, lambda n: n[1]), in_uninstall_order(numbered, lambda n: n[1])):
        assert sorted(ordered) == numbered
        for kind in set(names):
            positions = [number for number, name in ordered if name == kind]
            assert positions == sorted(positions)


@given(kinds, st.randoms(use_true_random=False))
def test_the_order_of_kinds_does_not_depend_on_where_they_stood(names: list[str], chance: random.Random) -> None:
    shuffled = names.copy()
    chance.shuffle(shuffled)
    assert in_install_order(shuffled, str) == in_install_order(names, str)
