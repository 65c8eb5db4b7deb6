"""The table of built-in kinds: what is served when, what is gone since when, and what to use instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.domain.errors import UserError
from fairway.domain.kubernetes.builtin import builtin_kind, builtin_kinds, builtin_resources, is_builtin_group, removal
from fairway.domain.kubernetes.versions import NEWEST, minor_of
from fairway.domain.manifests.objects import Kind, group_of

MINORS = st.integers(16, 60).map(lambda minor: f"1.{minor}")


@pytest.mark.parametrize(
    ("version", "api_version", "kind", "served"),
    [
        ("1.36", "apps/v1", "Deployment", True),
        ("1.16", "apps/v1", "Deployment", True),
        ("1.16", "extensions/v1beta1", "Deployment", False),
        ("1.21", "extensions/v1beta1", "Ingress", True),
        ("1.22", "extensions/v1beta1", "Ingress", False),
        ("1.18", "networking.k8s.io/v1", "Ingress", False),
        ("1.19", "networking.k8s.io/v1", "Ingress", True),
        ("1.20", "batch/v1", "CronJob", False),
        ("1.21", "batch/v1", "CronJob", True),
        ("1.24", "policy/v1beta1", "PodSecurityPolicy", True),
        ("1.25", "policy/v1beta1", "PodSecurityPolicy", False),
        ("1.31", "flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", True),
        ("1.32", "flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", False),
        ("1.36", "resource.k8s.io/v1beta1", "ResourceClaim", False),
        ("1.36", "gateway.networking.k8s.io/v1", "Gateway", False),
    ],
)
def test_what_a_version_serves(version: str, api_version: str, kind: str, served: bool) -> None:
    assert ((api_version, kind) in builtin_resources(version).by_ref) is served


def test_the_preferred_version_comes_first() -> None:
    scaler = Kind("autoscaling", "HorizontalPodAutoscaler")
    assert builtin_resources("1.36").by_kind[scaler].api_version == "autoscaling/v2"
    assert builtin_resources("1.20").by_kind[scaler].api_version == "autoscaling/v1"


def test_scope_and_plural_are_known() -> None:
    resources = builtin_resources().by_ref
    assert resources["v1", "Namespace"].plural == "namespaces"
    assert not resources["v1", "Namespace"].namespaced
    assert resources["networking.k8s.io/v1", "Ingress"].namespaced
    assert "create" in resources["authorization.k8s.io/v1", "SubjectAccessReview"].verbs
    assert "list" not in resources["authorization.k8s.io/v1", "SubjectAccessReview"].verbs


def test_charts_see_versions_and_kinds() -> None:
    capabilities = builtin_resources("1.34").capabilities()
    assert capabilities.kube_version == "v1.34.0"
    assert {"apps/v1", "apps/v1/Deployment", "v1/Pod"} <= set(capabilities.api_versions)
    assert "policy/v1beta1" not in capabilities.api_versions


@pytest.mark.parametrize(
    ("api_version", "kind", "since", "instead"),
    [
        ("extensions/v1beta1", "Ingress", (1, 22), "networking.k8s.io/v1"),
        ("extensions/v1beta1", "Deployment", (1, 16), "apps/v1"),
        ("extensions/v1beta1", "NetworkPolicy", (1, 16), "networking.k8s.io/v1"),
        ("apps/v1beta2", "StatefulSet", (1, 16), "apps/v1"),
        ("rbac.authorization.k8s.io/v1beta1", "Role", (1, 22), "rbac.authorization.k8s.io/v1"),
        ("autoscaling/v2beta1", "HorizontalPodAutoscaler", (1, 25), "autoscaling/v2"),
        ("autoscaling/v2beta2", "HorizontalPodAutoscaler", (1, 26), "autoscaling/v2"),
        ("events.k8s.io/v1beta1", "Event", (1, 25), "events.k8s.io/v1"),
        ("policy/v1beta1", "PodSecurityPolicy", (1, 25), None),
        ("storage.k8s.io/v1beta1", "CSIStorageCapacity", (1, 27), "storage.k8s.io/v1"),
    ],
)
def test_removals_name_the_version_and_the_replacement(
    api_version: str, kind: str, since: tuple[int, int], instead: str | None
) -> None:
    found = removal(api_version, kind)
    assert found is not None
    assert (found.removed, found.replacement) == (since, instead)
    assert found.gone_in(since)
    assert not found.gone_in((since[0], since[1] - 1))
    assert found.deprecated_in(since)


@pytest.mark.parametrize(("api_version", "kind"), [("apps/v1", "Deployment"), ("apps/v9", "Deployment"), ("x/v1", "Y")])
def test_what_stays_or_is_not_known_has_no_removal(api_version: str, kind: str) -> None:
    assert removal(api_version, kind) is None


def test_groups_of_custom_resources_are_not_built_in() -> None:
    assert is_builtin_group("apps/v7")
    assert is_builtin_group("v1")
    assert not is_builtin_group("gateway.networking.k8s.io/v1")
    assert not is_builtin_group("snapshot.storage.k8s.io/v1")


def test_the_table_is_consistent() -> None:
    seen: set[tuple[str, str]] = set()
    for one in builtin_kinds():
        assert (one.api_version, one.kind) not in seen, one
        seen.add((one.api_version, one.kind))
        assert one.plural == one.plural.lower()
        assert one.kind[0].isupper()
        ends = [end for end in (one.deprecated, one.removed) if end is not None]
        assert len(ends) in (0, 2)
        assert sorted([one.since, *ends]) == [one.since, *ends], one
        assert builtin_kind(one.api_version, one.kind) is one


def test_every_removed_version_that_is_not_the_last_has_a_replacement_that_is_served() -> None:
    newest = builtin_resources(NEWEST).by_ref
    for one in builtin_kinds():
        found = removal(one.api_version, one.kind)
        if found is not None and found.replacement is not None:
            assert (found.replacement, one.kind) in newest, one
            assert group_of(found.replacement) == group_of(one.api_version) or one.api_version == "extensions/v1beta1"


@given(MINORS)
def test_nothing_is_served_after_its_removal(version: str) -> None:
    minor = minor_of(version)
    for one in builtin_resources(version).resources:
        found = removal(one.api_version, one.kind)
        assert found is None or not found.gone_in(minor)


@given(MINORS, MINORS)
def test_what_lasts_is_served_by_every_later_version(first: str, second: str) -> None:
    older, newer = sorted((first, second), key=minor_of)
    lasting = {key for key in builtin_resources(older).by_ref if removal(*key) is None}
    assert lasting <= set(builtin_resources(newer).by_ref)


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(UserError):
        builtin_resources("yesterday")
