"""The place of release records as people choose it: by HELM_DRIVER or FAIRWAY_RECORDS, through every verb."""

from __future__ import annotations

import psycopg
import pytest
from tests.support.cli import Shop, release
from tests.support.clusters import Cluster

pytestmark = pytest.mark.cluster

LOOKS = """\
{{- $found := lookup "v1" "Namespace" "" .Release.Namespace }}
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-looks}
data: {namespace: {{ $found.metadata.name | quote }}}
"""
SECRET = "p4ss-w0rd"


def kinds_of_records(cluster: Cluster, namespace: str) -> dict[str, int]:
    found = {}
    for plural in ("secrets", "configmaps"):
        items = cluster.client.get(f"/api/v1/namespaces/{namespace}/{plural}?labelSelector=owner%3Dhelm")["items"]
        found[plural] = len(items)
    return found


def applied_through(shop: Shop, cluster: Cluster) -> None:
    """Install, change, look, go back, remove: each verb finds what the one before left."""
    shop.write([release("web", annotations={"step": "1"})])
    shop.put("charts/app/templates/looks.yaml", LOOKS)
    shop.run("apply", "one")
    looks = cluster.client.get(f"/api/v1/namespaces/{shop.namespaces[0]}/configmaps/web-looks")
    assert looks["data"] == {"namespace": shop.namespaces[0]}, "lookup asks the cluster whatever HELM_DRIVER says"
    shop.write([release("web", "2.0", annotations={"step": "2"})])
    shop.run("apply", "one")
    again = shop.run("apply", "one")
    assert "unchanged" in again.out + again.err
    history = shop.run("history", "one", "web", "--output", "json").json
    assert "superseded" in str(history)
    assert "deployed" in str(history)
    assert "web" in shop.run("status", "one").out
    shop.run("rollback", "one", "web")
    shop.run("uninstall", "one", "web", "--yes")
    assert "not installed" in shop.run("status", "one").out


def test_config_maps_by_helm_s_variable(shop: Shop, cluster: Cluster) -> None:
    shop.env["HELM_DRIVER"] = "configmap"
    shop.write([release("web")])
    shop.run("apply", "one")
    assert kinds_of_records(cluster, shop.namespaces[0]) == {"secrets": 0, "configmaps": 1}
    shop.run("uninstall", "one", "web", "--yes")
    applied_through(shop, cluster)


@pytest.mark.postgresql
def test_sql_by_helm_s_variables(shop: Shop, cluster: Cluster, postgresql_url: str) -> None:
    shop.env |= {"HELM_DRIVER": "sql", "HELM_DRIVER_SQL_CONNECTION_STRING": postgresql_url}
    applied_through(shop, cluster)
    assert kinds_of_records(cluster, shop.namespaces[0]) == {"secrets": 0, "configmaps": 0}
    with psycopg.connect(postgresql_url) as connection:
        for table in ("releases_v1", "custom_labels_v1", "fairway_release_notes"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_our_own_variable_wins(shop: Shop, cluster: Cluster) -> None:
    shop.env |= {"HELM_DRIVER": "configmap", "FAIRWAY_RECORDS": "secrets"}
    shop.write([release("web")])
    shop.run("apply", "one")
    assert kinds_of_records(cluster, shop.namespaces[0]) == {"secrets": 1, "configmaps": 0}


@pytest.mark.parametrize(
    ("env", "code", "said"),
    [
        ({"HELM_DRIVER": "memory"}, 2, ['"memory"', "secrets, configmaps or sql", "forget every release"]),
        ({"FAIRWAY_RECORDS": "etcd"}, 2, ['no place for release records is called "etcd"']),
        ({"FAIRWAY_RECORDS": "sql"}, 2, ["need a database", "HELM_DRIVER_SQL_CONNECTION_STRING=postgresql://"]),
        (
            {"FAIRWAY_RECORDS": "sql", "HELM_DRIVER_SQL_CONNECTION_STRING": f"password={SECRET} host"},
            2,
            ["HELM_DRIVER_SQL_CONNECTION_STRING can't be read", "as for helm"],
        ),
        (
            {
                "FAIRWAY_RECORDS": "sql",
                "HELM_DRIVER_SQL_CONNECTION_STRING": f"postgresql://helm:{SECRET}@127.0.0.1:9/records",
            },
            4,
            ["the database of records 127.0.0.1/records can't be reached"],
        ),
    ],
)
def test_a_place_that_cannot_be_used_is_told_without_its_password(
    shop: Shop, env: dict[str, str], code: int, said: list[str]
) -> None:
    shop.write([release("web")])
    for words in (["status", "one"], ["apply", "one"]):
        done = shop.run(*words, code=code, env=env)
        for text in said:
            assert text in done.err
        assert SECRET not in done.out + done.err
