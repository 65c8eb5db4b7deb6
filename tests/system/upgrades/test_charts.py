"""Chart triggers, with charts in a real registry."""

from __future__ import annotations

from tests.contract.charts.places import push_chart
from tests.support.charts import chart_archive
from tests.support.registry import OciRegistry
from tests.system.upgrades.conftest import Shop

RELEASES = """\
releases:
  - name: cache
    chart:
      reference: oci://REGISTRY/redis
      version: 1.0.0  # see the wiki before 2.0
    triggers:
      - chart: {track: MinorVersion}
"""


def test_a_chart_s_version_is_raised(shop: Shop, oci_registry: OciRegistry) -> None:
    shop.write("releases/prod.yaml", RELEASES)
    shop.commit()
    team = shop.registry.partition("/")[2]
    for version in ("1.0.0", "1.2.0", "2.0.0"):
        push_chart(oci_registry.host, f"{team}/redis", version, chart_archive(version=version))
    assert shop("poll", "prod", "-i", "shop/web").out == "nothing to do: no release here has such a trigger\n"
    patched = shop("poll", "prod", "--patch", "-o", "json")
    assert patched.code == 0, patched.err
    (row,) = patched.data["upgrades"]
    assert (row["kind"], row["key"], row["current"], row["new"]) == ("chart", "chart.version", "1.0.0", "1.2.0")
    assert row["edited"] is True
    assert shop.changed_lines() == [
        "-      version: 1.0.0  # see the wiki before 2.0",
        "+      version: 1.2.0  # see the wiki before 2.0",
    ]


def test_a_published_chart_is_observed(shop: Shop, oci_registry: OciRegistry) -> None:
    shop.write("releases/prod.yaml", RELEASES)
    shop.commit()
    assert shop("observe", "prod", "--chart", "redis:2.0.0", "--patch").out.endswith(
        "nothing to do: 1 trigger looked at\n"
    )
    verified = shop("observe", "prod", "--chart", "redis:1.1.0", "--verify")
    assert verified.code == 2
    assert "there is no chart" in verified.err
    name = f"oci://{shop.registry}/redis"
    assert shop("observe", "prod", "--chart", f"{name}:1.1.0", "--patch").code == 0
    assert shop.changed_lines()[1] == "+      version: 1.1.0  # see the wiki before 2.0"
