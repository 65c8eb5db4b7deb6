"""Whose secrets are masked where."""

from __future__ import annotations

from fairway.domain.manifests.objects import Object
from fairway.domain.values.secrets import MASK
from fairway.services.deployd.masking import Masks


def secret(word: str) -> Object:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": word}}


def test_a_request_is_told_without_its_own_secrets() -> None:
    masks = Masks()
    with masks.of([secret("Tr0ub4dor&3")]) as mask:
        assert mask("it said Tr0ub4dor&3") == f"it said {MASK}"
    with masks.of([]) as mask:
        assert mask("Tr0ub4dor&3") == "Tr0ub4dor&3"


def test_what_looks_like_a_secret_is_masked_before_anybody_cuts_it() -> None:
    # The log of a pod may hold what the request did not bring.
    token = "ghp_" + "a1B2" * 9
    with Masks().of([]) as mask:
        assert mask(f"crashed: {token}") == f"crashed: {MASK}"
        assert mask(mask("password=hunter22 gone")) == f"password={MASK} gone"


def test_a_log_line_is_told_without_the_secrets_of_anybody() -> None:
    masks = Masks()
    with masks.of([secret("Tr0ub4dor&3")]), masks.of([secret("c0rrect-H0rse")]):
        text = masks.all("Tr0ub4dor&3 c0rrect-H0rse password=other postgres://u:pw@db/x")
    assert text == f"{MASK} {MASK} password={MASK} postgres://u:{MASK}@db/x"


def test_what_is_over_is_not_masked_any_more() -> None:
    masks = Masks()
    with masks.of([secret("Tr0ub4dor&3")]):
        pass
    assert masks.all("Tr0ub4dor&3") == "Tr0ub4dor&3"
