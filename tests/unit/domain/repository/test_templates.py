"""`extends`: what is inherited, what wins, what is filled in, and whose line is named."""

import pytest

MAIN = """\
clusters: [{name: eu, provider: {minikube: {}}}]
environments:
  - {name: prod, clusterName: eu, kubeNamespace: shop, releasesFiles: [releases.yaml]}
  - {name: test, clusterName: eu, kubeNamespace: shop-test, releasesFiles: [releases.yaml]}
templates:
  base:
    chart: {dir: charts/service}
    labels: {tier: back, kind: service}
    values:
      - {key: image.repository, value: "r.example/{{release}}"}
      - {key: port, value: "{{port}}"}
      - {key: note, value: "{{ .Release.Name }} of {{release}} in {{environment}}/{{namespace}}@{{cluster}}"}
    parameters: {port: 8080}
    timeout: 2m
  public:
    extends: base
    labels: {tier: front}
    values:
      - {key: ingress.host, value: "{{release}}.{{environment}}.example.com"}
      - {key: image.repository, value: "public.example/{{release}}"}
    policy: {retries: 2, drift: report}
"""


def releases(resolve, text: str, environments: str = MAIN):
    resolution = resolve(environments, releases=text)
    assert not [one for one in resolution.diagnostics if one.severity == "error"], resolution.diagnostics
    return resolution.repository.environments


def test_a_release_inherits_everything_and_placeholders_are_filled(resolve) -> None:
    prod, test = releases(resolve, "releases: [{name: web, extends: public}]\n")
    web = prod.releases[0]
    assert web.chart is not None
    assert web.chart.location == "/repo/charts/service"
    assert {value.key: value.value for value in web.values} == {
        "port": 8080,
        "note": "{{ .Release.Name }} of web in prod/shop@eu",
        "ingress.host": "web.prod.example.com",
        "image.repository": "public.example/web",
    }
    assert dict(web.labels) == {"tier": "front", "kind": "service"}
    assert web.policy.retries == 2
    assert web.timeout.total_seconds() == 120
    assert {value.key: value.value for value in test.releases[0].values}["ingress.host"] == "web.test.example.com"


def test_own_fields_win_and_maps_merge(resolve) -> None:
    text = """\
releases:
  - name: web
    extends: public
    parameters: {port: 3000}
    labels: {team: a, tier: own}
    timeout: 9m
    policy: {drift: ignore}
    values:
      - {key: ingress.host, value: own.example.com}
      - {key: literal, value: "{{release}}"}
"""
    web = releases(resolve, text)[0].releases[0]
    assert dict(web.labels) == {"tier": "own", "kind": "service", "team": "a"}
    assert (web.policy.retries, web.policy.drift) == (2, "ignore")
    assert web.timeout.total_seconds() == 540
    values = {value.key: value.value for value in web.values}
    assert values["ingress.host"] == "own.example.com"
    assert values["port"] == 3000
    assert values["literal"] == "{{release}}"
    assert [value.key for value in web.values].count("ingress.host") == 1


def test_positions_name_the_template_for_what_is_inherited(resolve) -> None:
    text = "releases:\n  - name: web\n    extends: public\n    values:\n      - {key: own, value: 1}\n"
    web = releases(resolve, text)[0].releases[0]
    assert web.chart is not None
    assert str(web.chart.position) == "environments.yaml:7:18"
    places = {value.key: str(value.position) for value in web.values}
    assert places["port"] == "environments.yaml:11:28"
    assert places["image.repository"] == "environments.yaml:20:40"
    assert places["own"] == "releases.yaml:5:27"
    assert str(web.position) == "releases.yaml:2:11"


def test_paths_of_a_template_are_relative_to_its_file(resolve) -> None:
    main = MAIN.replace("[releases.yaml]", "[sub/releases.yaml]")
    text = "releases: [{name: web, extends: base, valuesFile: v.yaml}]\n"
    repository = resolve(main, **{"sub/releases": text}).repository
    web = repository.environments[0].releases[0]
    assert web.chart is not None
    assert (web.chart.location, web.values_file) == ("/repo/charts/service", "/repo/sub/v.yaml")


@pytest.mark.parametrize(
    ("own", "location"),
    [
        ("chart: {reference: 'oci://r.example/web', version: 1.0.0}", "oci://r.example/web"),
        ("chart: {dir: other}", "/repo/other"),
        ("resourceFiles: [a.yaml]", None),
    ],
)
def test_an_own_workload_takes_the_place_of_the_inherited_one(resolve, own: str, location: str | None) -> None:
    web = releases(resolve, f"releases: [{{name: web, extends: base, {own}}}]\n")[0].releases[0]
    assert (web.chart.location if web.chart else None) == location


def test_an_own_version_completes_the_inherited_reference(resolve) -> None:
    main = MAIN.replace("{dir: charts/service}", "{reference: 'oci://r.example/web', version: 1.0.0}")
    web = releases(resolve, "releases: [{name: web, extends: base, chart: {version: 2.0.0}}]\n", main)[0].releases[0]
    assert web.chart is not None
    assert web.chart.version == "2.0.0"


def test_null_takes_an_inherited_field_away(resolve) -> None:
    main = MAIN.replace("    timeout: 2m\n", "    timeout: 2m\n    valuesFile: v.yaml\n")
    web = releases(resolve, "releases: [{name: web, extends: base, valuesFile: null, timeout: null}]\n", main)[
        0
    ].releases[0]
    assert web.values_file is None
    assert web.timeout.total_seconds() == 300


def test_own_triggers_replace_an_inherited_trigger(resolve) -> None:
    main = MAIN.replace("    timeout: 2m\n", "    trigger: {image: {track: Newest}}\n")
    text = "releases: [{name: web, extends: base, triggers: [{chart: {track: PatchLevel}}]}]\n"
    web = releases(resolve, text, main)[0].releases[0]
    assert (len(web.image_triggers), len(web.chart_triggers)) == (0, 1)


def test_a_file_has_templates_of_its_own_which_win_over_shared_ones(resolve) -> None:
    text = """\
templates:
  base: {extends: tiny, chart: {dir: mine}}
  tiny: {wait: false}
releases: [{name: web, extends: [base]}]
"""
    web = releases(resolve, text)[0].releases[0]
    assert web.chart is not None
    assert (web.chart.location, web.wait) == ("/repo/mine", False)


def test_later_templates_win_over_earlier_ones(resolve) -> None:
    text = """\
templates:
  a: {chart: {dir: a}, timeout: 1m}
  b: {timeout: 3m}
releases: [{name: web, extends: [a, b]}]
"""
    assert releases(resolve, text)[0].releases[0].timeout.total_seconds() == 180


ERRORS = {
    "an unknown template": (
        "releases: [{name: web, chart: {dir: c}, extends: «bsae}]\n",
        [("unknown-template", 'no template "bsae"; did you mean "base"?')],
    ),
    "a circle": (
        "templates: {a: {extends: «b}, b: {extends: a}}\nreleases: [{name: web, chart: {dir: c}, extends: a}]\n",
        None,
    ),
    "a parameter that no template has": (
        "releases: [{name: web, extends: base, parameters: {«prot: 1}}]\n",
        [("unknown-parameter", 'no template of it has a parameter "prot"; did you mean "port"?')],
    ),
    "a parameter with a built-in name": (
        "templates: {t: {chart: {dir: c}, parameters: {«cluster: a}}}\nreleases: [{name: web, extends: t}]\n",
        [("bad-name", 'the parameter "cluster" has the name of a built-in placeholder')],
    ),
    "a parameter without value": (
        "templates: {t: {chart: {dir: c}, parameters: {host: null}}}\nreleases: [{name: web, extends: «t}]\n",
        [("missing-parameter", 'the parameter "host" of its template is not given')],
    ),
    "a parameter that is a map": (
        "releases: [{name: web, chart: {dir: c}, parameters: {a: «{}}}]\n",
        [("wrong-type", "a parameter is a text, a number, true or false")],
    ),
    "a mistake in a template is one mistake": (
        "templates: {t: {chart: {dir: c}, «tmeout: 1m}}\n"
        "releases: [{name: web, extends: t}, {name: api, extends: t}]\n",
        [("unknown-key", 'template "t": unknown key "tmeout"; did you mean "timeout"?')],
    ),
    "a filled value can be wrong": (
        "templates: {t: {chart: {dir: c}, timeout: «'{{time}}', parameters: {time: soon}}}\n"
        "releases: [{name: web, extends: t}]\n",
        [("bad-duration", "'soon' is no duration")],
    ),
    "an unknown placeholder": (
        "templates: {t: {chart: {dir: c}, labels: {a: «'{{hots}}'}}}\nreleases: [{name: web, extends: t}]\n",
        [("unknown-placeholder", "{{hots}} is no parameter")],
    ),
    "a template that is a text": (
        "templates: {t: «x}\nreleases: [{name: web, chart: {dir: c}}]\n",
        [("wrong-type", 'template "t" must be a map')],
    ),
}


@pytest.mark.parametrize(("text", "wanted"), ERRORS.values(), ids=ERRORS.keys())
def test_a_mistake_with_templates_is_told_where_the_mark_stands(resolve, unmarked, text: str, wanted) -> None:
    text, places = unmarked(text)
    found = [one for one in resolve(MAIN, releases=text).diagnostics if one.rule != "unused-template"]
    if wanted is None:
        assert {one.rule for one in found} == {"extends-cycle"}
        assert "a → b → a" in found[0].message
        return
    assert [(one.rule, str(one.position)) for one in found] == [
        (rule, f"releases.yaml:{place}") for (rule, _), place in zip(wanted, places, strict=True)
    ], [one.message for one in found]
    assert all(part in one.message for one, (_, part) in zip(found, wanted, strict=True))


def test_a_hundred_services_take_a_line_each(resolve) -> None:
    text = "releases:\n" + "".join(f"  - {{name: s{number}, extends: base}}\n" for number in range(100))
    assert len(releases(resolve, text)[0].releases) == 100
