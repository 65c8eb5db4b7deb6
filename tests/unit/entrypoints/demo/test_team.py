"""What the deployments demo writes is what it says: rights for one namespace, and requests in and out of it."""

from __future__ import annotations

from pathlib import Path

import yaml

from fairway.entrypoints.demo.team import write_platform, write_team
from fairway.services.loading import load_repository


def test_the_platforms_files_are_a_deployments_repository_for_two_clusters(tmp_path: Path) -> None:
    write_platform(tmp_path / "platform", "one", "two")
    repository = load_repository(tmp_path / "platform" / "environments.yaml")
    assert [(one.name, one.cluster.name) for one in repository.environments] == [("dev", "dev"), ("prod", "prod")]
    assert [[release.name for release in one.releases] for one in repository.environments] == [
        ["team-shop"],
        ["team-shop"],
    ]
    rights = yaml.safe_load((tmp_path / "platform" / "shop.yaml").read_text())
    assert rights["metadata"]["namespace"] == "shop"
    assert rights["subjects"][0]["name"] == "serviceuser-shop"


def test_the_teams_files_are_objects_and_only_one_leaves_the_namespace(tmp_path: Path) -> None:
    write_team(tmp_path / "web")
    places = {
        file.name: {one["metadata"]["namespace"] for one in yaml.safe_load_all(file.read_text())}
        for file in (tmp_path / "web").iterdir()
    }
    assert places == {"web.yaml": {"shop"}, "web-broken.yaml": {"shop"}, "elsewhere.yaml": {"shop", "kube-system"}}


def test_the_broken_one_crashes_with_a_reason(tmp_path: Path) -> None:
    write_team(tmp_path / "web")
    *_, deployment = yaml.safe_load_all((tmp_path / "web" / "web-broken.yaml").read_text())
    annotations = deployment["spec"]["template"]["metadata"]["annotations"]
    assert "CART_URL" in annotations["devcluster.fairway.dev/log"]
