"""A release whose values take another one's output needs it, as if that stood under `needs`."""

from collections.abc import Callable

import pytest

from fairway.domain.repository.resolving import Resolution

Resolve = Callable[..., Resolution]

ENVIRONMENTS = """\
environments:
  - name: prod
    provider: {devcluster: {}}
    kubeNamespace: shop
    releasesFiles: [releases.yaml]
    defaultValues: [%s]
"""
OUTPUT = "{key: ip, valueFrom: {output: {release: %s, kind: Service, name: lb, path: spec.clusterIP}}}"


def releases(*lines: str) -> str:
    return "releases:\n" + "".join(f"  - {line}\n" for line in lines)


def needs_of(resolution: Resolution) -> dict[str, list[str]]:
    assert resolution.repository is not None
    environment = resolution.repository.environments[0]
    return {release.name: [need.release for need in release.needs] for release in environment.releases}


def test_outputs_of_the_release_and_of_the_environment_are_needed(resolve: Resolve) -> None:
    text = releases(
        "{name: lb, chart: {dir: c}, skipDefaultValues: true}",
        "{name: dns, chart: {dir: c}, skipDefaultValues: true}",
        f"{{name: web, chart: {{dir: c}}, needs: [dns], values: [{OUTPUT % 'dns'}]}}",
        "{name: objects, resourceFiles: [x.yaml]}",
    )
    found = needs_of(resolve(ENVIRONMENTS % (OUTPUT % "lb"), releases=text))
    assert found == {"lb": [], "dns": [], "web": ["dns", "lb"], "objects": []}


@pytest.mark.parametrize(("name", "rule"), [("web", "needs-itself"), ("lb", "needs-cycle"), ("bl", "unknown-release")])
def test_outputs_that_cannot_be_taken_are_mistakes_at_their_line(resolve: Resolve, name: str, rule: str) -> None:
    text = releases(
        f"{{name: web, chart: {{dir: c}}, values: [{OUTPUT % name}]}}",
        "{name: lb, chart: {dir: c}, needs: [web]}",
    )
    found = [item for item in resolve(ENVIRONMENTS % "", releases=text).diagnostics if item.rule == rule]
    assert [str(item.position).split(":")[:2] for item in found] in ([["releases.yaml", "2"]], [["releases.yaml", "3"]])
