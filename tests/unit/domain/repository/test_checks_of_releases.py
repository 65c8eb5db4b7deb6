"""Every rule about release files: what is written, and exactly what is said about it and where."""

import pytest

from fairway.domain.repository.rules import RULES

MAIN = """\
helmRepos:
  - {name: stable, url: "https://charts.example.com"}
clusters:
  - name: eu
    provider: {existingContext: {contextName: eu}}
    parameters: [{name: ip, value: shop-ip}]
environments:
  - {name: prod, clusterName: eu, kubeNamespace: shop, releasesFiles: [releases.yaml]}
"""
C = "chart: {dir: ./c}"

CASES = {
    "unknown key in a release": (
        "releases:\n  - name: web\n    chart: {dir: ./c}\n    «trigers: []\n",
        [("unknown-key", 'release "web": unknown key "trigers"; did you mean "triggers"?')],
    ),
    "unknown key of the file": (
        "«relases: []\n",
        [("unknown-key", 'did you mean "releases"?')],
    ),
    "unknown key deep inside": (
        "releases:\n"
        "  - name: web\n"
        "    chart: {dir: ./c}\n"
        "    triggers:\n"
        "      - image: {track: Newest, «tagvalue: x}\n",
        [("unknown-key", 'triggers[0].image.tagvalue"; did you mean "tagValue"?')],
    ),
    "unknown key with few known ones": (
        "releases:\n  - name: web\n    chart: {dir: ./c, «zzz: 1}\n",
        [("unknown-key", "known: dir, reference, version")],
    ),
    "keys for anchors are free": (
        "x-base: &b {chart: {dir: ./c}}\nreleases:\n  - {name: web, <<: *b}\n",
        [],
    ),
    "a release without a name": (
        "releases:\n  - «chart: {dir: ./c}\n",
        [("missing-key", '"name" is missing')],
    ),
    "a release that is a text": (
        "releases: [«web]\n",
        [("wrong-type", "must be a map, not 'web'")],
    ),
    "releases that are no list": (
        "releases: «{name: web}\n",
        [("wrong-type", "releases must be a list")],
    ),
    "a file that is a list": (
        "«- name: web\n",
        [("wrong-type", "must be a map")],
    ),
    "an empty file": (
        "",
        [],
    ),
    "duplicate key": (
        "releases:\n  - name: web\n    «name: api\n    chart: {dir: ./c}\n",
        [("duplicate-key", "line 2, column 5")],
    ),
    "bad name": (
        "releases: [{name: «Web_1, chart: {dir: ./c}}]\n",
        [("bad-name", 'release "Web_1"')],
    ),
    "name too long": (
        "releases: [{name: «aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, chart: {dir: ./c}}]\n",
        [("bad-name", "54 characters, at most 53")],
    ),
    "dots in a name are Helm's": (
        "releases: [{name: web.v1, chart: {dir: ./c}}]\n",
        [],
    ),
    "a number as name": (
        "releases: [{name: «12, chart: {dir: ./c}}]\n",
        [("wrong-type", "name: 12 is not text without quotes")],
    ),
    "duplicate name": (
        "releases:\n  - {name: web, chart: {dir: ./c}}\n  - {name: «web, chart: {dir: ./c}}\n",
        [("duplicate-name", 'release "web" is declared twice in environment "prod"; first in releases.yaml:2:12')],
    ),
    "neither chart nor files": (
        "releases: [«{name: web}]\n",
        [("one-workload", "neither chart nor resourceFiles")],
    ),
    "both chart and files": (
        "releases: [«{name: web, chart: {dir: ./c}, resourceFiles: [a.yaml]}]\n",
        [("one-workload", "both chart and resourceFiles")],
    ),
    "a faulty chart is one mistake": (
        "releases: [{name: web, chart: «5}]\n",
        [("wrong-type", "chart must be a map, not 5")],
    ),
    "a chart of nothing": (
        "releases: [{name: web, chart: «{}}]\n",
        [("bad-chart", "neither dir nor reference")],
    ),
    "a chart twice": (
        "releases: [{name: web, chart: «{dir: c, reference: stable/x, version: '1'}}]\n",
        [("bad-chart", "both dir and reference")],
    ),
    "version beside a folder": (
        "releases: [{name: web, chart: {dir: c, «version: '1'}}]\n",
        [("bad-chart", "no effect beside chart.dir")],
    ),
    "reference without version": (
        "releases: [{name: web, chart: {reference: «stable/web}}]\n",
        [("missing-chart-version", "chart.reference needs chart.version")],
    ),
    "a version without quotes": (
        "releases: [{name: web, chart: {reference: stable/web, version: «1.10}}]\n",
        [("wrong-type", "chart.version: 1.10 is not text without quotes")],
    ),
    "unknown helm repository": (
        "releases: [{name: web, chart: {reference: «stabel/web, version: 1.2.3}}]\n",
        [("unknown-helm-repo", '"stabel" is not in helmRepos; did you mean "stable"?')],
    ),
    "a folder as reference": (
        "releases: [{name: web, chart: {reference: «./charts/web, version: 1.2.3}}]\n",
        [("bad-chart", "is no chart reference")],
    ),
    "a word as reference": (
        "releases: [{name: web, chart: {reference: «web, version: 1.2.3}}]\n",
        [("bad-chart", "is no chart reference")],
    ),
    "an OCI reference with a tag": (
        "releases: [{name: web, chart: {reference: «'oci://r.example/web:1.0', version: 1.2.3}}]\n",
        [("bad-chart", "is no chart reference")],
    ),
    "a web page as chart": (
        "releases: [{name: web, chart: {reference: «'https://r.example/web'}}]\n",
        [("bad-chart", "is no chart reference")],
    ),
    "git without revision": (
        "releases: [{name: web, chart: {reference: «'git+https://g.example/r//c'}}]\n",
        [("missing-chart-version", "names no revision")],
    ),
    "S3 without a name": (
        "releases: [{name: web, chart: {reference: «'s3://bucket', version: 1.2.3}}]\n",
        [("bad-chart", "is no chart reference")],
    ),
    "bad track": (
        "releases:\n  - name: web\n    chart: {dir: ./c}\n    triggers: [{image: {track: «Patch}}]\n",
        [("bad-track", 'no such track "Patch"; did you mean "PatchLevel"?')],
    ),
    "a filter that is no pattern": (
        "releases: [{name: web, chart: {dir: ./c}, trigger: {image: {track: Newest, filter: «'(a'}}}]\n",
        [("bad-pattern", "'(a' is not a regular expression: missing )")],
    ),
    "an extract without a group": (
        "releases: [{name: web, chart: {dir: ./c}, trigger: {image: {track: Newest, extract: «a.*}}}]\n",
        [("bad-pattern", "'a.*' has no group that would be the version")],
    ),
    "a range that is none": (
        "releases: [{name: web, chart: {dir: ./c}, trigger: {chart: {track: Newest, range: «'>> 1'}}}]\n",
        [("bad-range", '">> 1" is not a version constraint')],
    ),
    "a platform that is none": (
        "releases: [{name: web, chart: {dir: ./c}, trigger: {image: {track: Newest, platform: «arm64}}}]\n",
        [("bad-platform", '"arm64" is not a platform')],
    ),
    "a digest that is not pinned": (
        "releases: [{name: web, chart: {dir: ./c}, trigger: {image: {track: Newest, digest: «keep}}}]\n",
        [("bad-value", "digest")],
    ),
    "trigger and triggers": (
        "releases:\n  - name: web\n    chart: {dir: ./c}\n    «trigger: {chart: {track: Newest}}\n    triggers: []\n",
        [("one-trigger", "both trigger and triggers")],
    ),
    "an empty trigger": (
        "releases: [{name: web, chart: {dir: ./c}, triggers: [«{}]}]\n",
        [("one-trigger", "neither image nor chart")],
    ),
    "a double trigger": (
        "releases: [{name: web, chart: {dir: ./c}, trigger: «{image: {track: Newest}, chart: {track: Newest}}}]\n",
        [("one-trigger", "both image and chart")],
    ),
    "needs an unknown release": (
        "releases: [{name: web, chart: {dir: ./c}, needs: [«wep]}]\n",
        [("unknown-release", 'needs "wep", which environment "prod" does not have; did you mean "web"?')],
    ),
    "needs itself": (
        "releases: [{name: web, chart: {dir: ./c}, needs: [«web]}]\n",
        [("needs-itself", "needs itself")],
    ),
    "needs in a circle": (
        "releases:\n"
        "  - {name: a, chart: {dir: ./c}, needs: [b]}\n"
        "  - {name: b, chart: {dir: ./c}, needs: [c]}\n"
        "  - {name: c, chart: {dir: ./c}, needs: [«a]}\n",
        [("needs-cycle", "a → b → c → a")],
    ),
    "needs of a faulty release": (
        "releases:\n  - {name: a, chart: {dir: ./c}, wait: «maybe}\n  - {name: b, chart: {dir: ./c}, needs: [a]}\n",
        [("wrong-type", "wait must be true or false, not 'maybe'")],
    ),
    "output of an unknown release": (
        "releases:\n"
        "  - name: a\n"
        "    chart: {dir: ./c}\n"
        "    values:\n"
        "      - key: k\n"
        "        valueFrom:\n"
        "          output: «{release: nope, kind: Service, name: x, path: '{.spec}'}\n",
        [("unknown-release", 'needs "nope"')],
    ),
    "unknown strategy": (
        "releases: [{name: web, chart: {dir: ./c}, strategy: «canary}]\n",
        [("unknown-strategy", 'no such strategy "canary"; known: rolling')],
    ),
    "unknown gate": (
        "releases: [{name: web, chart: {dir: ./c}, gates: [«readines, helmTest]}]\n",
        [("unknown-gate", 'no such kind "readines"; did you mean "readiness"?')],
    ),
    "a duration without unit": (
        "releases: [{name: web, chart: {dir: ./c}, timeout: «90}]\n",
        [("bad-duration", "the duration 90 has no unit")],
    ),
    "a duration of words": (
        "releases: [{name: web, chart: {dir: ./c}, timeout: «two minutes}]\n",
        [("bad-duration", "'two minutes' is no duration")],
    ),
    "a duration of nothing": (
        "releases: [{name: web, chart: {dir: ./c}, timeout: «0s}]\n",
        [("bad-duration", "longer than nothing")],
    ),
    "a share above all": (
        "releases: [{name: web, chart: {dir: ./c}, policy: {prune: {maxReleases: «150%}}}]\n",
        [("bad-share", "150% is more than all")],
    ),
    "a share of words": (
        "releases: [{name: web, chart: {dir: ./c}, policy: {prune: {maxObjects: «half}}}]\n",
        [("bad-share", "is no share")],
    ),
    "a share that looks like a count": (
        "releases: [{name: web, chart: {dir: ./c}, policy: {prune: {maxReleases: «1}}}]\n",
        [("bad-share", "1 is no share: a share is no count")],
    ),
    "a count where a share belongs": (
        "releases: [{name: web, chart: {dir: ./c}, policy: {prune: {maxObjects: «5}}}]\n",
        [("bad-share", "5 is no share: a share is no count")],
    ),
    "an unknown drift mode": (
        "releases: [{name: web, chart: {dir: ./c}, policy: {drift: «fix}}]\n",
        [("bad-value", 'no such mode "fix"; known: correct, ignore, report')],
    ),
    "an ignore rule without pointer": (
        "releases: [{name: web, chart: {dir: ./c}, policy: {drift: {ignore: [{pointers: [«spec.replicas]}]}}}]\n",
        [("bad-value", '"spec.replicas" is no JSON pointer')],
    ),
    "retries without end": (
        "releases: [{name: web, chart: {dir: ./c}, policy: {retries: «1000}}]\n",
        [("bad-value", "policy.retries: 1000 is out of range, at most 100")],
    ),
    "a value without content": (
        "releases: [{name: web, chart: {dir: ./c}, values: [«{key: a}]}]\n",
        [("one-value", "neither value nor valueFrom")],
    ),
    "a value with two contents": (
        "releases: [{name: web, chart: {dir: ./c}, values: [«{key: a, value: 1, valueFrom: {env: X}}]}]\n",
        [("one-value", "both value and valueFrom")],
    ),
    "null is a value": (
        "releases: [{name: web, chart: {dir: ./c}, values: [{key: a, value: null}]}]\n",
        [],
    ),
    "a source of nothing": (
        "releases: [{name: web, chart: {dir: ./c}, values: [{key: a, valueFrom: «{}}]}]\n",
        [("one-value", "names nothing")],
    ),
    "two sources": (
        "releases: [{name: web, chart: {dir: ./c}, values: [{key: a, valueFrom: «{env: X, file: f.txt}}]}]\n",
        [("one-value", "names env and file")],
    ),
    "an address without name": (
        "releases: [{name: web, chart: {dir: ./c}, values: [{key: a, valueFrom: {gceResource: {address: «{}}}}]}]\n",
        [("one-value", "exactly one of name and nameFrom")],
    ),
    "an unknown parameter of the cluster": (
        "releases:\n"
        "  - name: web\n"
        "    chart: {dir: ./c}\n"
        "    values:\n"
        "      - key: a\n"
        "        valueFrom:\n"
        "          «gceResource: {address: {nameFrom: {clusterParam: ipp}}}\n",
        [("unknown-cluster-parameter", 'cluster "eu" has no parameter "ipp"; did you mean "ip"?')],
    ),
    "a bad key": (
        "releases: [{name: web, chart: {dir: ./c}, values: [{key: «a..b, value: 1}]}]\n",
        [("bad-value-key", "a name is missing")],
    ),
    "a key twice": (
        "releases:\n"
        "  - name: web\n"
        "    chart: {dir: ./c}\n"
        "    values:\n"
        "      - {key: a, value: 1}\n"
        "      - {key: «a, value: 2}\n",
        [("duplicate-value", 'value "a" stands already in line 5')],
    ),
    "values as a map": (
        "releases:\n  - name: web\n    chart: {dir: ./c}\n    values: «{a: 1}\n",
        [("wrong-type", "values must be a list, not a map")],
    ),
    "a number that loses its text": (
        "releases:\n  - name: web\n    chart: {dir: ./c}\n    values:\n      - {key: tag, value: «1.10}\n",
        [("lossy-scalar", "1.10 without quotes is read as 1.1")],
    ),
    "lossy scalars inside a value": (
        "releases:\n"
        "  - name: web\n"
        "    chart: {dir: ./c}\n"
        "    values:\n"
        "      - {key: m, value: {x: [«0x10, '0x10', 10], y: «on}}\n",
        [("lossy-scalar", '"m.x[0]": 0x10 without quotes is read as 16'), ("lossy-scalar", "on without")],
    ),
    "a list merge of nothing": (
        "releases: [{name: web, chart: {dir: ./c}, listMerge: {a: «{}}}]\n",
        [("bad-list-merge", 'listMerge "a" is not exactly one rule')],
    ),
    "an unknown list merge": (
        "releases: [{name: web, chart: {dir: ./c}, listMerge: {a: «prepend}}]\n",
        [("bad-value", 'no such rule "prepend"')],
    ),
    "needs for charts that are too old, or have no version": (
        "releases:\n"
        "  - {name: db, chart: {reference: stable/db, version: 2.0.0-rc.1}}\n"
        "  - {name: queue, chart: {reference: stable/queue, version: ^1}}\n"
        "  - {name: plain, resourceFiles: [x.yaml]}\n"
        "  - name: web\n"
        "    chart: {dir: ./c}\n"
        "    needs:\n"
        "      - «{release: db, minVersion: 2.0.0}\n"
        "      - {release: queue, minVersion: 2.0.0}\n"
        "      - «{release: plain, minVersion: 1.0.0}\n"
        "  - name: api\n"
        "    chart: {dir: ./c}\n"
        "    needs: [«{release: db, minVersion: two}, {release: queue}]\n"
        "  - {name: jobs, chart: {dir: ./c}, needs: [{release: db, minVersion: 2.0.0-beta}]}\n",
        [
            ("min-version", 'needs "db" from version 2.0.0, and this environment declares 2.0.0-rc.1'),
            ("min-version", '"plain" is plain files, which have no version'),
            ("min-version", 'minVersion "two" of "db" is no version'),
        ],
    ),
    "rules of health that cannot decide": (
        "releases:\n"
        "  - name: web\n"
        "    chart: {dir: ./c}\n"
        "    health:\n"
        "      - «{kind: Ship, path: status.phase}\n"
        "      - «{kind: Ship, path: status.phase, equals: Ready, in: [Ready]}\n"
        "      - {kind: Ship, path: «'status..[', equals: Ready}\n"
        "      - {kind: Ship, path: status.phase, equals: Ready, failed: «[Lost, Ready]}\n"
        "      - {kind: Ship, path: status.ready, equals: true, failed: false}\n",
        [
            ("bad-health", "neither equals nor in"),
            ("bad-health", "both equals and in"),
            ("bad-health", 'cannot read the path "status..["'),
            ("bad-health", "Ready can't mean both healthy and failed"),
        ],
    ),
    "a rule of health without a path": (
        "releases: [{name: web, chart: {dir: ./c}, health: [«{kind: Ship, equals: Ready}]}]\n",
        [("missing-key", 'path" is missing')],
    ),
    "a rule of health that compares with a list": (
        "releases: [{name: web, chart: {dir: ./c}, health: [{kind: Ship, path: a.b, equals: «[Ready]}]}]\n",
        [("wrong-type", "is compared with is a text")],
    ),
    "a patch of nothing": (
        "releases: [{name: web, chart: {dir: ./c}, patches: [«{target: {kind: Service}}]}]\n",
        [("bad-patch", "exactly one of json6902 and strategicMerge")],
    ),
    "a JSON patch without target": (
        "releases: [{name: web, chart: {dir: ./c}, patches: [«{json6902: [{op: remove, path: /a}]}]}]\n",
        [("bad-patch", "needs a target")],
    ),
    "operations that are none": (
        "releases:\n"
        "  - name: web\n"
        "    chart: {dir: ./c}\n"
        "    patches:\n"
        "      - target: {kind: Service}\n"
        "        json6902:\n"
        "          - «{op: put, path: /a}\n"
        "          - {op: add, path: «a, value: 1}\n"
        "          - «{op: add, path: /a}\n"
        "          - «{path: /a}\n"
        "          - «{op: remove}\n",
        [
            ("bad-patch", "no such operation 'put'"),
            ("bad-patch", "'a' is no JSON pointer"),
            ("bad-patch", '"add" needs "value"'),
            ("bad-patch", "has no op"),
            ("bad-patch", "has no path"),
        ],
    ),
    "a merge patch without kind": (
        "releases: [{name: web, chart: {dir: ./c}, patches: [«{strategicMerge: {spec: {}}}]}]\n",
        [("bad-patch", "needs a kind")],
    ),
    "resource files that are no list": (
        "releases: [{name: web, resourceFiles: «a.yaml}]\n",
        [("wrong-type", "resourceFiles must be a list, not 'a.yaml'")],
    ),
    "labels with numbers": (
        "releases: [{name: web, chart: {dir: ./c}, labels: {tier: «1}}]\n",
        [("wrong-type", "labels.tier: 1 is not text without quotes")],
    ),
}


@pytest.mark.parametrize(("text", "wanted"), CASES.values(), ids=CASES.keys())
def test_a_mistake_in_a_release_file_is_told_where_the_mark_stands(resolve, unmarked, text: str, wanted: list) -> None:
    text, places = unmarked(text)
    found = resolve(MAIN, releases=text).diagnostics
    said = [one.message for one in found]
    assert [(one.rule, str(one.position)) for one in found] == [
        (rule, f"releases.yaml:{place}") for (rule, _), place in zip(wanted, places, strict=True)
    ], said
    assert all(part in message for (_, part), message in zip(wanted, said, strict=True)), said
    assert {one.rule for one in found} <= set(RULES)


def test_all_mistakes_of_all_files_come_out_of_one_run(resolve) -> None:
    main = MAIN.replace("[releases.yaml]", "[releases.yaml, more.yaml], nope: 1")
    found = resolve(
        main,
        releases="releases: [{name: A, chart: {dir: c}, timeout: 5}, {name: b, needs: [c]}]\n",
        more="releases: [{name: b, chart: {reference: x/y}}]\nwhat: 1\n",
    ).diagnostics
    assert [(one.position.file, one.rule) for one in found if one.position] == [
        ("environments.yaml", "unknown-key"),
        ("more.yaml", "duplicate-name"),
        ("more.yaml", "missing-chart-version"),
        ("more.yaml", "unknown-key"),
        ("releases.yaml", "bad-name"),
        ("releases.yaml", "bad-duration"),
        ("releases.yaml", "one-workload"),
        ("releases.yaml", "unknown-release"),
    ]


def test_a_file_shared_by_environments_is_reported_once(resolve) -> None:
    main = MAIN + "  - {name: test, clusterName: eu, kubeNamespace: test, releasesFiles: [releases.yaml]}\n"
    found = resolve(main, releases="releases: [{name: web, chart: {dir: c}, timeout: 5}]\n").diagnostics
    assert [one.rule for one in found] == ["bad-duration"]


def test_a_long_circle_is_shortened(resolve) -> None:
    names = [f"r{number}" for number in range(1500)]
    text = "releases:\n" + "".join(
        f"  - {{name: {name}, {C}, needs: [{names[number - 1]}]}}\n" for number, name in enumerate(names)
    )
    (found,) = resolve(MAIN, releases=text).diagnostics
    assert found.rule == "needs-cycle"
    assert "…" in found.message
    assert len(found.message) < 200
