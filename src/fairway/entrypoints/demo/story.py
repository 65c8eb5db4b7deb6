"""The story, in the order in which it is told."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import click

from fairway.entrypoints.demo.chart_repository import serve_charts
from fairway.entrypoints.demo.images import images
from fairway.entrypoints.demo.meddling import meddle
from fairway.entrypoints.demo.places import CLUSTER, Places
from fairway.entrypoints.demo.shop import Shop
from fairway.entrypoints.demo.stage import Stage

NAMESPACE = "shop-prod"


def tell(stage: Stage, places: Places) -> None:
    """All of it; raises StepFailed at the first step that does not go as it should."""
    _cluster(stage, places)
    shop = Shop(places.shop)
    with serve_charts(places.charts) as url:
        _repository(stage, places, shop, url)
        _first_apply(stage)
    # From here on the chart repository is gone, and nothing misses it.
    _change(stage, shop)
    _failure(stage, shop)
    _drift(stage, places)
    _rollback(stage, places)
    images(stage, places, shop)
    _ledger(stage)
    _closing(stage, places)


def _cluster(stage: Stage, places: Places) -> None:
    stage.scene(
        "A real control plane on this machine", "etcd, API server, controllers, scheduler; nodes are simulated."
    )
    verb = "reset" if places.cluster_exists() else "up"
    stage.fairway("cluster", verb, "--name", CLUSTER)


def _repository(stage: Stage, places: Places, shop: Shop, url: str) -> None:
    stage.scene(
        "A deployments repository",
        f"The example shop as a fresh Git repository in {places.shown(shop.folder)}: two environments in two\n"
        "namespaces, ten releases in each, with sub-charts, hooks, needs, plain resource files, and one chart\n"
        f"from a chart repository at {url}.",
    )
    shop.copy(CLUSTER)
    shop.take_chart_from(url, places.charts)
    shop.commit_all(stage)
    stage.fairway("lint")
    stage.fairway("list", "env", "--long")


def _first_apply(stage: Stage) -> None:
    stage.scene(
        "Everything, in the order in which it needs each other", "Each release is done when its pods are ready."
    )
    stage.fairway("apply", "staging")
    stage.fairway("apply", "prod")
    stage.fairway("status", "prod")


def _change(stage: Stage, shop: Shop) -> None:
    stage.scene(
        "A change that goes well", "A new version is a line in Git. The plan asks the cluster what it would do."
    )
    shop.better_orders()
    stage.run(["git", "diff", "--unified=0"])
    stage.run(["git", "commit", "--quiet", "--all", "--message", "orders 1.4.2"])
    stage.fairway("plan", "prod")
    stage.fairway("why", "prod", "orders")
    stage.fairway("apply", "prod")


def _failure(stage: Stage, shop: Shop) -> None:
    stage.scene(
        "A change that fails",
        "This version of orders crashes at its start. Fairway says why, brings back what ran before,\n"
        "does not start what needs it, and ends with exit code 1.",
    )
    shop.broken_orders()
    stage.run(["git", "diff", "--unified=0"])
    stage.run(["git", "commit", "--quiet", "--all", "--message", "orders 1.5.0, payments 3.1.0"])
    stage.fairway("apply", "prod", expect=1)
    stage.say("\nIn the cluster the old revision runs. Git follows by a revert; after that nothing is left to do.")
    stage.run(["git", "revert", "--no-edit", "HEAD"])
    stage.fairway("apply", "prod", "--quiet")


def _drift(stage: Stage, places: Places) -> None:
    stage.scene("Somebody changes the cluster by hand", "As these commands would, behind Git's back:")
    stage.say(
        f"  kubectl -n {NAMESPACE} set image deployment/catalog app=shop/catalog:hotfix\n"
        f"  kubectl -n {NAMESPACE} delete service mailer"
    )
    meddle(places.kubeconfig(), NAMESPACE)
    stage.fairway("drift", "prod")
    stage.fairway("apply", "prod", "--quiet")
    stage.fairway("drift", "prod")


def _rollback(stage: Stage, places: Places) -> None:
    stage.scene("Back to an earlier revision", "By its number; Git is reverted too, or the next apply would undo it.")
    stage.fairway("rollback", "prod", "orders", "--to", "1", "--yes")
    stage.fairway("history", "prod", "orders")
    helm = places.helm()
    if helm is not None:
        stage.say("\nRevisions are Helm's own records, so helm reads the same:")
        stage.run(
            ["helm", "history", "orders", "--namespace", NAMESPACE],
            program=[str(helm)],
            env={"KUBECONFIG": str(places.kubeconfig())},
        )
    stage.run(["git", "revert", "--no-edit", "HEAD~2"])
    stage.fairway("apply", "prod", "--quiet")


def _ledger(stage: Stage) -> None:
    stage.scene("What was done, when, by whom and why")
    stage.fairway("log", "prod", "--number", "8")


def _closing(stage: Stage, places: Places) -> None:
    click.echo(click.style(f"\nSeen in {stage.elapsed:.0f} s, all of it on a real Kubernetes API:", bold=True))
    for line in (
        "20 installs in the order of their needs, each healthy before what needs it began",
        "an upgrade planned field by field, and explained by the line in Git that caused it",
        "a failed upgrade: its reason found in the pod, the old revision back, what needs it untouched",
        "changes by hand found and corrected; a rollback; every step in the ledger",
        "a pushed image committed, rolled out and told by the agent; a bad one stopped, taken back and held",
    ):
        click.echo(f"  {click.style('✓', fg='green')} {line}")
    click.echo(click.style("\nTry next:", bold=True))
    bin_folder = Path(sys.executable).parent
    if shutil.which("fairway") is None:
        click.echo(f"  export PATH={bin_folder}{os.pathsep}$PATH")
    for command, what in (
        (f"cd {places.shown(places.shop)}", ""),
        ("fairway status prod --watch", "how it is doing, until Ctrl-C"),
        ("fairway values prod web --explain", "each value, and the line that set it"),
        ("fairway log --failed", "what went wrong; fairway show ID tells all about one"),
        ("fairway holds list", "which versions do not come back, and why"),
        ("fairway test prod orders", "the chart's own tests"),
        ("$EDITOR releases/shop.yaml", "change something, then fairway plan prod"),
    ):
        click.echo(f"  {command:<36}{click.style(what, dim=True)}" if what else f"  {command}")
    click.echo(f"\nThe cluster runs until {click.style(places.down_command, bold=True)}.")
