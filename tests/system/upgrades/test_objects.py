"""HelmRelease objects in resource files through the command line: found, edited in place, and gone on with."""

from __future__ import annotations

from tests.system.upgrades.conftest import Shop

RELEASES = """\
releases:
  - name: flux
    resourceFiles: [flux.yaml]
    trigger: {image: {track: MinorVersion}}
"""
OBJECTS = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
--- # the shop itself
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: orders}
spec:
  values:
    image: {repository: REGISTRY/orders, tag: "1.4.1"}   # Anna checks before majors
"""


def test_an_object_s_tag_is_upgraded_and_explained(shop: Shop) -> None:
    shop.write("releases/prod.yaml", RELEASES)
    shop.write("releases/flux.yaml", OBJECTS)
    shop.commit()
    shop.push("orders", "1.4.1", "1.5.0", "2.0.0")
    assert shop("lint", "--no-render").code == 0
    listed = shop("poll", "prod")
    assert f"flux     {shop.registry}/orders  1.4.1  1.5.0  releases/flux.yaml:10:" in listed.out
    assert shop("poll", "prod", "--patch").code == 0
    line = f'    image: {{repository: {shop.registry}/orders, tag: "1.4.1"}}   # Anna checks before majors'
    assert shop.changed_lines() == [f"-{line}", f"+{line.replace('1.4.1', '1.5.0')}"]
    assert "2.0.0   not chosen: MajorVersion change" in shop("upgrades", "prod", "--explain").out
    assert shop("holds", "add", "prod", "flux", "1.5.0").code == 0
    assert shop("poll", "prod").out == "nothing to do: 1 trigger looked at\n"
