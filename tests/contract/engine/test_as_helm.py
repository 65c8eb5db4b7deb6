"""The cluster after Fairway equals the cluster after helm, for every installable chart of the corpus.

Compared is every object in the release's namespace and what it made outside, with the fields that `helm` owns, and
every stored record; left out is only what the server, controllers and time set.
"""

from __future__ import annotations

import pytest
from tests.contract.engine.conftest import Pair
from tests.corpus.cases import INSTALLABLE, Case

pytestmark = [pytest.mark.cluster, pytest.mark.helm, pytest.mark.timeout(900)]

ON_PURPOSE = {
    # helm uninstall forgets an object with any other resource policy than keep; we delete it.
    ("keep", "only second: ConfigMap/NS/rel-goes"),
}


@pytest.mark.parametrize("case", INSTALLABLE, ids=lambda case: case.name)
def test_the_cluster_and_the_records_are_as_helm_leaves_them(case: Case, pairs: dict[str, Pair]) -> None:
    pair = pairs[case.name]
    assert not pair.failures
    steps = ["install", *(f"upgrade {i + 1}" for i in range(len(case.then))), *(["rollback"] if case.then else [])]
    assert list(pair.seen) == [*steps, "uninstall"]
    found = {step: [line for line in lines if (case.name, line) not in ON_PURPOSE] for step, lines in pair.seen.items()}
    found = {step: lines for step, lines in found.items() if lines}
    assert not found, "\n".join(f"{step}: {line}" for step, lines in found.items() for line in lines[:40])


@pytest.mark.parametrize("case", INSTALLABLE, ids=lambda case: case.name)
def test_helm_reads_of_a_release_of_fairway_what_it_reads_of_its_own(case: Case, pairs: dict[str, Pair]) -> None:
    pair = pairs[case.name]
    assert pair.told or case.random
    assert not {question: lines for question, lines in pair.told.items() if lines}
