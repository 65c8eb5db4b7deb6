"""No secret is ever shown or kept in the clear, whichever way it came in and whatever is asked or goes wrong."""

import base64
from pathlib import Path

import pytest
from tests.support.cli import Shop, release
from tests.support.clusters import Cluster

pytestmark = pytest.mark.cluster

CANARIES = {
    "variable": "canary-Var1able-9f3",
    "cluster": "canary-Cl0ster-4c2",
    "password": "canary-Passw0rd-7e1",
    "object": "canary-Obj3ct-2b8",
    "token": "canary-T0ken-5d6",
}
NEXT = {name: f"{text}-next" for name, text in CANARIES.items()}

SECRET = """\
apiVersion: v1
kind: Secret
metadata:
  name: {{ .Release.Name }}-keys
stringData:
  variable: {{ .Values.fromVariable }}
  cluster: {{ .Values.fromCluster }}
  written: %s
"""
LEAKY = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-leaky
data:
  address: "postgres://app:{{ .Values.db.password }}@db/shop"
  env: "TOKEN={{ .Values.fromVariable }}"
"""

DYING = """\
apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-dying
  annotations:
    devcluster.fairway.dev/fail: crash-loop
    devcluster.fairway.dev/log: can't log in with {{ .Values.fromVariable }} and {{ .Values.db.password }}
spec:
  containers: [{name: app, image: shop/app}]
"""


@pytest.fixture
def secretive(shop: Shop, cluster: Cluster, namespace: str) -> Shop:
    cluster.client.create(
        f"/api/v1/namespaces/{namespace}/secrets",
        {"metadata": {"name": "given"}, "stringData": {"key": CANARIES["cluster"]}},
    )
    shop.env["API_TOKEN"] = CANARIES["variable"]
    write(shop, CANARIES)
    return shop


def write(shop: Shop, texts: dict[str, str], *, dying: bool = False) -> None:
    values = [
        {"key": "fromVariable", "valueFrom": {"env": "API_TOKEN"}},
        {"key": "fromCluster", "valueFrom": {"secret": {"name": "given", "key": "key"}}},
        {"key": "db.password", "value": texts["password"]},
        {"key": "auth.token", "value": texts["token"]},
    ]
    shop.write([release("web", values=values, timeout="20s")])
    if dying:
        shop.put("charts/app/templates/dying.yaml", DYING)
    shop.put("charts/app/templates/secret.yaml", SECRET % texts["object"])
    shop.put("charts/app/templates/leaky.yaml", LEAKY)


LOOKING = (
    ("plan", "one"),
    ("plan", "one", "-o", "json"),
    ("plan", "one", "-o", "markdown"),
    ("diff", "one"),
    ("render", "one"),
    ("values", "one", "web"),
    ("values", "one", "web", "--explain"),
    ("values", "one", "web", "-o", "json"),
    ("why", "one", "web"),
    ("why", "one", "web", "-o", "json"),
    ("status", "one", "-o", "json"),
    ("history", "one", "web", "-o", "json"),
    ("drift", "one", "-o", "json"),
    ("dump",),
    ("lint",),
    ("log", "-o", "json"),
    ("ledger", "export"),
)


def test_no_output_and_no_file_holds_a_secret(secretive: Shop) -> None:
    told: list[tuple[str, str]] = []

    def ask(*words: str, code: int | None = 0) -> None:
        done = secretive.run(*words, code=code, env={"FAIRWAY_LOG_LEVEL": "debug"})
        told.append((" ".join(words), done.out + done.err))

    def look() -> None:
        for words in LOOKING:
            ask(*words, code=None)

    look()
    ask("apply", "one", "-o", "json")
    look()
    secretive.env["API_TOKEN"] = NEXT["variable"]
    write(secretive, NEXT)
    look()
    ask("apply", "one")
    # The pod tells its own secrets as it dies, and a template puts one into its error.
    write(secretive, NEXT, dying=True)
    ask("apply", "one", code=1)
    assert "can't log in with" in told[-1][1]
    look()
    ask("show", secretive.run("log", "-o", "json").json["deployments"][0]["id"])
    ask("rollback", "one", "web", "--to", "1", code=None)
    write(secretive, NEXT)
    secretive.put("charts/app/templates/guard.yaml", '{{ fail (printf "no %s here" .Values.db.password) }}')
    ask("plan", "one", code=None)
    ask("apply", "one", code=None)
    ask("uninstall", "one", "web", "--yes")

    for command, text in told:
        assert found(text) == [], f"fairway {command}\n{text}"
    for file in secretive.data.rglob("*"):
        if file.is_file():
            assert found(file.read_bytes().decode(errors="replace")) == [], file


def test_a_saved_plan_is_for_its_owner_only(secretive: Shop) -> None:
    secretive.run("plan", "one", "--out", "plan.json")
    assert (secretive.folder / "plan.json").stat().st_mode & 0o777 == 0o600
    done = secretive.run("apply", "--plan", "plan.json")
    assert found(done.out + done.err) == []


def test_secrets_can_be_shown_on_purpose(secretive: Shop) -> None:
    assert CANARIES["object"] in secretive.run("render", "one", "--show-secrets").out


def found(text: str) -> list[str]:
    """Which secrets stand in a text, as they are or in base64."""
    every = {**{f"{name} (next)": value for name, value in NEXT.items()}, **CANARIES}
    coded = {f"{name} in base64": base64.b64encode(value.encode()).decode() for name, value in every.items()}
    # The file that declares a secret in the clear may be quoted by nobody; the chart's own text may, by `render` only.
    return [name for name, value in {**every, **coded}.items() if value in text]


def test_the_canaries_are_found_where_they_are(tmp_path: Path) -> None:
    assert found(f"x{NEXT['token']}") == ["token (next)", "token"]
    assert found(base64.b64encode(CANARIES["object"].encode()).decode()) == ["object in base64"]
