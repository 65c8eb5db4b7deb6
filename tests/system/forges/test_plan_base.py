"""`fairway plan --base`: what a branch changes, on the real command line, without a cluster."""

from __future__ import annotations

from pathlib import Path

import yaml
from tests.system.forges.conftest import SECRET, Checkout

SOPS = """\
password: ENC[AES256_GCM,data:{data},iv:aaaa,tag:bbbb,type:str]
sops:
    mac: ENC[AES256_GCM,data:cccc,iv:dddd,tag:eeee,type:str]
    version: 3.9.0
"""


def upgrade(checkout: Checkout) -> None:
    image = {"repository": "shop/web", "tag": "1.9.1"}
    checkout.release("prod", "web", replicas=2, image=image, password=SECRET)


def plan(checkout: Checkout, *words: str) -> str:
    done = checkout.fairway("plan", "--base", "main", "--offline", *words)
    assert done.code == 0, done.err
    return done.out + done.err


def test_only_what_differs_is_shown_in_every_environment(checkout: Checkout) -> None:
    upgrade(checkout)
    checkout.commit("web 1.9.1")
    told = plan(checkout)
    assert "shop/web:1.9.0 → shop/web:1.9.1" in told
    assert "pods restart: 2" in told
    assert "Secret web   1 key changes (masked): password" in told
    assert "1 release, 2 objects change · 1 unchanged" in told
    assert SECRET not in told
    assert "before-1t" not in told


def test_a_change_of_layout_alone_changes_nothing(checkout: Checkout) -> None:
    file = checkout.folder / "releases/web-prod.yaml"
    file.write_text(f"# a comment\n{file.read_text()}")
    told = plan(checkout)
    assert "2 unchanged" in told
    assert "shop/web" not in told


def test_what_main_got_meanwhile_is_not_taken_back(checkout: Checkout) -> None:
    upgrade(checkout)
    checkout.commit("web 1.9.1")
    checkout.git("checkout", "--quiet", "main")
    checkout.release("test", "web", replicas=9)
    checkout.commit("many more")
    checkout.git("checkout", "--quiet", "change")
    told = plan(checkout)
    assert "1 release, 2 objects change · 1 unchanged" in told


def test_new_and_removed_releases_and_environments_are_told(checkout: Checkout) -> None:
    document = yaml.safe_load((checkout.folder / "environments.yaml").read_text())
    new = {"name": "qa", "clusterName": "eu", "kubeNamespace": "qa", "releasesFiles": ["releases/qa.yaml"]}
    document["environments"] = [document["environments"][1], new]
    checkout.put("environments.yaml", yaml.safe_dump(document))
    checkout.release("qa", "web", replicas=1)
    checkout.release("prod", "cart", replicas=1)
    told = plan(checkout)
    assert "+ Deployment cart" in told
    assert "- Deployment web" in told
    assert "test is no longer declared" in told
    assert "qa · cluster eu" in told


def test_one_release_can_be_named_also_when_only_the_base_has_it(checkout: Checkout) -> None:
    checkout.release("prod", "cart", replicas=1)
    told = plan(checkout, "-r", "web")
    assert "- Deployment web" in told
    assert "cart" not in told.partition("Compared")[0]
    done = checkout.fairway("plan", "--base", "main", "--offline", "-r", "wep,web")
    assert (done.code, "no release wep" in done.err) == (2, True)


def test_a_release_that_cannot_be_rendered_leaves_the_others_to_be_seen(checkout: Checkout) -> None:
    upgrade(checkout)
    checkout.put("releases/charts/bad/Chart.yaml", "apiVersion: v2\nname: bad\nversion: 1.0.0\n")
    checkout.put("releases/charts/bad/templates/x.yaml", '{{ fail "no colour" }}')
    checkout.put("releases/test.yaml", yaml.safe_dump({"releases": [{"name": "bad", "chart": {"dir": "charts/bad"}}]}))
    told = plan(checkout)
    assert "no colour" in told
    assert "1 refused" in told
    assert "shop/web:1.9.1" in told


def test_a_base_with_mistakes_can_be_mended(checkout: Checkout) -> None:
    checkout.git("checkout", "--quiet", "main")
    good = (checkout.folder / "environments.yaml").read_text()
    checkout.put("environments.yaml", good.replace("kubeNamespace", "namespaze"))
    checkout.commit("oh no")
    checkout.git("checkout", "--quiet", "-b", "mended")
    checkout.put("environments.yaml", good)
    checkout.commit("mend it")
    told = plan(checkout)
    assert "The base itself has mistakes" in told
    assert "environments.yaml" in told
    assert "+ Deployment web" in told


def test_an_encrypted_value_that_changes_is_seen_without_any_key(checkout: Checkout) -> None:
    checkout.git("checkout", "--quiet", "main")
    body = {"name": "web", "chart": {"dir": "charts/app"}, "valuesFile": "web.enc.yaml"}
    checkout.put("releases/prod.yaml", yaml.safe_dump({"releases": [body]}))
    checkout.put("releases/web.enc.yaml", SOPS.format(data="b2xk"))
    checkout.commit("encrypted")
    checkout.git("checkout", "--quiet", "-b", "other")
    assert "2 unchanged" in plan(checkout)
    checkout.put("releases/web.enc.yaml", SOPS.format(data="bmV3"))
    told = plan(checkout)
    assert "Secret web   1 key changes (masked): password" in told
    assert "bmV3" not in told


def test_the_checkout_stays_as_it_is(checkout: Checkout) -> None:
    upgrade(checkout)
    hook = checkout.folder / ".git/hooks/post-checkout"
    hook.write_text("#!/bin/sh\ntouch hook-ran\n")
    hook.chmod(0o755)
    before = checkout.git("status", "--porcelain")
    plan(checkout)
    assert checkout.git("status", "--porcelain") == before
    assert checkout.git("worktree", "list").count("\n") == 0
    assert checkout.git("branch", "--show-current") == "change"


def test_a_revision_that_nobody_knows_is_named(checkout: Checkout) -> None:
    for ref in ("nowhere", "--upload-pack=x"):
        done = checkout.fairway("plan", f"--base={ref}", "--offline")
        assert done.code == 2
        assert ref in done.err


def test_a_shallow_clone_fetches_the_base(checkout: Checkout, tmp_path: Path) -> None:
    upgrade(checkout)
    checkout.commit("web 1.9.1")
    shallow = Checkout(tmp_path / "shallow", checkout.env)
    words = ("clone", "--quiet", "--depth=1", "--single-branch", "--branch=change")
    checkout.git(*words, f"file://{checkout.folder}", str(shallow.folder))
    assert "shop/web:1.9.0 → shop/web:1.9.1" in plan(shallow)


def test_a_folder_below_the_top_is_compared_with_itself(checkout: Checkout, tmp_path: Path) -> None:
    upgrade(checkout)
    checkout.git("mv", "environments.yaml", "releases", "-k")
    moved = checkout.folder / "releases/environments.yaml"
    moved.write_text(moved.read_text().replace("releases/", ""))
    checkout.commit("move it")
    done = checkout.fairway("plan", "--base", "HEAD", "--offline", "-f", "releases/environments.yaml")
    assert "2 unchanged" in done.out
    done = checkout.fairway("plan", "--base", "main", "--offline", "-f", "releases/environments.yaml")
    assert "The base has no environments.yaml" in done.err


def test_options_that_do_not_go_together_are_told(checkout: Checkout) -> None:
    for words in (["--offline"], ["--base", "main", "--out", "x.json"]):
        done = checkout.fairway("plan", "prod", *words)
        assert (done.code, "leave" in done.err) == (2, True), done.err


def test_the_exit_code_says_whether_something_changes(checkout: Checkout) -> None:
    assert checkout.fairway("plan", "--base", "main", "--offline", "--exit-code").code == 0
    upgrade(checkout)
    assert checkout.fairway("plan", "--base", "main", "--offline", "--exit-code").code == 1


def test_a_comparison_is_a_plan_for_programs_too(checkout: Checkout) -> None:
    upgrade(checkout)
    done = checkout.fairway("plan", "--base", "main", "--offline", "-o", "json")
    assert done.json["summary"] == {
        "releases": {"nothing": 1, "upgrade": 1},
        "objects": {"update": 2},
        "restarts": 2,
    }
