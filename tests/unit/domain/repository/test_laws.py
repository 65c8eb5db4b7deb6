"""Laws: no input makes the resolver fail, and shapes that were taken apart come out the same."""

import copy
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from fairway.domain.errors import Diagnostic
from fairway.domain.repository.findings import Findings
from fairway.domain.repository.models import Repository
from fairway.domain.repository.placeholders import fill
from fairway.domain.repository.resolving import resolve_repository
from fairway.domain.repository.rules import RULES
from fairway.domain.repository.sites import Document
from fairway.domain.yaml import compose

MAIN = {
    "kubeConfig": "k",
    "helmRepos": [{"name": "stable", "url": "https://x", "password": {"env": "P"}}],
    "clusters": [{"name": "eu", "provider": {"gke": {"project": "p", "clusterName": "c", "zone": "z"}}}],
    "templates": {"t": {"chart": {"dir": "{{release}}"}, "parameters": {"a": 1}, "values": [{"key": "a", "value": 1}]}},
    "environments": [
        {
            "name": "prod",
            "clusterName": "eu",
            "kubeNamespace": "n",
            "releasesFiles": ["r.yaml"],
            "defaultValues": [{"key": "a", "valueFrom": {"gceResource": {"address": {"name": "n"}}}}],
            "policy": {"drift": {"mode": "report", "ignore": [{"pointers": ["/a"]}]}, "prune": {"maxReleases": "1%"}},
        }
    ],
}
RELEASES = {
    "resourceFiles": ["a.yaml"],
    "templates": {"u": {"extends": "t", "timeout": "1m"}},
    "releases": [
        {"name": "web", "extends": ["u"], "parameters": {"a": 2}, "needs": ["db", {"release": "db"}]},
        {
            "name": "db",
            "chart": {"reference": "stable/db", "version": "1.0.0"},
            "triggers": [{"image": {"track": "Newest"}}],
            "gates": ["readiness"],
            "patches": [{"target": {"kind": "X"}, "json6902": [{"op": "remove", "path": "/a"}]}],
            "listMerge": {"a": "append", "b": {"byKey": "name"}},
            "owner": {"team": "x", "links": {"a": "b"}},
        },
    ],
}
_junk = st.sampled_from([None, True, 0, 1.5, "", "x", "{{a}}", [], [1], ["a"], {}, {"a": 1}, [[]], {"name": 1}, [None]])


def _resolve(main: object, releases: object) -> tuple[Repository, tuple[Diagnostic, ...]]:
    documents = []
    for name, value in (("environments.yaml", main), ("r.yaml", releases)):
        read, positions, problems = compose(json.dumps(value), name)
        documents.append(Document(f"/repo/{name}", name, read, positions, tuple(problems)))
    resolution = resolve_repository(documents[0], {"/repo/r.yaml": documents[1]}, Findings())
    return resolution.repository, resolution.diagnostics


def _paths(value: object, path: tuple = ()) -> list[tuple]:
    found = [path]
    if isinstance(value, dict):
        found += [one for key, item in value.items() for one in _paths(item, (*path, key))]
    elif isinstance(value, list):
        found += [one for index, item in enumerate(value) for one in _paths(item, (*path, index))]
    return found


def _replaced(value: object, path: tuple, junk: object) -> object:
    if not path:
        return junk
    result = copy.deepcopy(value)
    holder = result
    for part in path[:-1]:
        holder = holder[part]  # type: ignore[index]
    holder[path[-1]] = junk  # type: ignore[index]
    return result


def test_the_whole_example_is_right() -> None:
    assert _resolve(MAIN, RELEASES)[1] == ()


@settings(max_examples=400)
@given(st.sampled_from(_paths([MAIN, RELEASES])), _junk)
def test_junk_anywhere_is_a_finding_with_a_place_and_a_known_rule(path: tuple, junk: object) -> None:
    changed = _replaced([MAIN, RELEASES], path, junk)
    if not isinstance(changed, list) or len(changed) != 2:
        return
    _, found = _resolve(*changed)
    assert all(one.rule in RULES and one.position is not None and one.position.line for one in found)
    assert all(one.message and "Input should" not in one.message for one in found), found


@given(
    st.recursive(
        st.none() | st.integers() | st.text("ab{}. ", max_size=12),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("ab"), inner),
        max_leaves=8,
    )
)
def test_filling_without_names_changes_nothing(value: object) -> None:
    assert fill(value, {}) == value


@given(st.dictionaries(st.sampled_from(["release", "port"]), st.text("xyz", max_size=4)))
def test_filling_is_done_once_and_only_for_known_words(names: dict[str, str]) -> None:
    text = 'a {{release}} b {{ port }} c {{.Values.x}} {{include "a" .}}'
    result = fill(text, names)
    for name in ("release", "port"):
        assert (name in result) == (name not in names)
    assert result.endswith('c {{.Values.x}} {{include "a" .}}')
