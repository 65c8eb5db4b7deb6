"""Lint of what releases render to: every rule, its severity, its place, and its fix."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from fairway import wiring
from fairway.adapters.charts.web import Patience
from fairway.domain.errors import Diagnostic, Severity, UserError
from fairway.services.linting import lint
from fairway.services.linting.rendering import RenderedReleases
from fairway.services.linting.standing_in import EncryptedAsWritten
from fairway.settings import load_settings

MAIN = """\
clusters:
  - {name: eu, provider: {existingContext: {contextName: nowhere}}}
  - {name: us, provider: {existingContext: {contextName: nowhere}}}
environments:
  - {name: prod, clusterName: eu, kubeNamespace: shop, releasesFiles: [releases.yaml]}
"""
RELEASES = "releases:\n  - {name: web, chart: {dir: chart}}\n"
SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  ports:
    - port: 80
"""
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n    - name: a\n      image: %s\n"


class Lint:
    """Runs lint over files written into a folder, with everything real but the cluster."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write({"environments.yaml": MAIN, "releases.yaml": RELEASES})
        self.write({"chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.2.3\n"})

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    async def __call__(
        self, files: Mapping[str, str] | None = None, *, version: str = "newest", environments: tuple[str, ...] = ()
    ) -> list[Diagnostic]:
        self.write(files or {})
        settings = load_settings(
            {"HOME": str(self.folder / "home"), "FAIRWAY_CACHE_DIR": str(self.folder / "cache"), "USER": "tests"}
        )
        async with wiring.chart_service(settings, patience=Patience(attempts=1)) as charts:
            check = RenderedReleases(
                lambda repository, one: wiring.open_rendering(
                    settings, repository, one, charts, kube_version=version, decryptor=EncryptedAsWritten()
                ),
                charts,
                self.folder,
                environments,
            )
            report = await lint(self.folder / "environments.yaml", [check], self.folder)
        return list(report.diagnostics)

    async def texts(self, files: Mapping[str, str] | None = None, **more: str) -> list[str]:
        """`place severity rule message | fix` of each finding."""
        return [
            f"{one.position} {one.severity} {one.rule} {one.message}" + (f" | {one.fix}" if one.fix else "")
            for one in await self(files, version=more.get("version", "newest"))
        ]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lint:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SHOP_SECRET", raising=False)
    return Lint(tmp_path)


async def test_right_releases_have_no_findings(run: Lint) -> None:
    assert await run({"chart/templates/service.yaml": SERVICE}) == []


async def test_an_unknown_field_is_named_with_its_line_and_the_release(run: Lint) -> None:
    found = await run.texts({"chart/templates/service.yaml": SERVICE.replace("ports:", "prots:")})
    assert found == [
        "chart/templates/service.yaml:6:3 error unknown-field "
        'release "web" in prod: Service web: unknown field spec.prots; did you mean "ports"?'
    ]


async def test_a_mistake_in_a_chart_is_told_once_for_all_its_releases(run: Lint) -> None:
    many = "releases:\n" + "".join(f"  - {{name: r{n}, chart: {{dir: chart}}}}\n" for n in range(12))
    files = {"releases.yaml": many, "chart/templates/service.yaml": SERVICE.replace("port: 80", 'port: "80"')}
    assert await run.texts(files) == [
        'chart/templates/service.yaml:7:7 error wrong-field-type release "r0" in prod: Service r0: '
        "spec.ports[0].port must be a whole number, it is text (and in 11 other releases)"
    ]


async def test_a_line_is_not_named_when_two_could_be_meant(run: Lint) -> None:
    twice = SERVICE.replace("port: 80", 'port: "80"') + "    - name: b\n      port: 81\n"
    [found] = await run({"chart/templates/service.yaml": twice})
    assert str(found.position) == "chart/templates/service.yaml"


@pytest.mark.parametrize(
    ("template", "place", "rule", "message"),
    [
        ("a: {{ .Values.a.b }}", "chart/templates/x.yaml:1:14", "render-failed", "nil pointer evaluating"),
        ('a: {{ fail "set host" }}', "chart/templates/x.yaml:1:7", "render-failed", "set host"),
        ("a: {{", "chart/templates/x.yaml:1", "render-failed", "unclosed action"),
        ("- a", "chart/templates/x.yaml", "render-failed", "not a mapping but an array"),
        ("kind: Pod\nmetadata: {name: x}", "chart/templates/x.yaml", "bad-object", "x.yaml has no apiVersion"),
        ("apiVersion: v1\nmetadata: {name: x}", "chart/templates/x.yaml", "bad-object", "x.yaml has no kind"),
        ("apiVersion: v1\nkind: Service", "chart/templates/x.yaml", "bad-object", "has no metadata.name"),
        (f"{SERVICE}---\n{SERVICE}", "chart/templates/x.yaml", "bad-object", "is declared twice"),
    ],
)
async def test_what_cannot_be_rendered_is_one_finding_with_the_place(
    run: Lint, template: str, place: str, rule: str, message: str
) -> None:
    [found] = await run({"chart/templates/x.yaml": template})
    assert (found.rule, found.severity) == (rule, Severity.ERROR)
    assert message in found.message
    assert found.message.startswith('release "web" in prod: ')
    assert str(found.position) == place


async def test_a_release_that_fails_does_not_hide_the_others(run: Lint) -> None:
    files = {
        "releases.yaml": RELEASES + "  - {name: bad, chart: {dir: other}}\n",
        "other/Chart.yaml": "apiVersion: v2\nname: other\nversion: 1.0.0\n",
        "other/templates/x.yaml": '{{ required "no host" .Values.host }}',
        "chart/templates/service.yaml": SERVICE.replace("spec:", "spce:"),
    }
    assert [one.rule for one in await run(files)] == ["unknown-field", "render-failed"]


async def test_values_that_break_the_schema_are_told_at_the_charts_schema(run: Lint) -> None:
    schema = '{"type": "object", "properties": {"replicas": {"type": "integer"}}}'
    releases = RELEASES.replace("{dir: chart}}", "{dir: chart}, values: [{key: replicas, value: many}]}")
    [found] = await run({"chart/values.schema.json": schema, "releases.yaml": releases})
    assert found.rule == "values-schema"
    assert "replicas" in found.message
    assert str(found.position) == "chart/values.schema.json"


@pytest.mark.parametrize(
    ("version", "severity", "text"),
    [
        ("1.21", "warning", "is deprecated since Kubernetes 1.14 and goes in 1.22"),
        ("1.22", "error", "was removed in Kubernetes 1.22"),
        ("newest", "error", "was removed in Kubernetes 1.22"),
    ],
)
async def test_api_versions_that_go_name_what_to_use(run: Lint, version: str, severity: str, text: str) -> None:
    ingress = "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: web}\n"
    [found] = await run({"chart/templates/ing.yaml": ingress}, version=version)
    assert found.severity == severity
    assert found.message == f'release "web" in prod: Ingress web: extensions/v1beta1 Ingress {text}'
    assert found.fix == "use networking.k8s.io/v1"
    assert str(found.position) == "chart/templates/ing.yaml:1:1"
    assert found.rule == ("api-deprecated" if severity == "warning" else "api-removed")


@pytest.mark.parametrize(
    ("api_version", "kind", "version", "severity", "message", "fix"),
    [
        (
            "apps/v1",
            "Ingress",
            "1.36",
            "error",
            "Kubernetes 1.36 has no Ingress in apps/v1",
            "Ingress is in networking",
        ),
        ("apps/v1", "Deploiment", "1.36", "error", 'did you mean "Deployment"?', None),
        ("batch/v1", "CronJob", "1.20", "error", "exists only since Kubernetes 1.21", "use batch/v1beta1 for 1.20"),
        ("resource.k8s.io/v1beta1", "ResourceClaim", "1.34", "warning", "not served by default", "--runtime-config"),
        ("policy/v1beta1", "PodSecurityPolicy", "1.30", "error", "was removed in Kubernetes 1.25", "no replacement"),
    ],
)
async def test_kinds_that_the_target_does_not_serve_are_told(
    run: Lint, api_version: str, kind: str, version: str, severity: str, message: str, fix: str | None
) -> None:
    text = f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x}}\n"
    found = await run({"chart/templates/x.yaml": text}, version=version)
    assert [one.severity for one in found if message in one.message] == [severity]
    assert fix is None or fix in (found[-1].fix or "")


async def test_custom_resources_without_a_definition_are_a_hint(run: Lint) -> None:
    tank = "apiVersion: example.com/v1\nkind: Tank\nmetadata: {name: t}\nspec: {sise: 1}\n"
    [found] = await run({"chart/templates/tank.yaml": tank})
    assert (found.severity, found.rule) == (Severity.INFO, "no-schema")


async def test_custom_resources_are_checked_when_a_chart_brings_their_definition(run: Lint) -> None:
    properties = "{spec: {type: object, properties: {size: {type: integer}}}}"
    crd = (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: tanks.example.com}\n"
        "spec:\n  group: example.com\n  scope: Namespaced\n  names: {kind: Tank, plural: tanks}\n  versions:\n"
        "    - name: v1\n      served: true\n      storage: true\n"
        f"      schema: {{openAPIV3Schema: {{type: object, properties: {properties}}}}}\n"
    )
    tank = "apiVersion: example.com/v1\nkind: Tank\nmetadata: {name: t}\nspec: {sise: 1}\n"
    [found] = await run({"chart/templates/tank.yaml": tank, "chart/crds/tank.yaml": crd})
    assert found.message.endswith('Tank t: unknown field spec.sise; did you mean "size"?')
    assert str(found.position) == "chart/templates/tank.yaml"


async def test_hooks_are_checked_too(run: Lint) -> None:
    hook = POD.replace("metadata: {name: x}", "metadata: {name: x, annotations: {helm.sh/hook: test}}") % "a:1"
    found = await run({"chart/templates/test.yaml": hook.replace("name: a\n", "nmae: a\n")})
    assert sorted(one.rule for one in found) == ["missing-field", "unknown-field"]


async def test_two_releases_that_declare_one_object_are_told(run: Lint) -> None:
    fixed = SERVICE.replace("{{ .Release.Name }}", "shared")
    releases = RELEASES + "  - {name: other, chart: {dir: chart}}\n"
    found = await run.texts({"chart/templates/service.yaml": fixed, "releases.yaml": releases})
    assert found == [
        'chart/templates/service.yaml error duplicate-object release "other" in prod: Service shared in namespace shop '
        'is also declared by release "web" in prod | let one release declare it, or give it another name: '
        "the second one would be refused"
    ]


@pytest.mark.parametrize(
    ("cluster", "namespace", "kind", "clash"),
    [
        ("eu", "shop", "ServiceAccount", True),
        ("eu", "other", "ServiceAccount", False),
        ("us", "shop", "ServiceAccount", False),
        ("eu", "other", "Namespace", True),
    ],
)
async def test_objects_clash_only_in_one_cluster_and_namespace(
    run: Lint, cluster: str, namespace: str, kind: str, clash: bool
) -> None:
    second = f"  - {{name: two, clusterName: {cluster}, kubeNamespace: {namespace}, releasesFiles: [two.yaml]}}\n"
    files = {
        "environments.yaml": MAIN + second,
        "two.yaml": RELEASES.replace("name: web", "name: second"),
        "chart/templates/x.yaml": f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: same}}\n",
    }
    assert [one.rule for one in await run(files)] == ["duplicate-object"] * clash


async def test_an_image_without_version_is_a_warning_at_the_value_that_gives_it(run: Lint) -> None:
    files = {
        "chart/templates/pod.yaml": POD % '"{{ .Values.image.repository }}:{{ .Values.image.tag }}"',
        "chart/values.yaml": "image:\n  repository: registry.example/web\n  tag: latest\n",
    }
    [found] = await run(files)
    assert (found.rule, found.severity) == ("unpinned-image", Severity.WARNING)
    assert "registry.example/web:latest has the tag latest" in found.message
    assert str(found.position) == "chart/values.yaml:3:3"
    releases = RELEASES.replace("{dir: chart}}", '{dir: chart}, values: [{key: image.tag, value: "1.0"}]}')
    assert await run({"releases.yaml": releases}) == []


async def test_an_image_that_stands_in_the_template_is_told_there(run: Lint) -> None:
    [found] = await run({"chart/templates/pod.yaml": POD % "registry.example/web"})
    assert "has no tag" in found.message
    assert str(found.position) == "chart/templates/pod.yaml:7:7"


async def test_plain_files_are_checked_with_their_lines(run: Lint) -> None:
    files = {
        "releases.yaml": "releases:\n  - {name: plain, resourceFiles: [plain/map.yaml]}\n",
        "plain/map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndta: {}\n",
    }
    [found] = await run(files)
    assert str(found.position) == "plain/map.yaml:5:1"


async def test_a_variable_that_is_not_set_is_a_warning(run: Lint) -> None:
    releases = RELEASES.replace("{dir: chart}}", '{dir: chart}, values: [{key: a, value: "$SHOP_SECRET"}]}')
    [found] = await run({"releases.yaml": releases})
    assert (found.rule, found.severity) == ("unknown-value", Severity.WARNING)
    assert "$SHOP_SECRET is not set" in found.message
    assert found.position is not None
    assert found.position.file == "releases.yaml"


async def test_values_of_a_cluster_are_stood_in_for(run: Lint) -> None:
    source = "{key: a, valueFrom: {secret: {name: db, key: password}}}"
    releases = RELEASES.replace("{dir: chart}}", f"{{dir: chart}}, values: [{source}]}}")
    template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: {{ .Values.a | quote }}}\n"
    assert await run({"releases.yaml": releases, "chart/templates/x.yaml": template}) == []


async def test_encrypted_values_need_no_key(run: Lint) -> None:
    encrypted = (
        "db:\n    password: ENC[AES256_GCM,data:aa==,iv:bb=,tag:cc==,type:str]\n"
        "    port: ENC[AES256_GCM,data:aa==,iv:bb=,tag:cc==,type:int]\n"
        "sops:\n    mac: ENC[x,type:str]\n    age:\n    - a: b\n"
    )
    template = (
        "apiVersion: v1\nkind: Service\nmetadata: {name: db}\nspec: {ports: [{port: {{ .Values.db.port }}}]}\n---\n"
        "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {p: {{ .Values.db.password | quote }}}\n"
    )
    releases = RELEASES.replace("{dir: chart}}", "{dir: chart}, valuesFile: secret.yaml}")
    assert await run({"secret.yaml": encrypted, "chart/templates/x.yaml": template, "releases.yaml": releases}) == []


async def test_a_chart_that_cannot_be_reached_is_a_warning(run: Lint) -> None:
    releases = "releases:\n  - {name: web, chart: {reference: 'http://127.0.0.1:9/web-1.0.0.tgz'}}\n"
    [found] = await run({"releases.yaml": releases})
    assert (found.rule, found.severity) == ("not-reached", Severity.WARNING)


async def test_only_the_named_environments_are_rendered(run: Lint) -> None:
    second = "  - {name: test, clusterName: us, kubeNamespace: shop, releasesFiles: [releases.yaml]}\n"
    files = {"environments.yaml": MAIN + second, "chart/templates/x.yaml": SERVICE.replace("spec:", "spce:")}
    [both] = await run(files)
    assert "(and in 1 other release)" in both.message
    [one] = await run(environments=("test",))
    assert one.message.startswith('release "web" in test:')
    assert "other release" not in one.message


async def test_an_unknown_version_ends_lint(run: Lint) -> None:
    with pytest.raises(UserError, match="is no Kubernetes version"):
        await run(version="new")


async def test_capabilities_are_those_of_the_version(run: Lint) -> None:
    template = '{{ if .Capabilities.APIVersions.Has "networking.k8s.io/v1/Ingress" }}- new{{ end }}\n'
    assert await run({"chart/templates/x.yaml": template}, version="1.18") == []
    [found] = await run(version="1.19")
    assert found.rule == "render-failed"


FROM_CLUSTER = RELEASES.replace(
    "{dir: chart}}", "{dir: chart}, values: [{key: port, valueFrom: {configMap: {name: a, key: port}}}]}"
)


async def test_a_field_made_from_a_value_that_is_not_known_is_not_judged(run: Lint) -> None:
    template = SERVICE.replace("port: 80", "port: {{ .Values.port }}").replace("spec:", "spec:\n  tpye: x")
    found = await run({"releases.yaml": FROM_CLUSTER, "chart/templates/x.yaml": template})
    assert [one.message.rpartition(": ")[2] for one in found] == ['unknown field spec.tpye; did you mean "type"?']


async def test_a_release_that_fails_without_values_of_the_cluster_is_a_warning(run: Lint) -> None:
    schema = '{"type": "object", "properties": {"port": {"type": "integer"}}}'
    [found] = await run({"releases.yaml": FROM_CLUSTER, "chart/values.schema.json": schema})
    assert (found.rule, found.severity) == ("unknown-value", Severity.WARNING)
    assert found.fix == "see what --live says"


async def test_a_needed_chart_that_is_too_old_is_found_once_its_version_is_known(run: Lint) -> None:
    releases = (
        "releases:\n"
        "  - {name: web, chart: {dir: chart}}\n"
        "  - name: api\n"
        "    chart: {dir: chart}\n"
        "    needs: [{release: web, minVersion: 1.3.0}]\n"
        "  - {name: jobs, chart: {dir: chart}, needs: [{release: web, minVersion: 1.2.3}]}\n"
    )
    found = [one for one in await run.texts({"releases.yaml": releases}) if "min-version" in one]
    assert found == [
        'releases.yaml:5:13 error min-version release "api" in prod: needs "web" from version 1.3.0, and this '
        'environment declares 1.2.3 | raise the chart of "web", or lower minVersion'
    ]
