"""`--push`: from an image in a real registry to a commit at the remote, through the command line and real git."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from jsonschema import validate
from tests.support.git_remotes import ssh_key
from tests.system.writing.conftest import PushedShop

SCHEMA = json.loads((Path(__file__).parents[3] / "docs/spec/schemas/upgrades.schema.json").read_text())


def test_from_pushed_images_to_one_commit_at_the_remote(shop: PushedShop) -> None:
    shop.push("orders", "1.4.1", "1.4.3")
    shop.push("web", "5.1", "5.2.0")
    answer = shop("poll", "prod", "--push")
    assert answer.code == 0, answer.err
    commit = shop.remote("rev-parse", "main")
    assert answer.out == (
        f"{commit[:10]} pushed to main: Upgrade 2 releases in prod\n"
        "  orders 1.4.1 → 1.4.3 (prod)\n"
        "  web 5.1 → 5.2.0 (prod)\n"
    )
    assert shop.changed_lines() == []
    changed = [line for line in shop.remote("show", "--format=", "-U0", "main").splitlines() if line[0] in "+-"]
    assert [line for line in changed if line[:3] not in ("---", "+++")] == [
        '-      - {key: image.tag, value: "1.4.1"}   # Anna checks before majors',
        '+      - {key: image.tag, value: "1.4.3"}   # Anna checks before majors',
        "-  tag: 5.1   # short on purpose",
        "+  tag: 5.2.0   # short on purpose",
    ]
    assert shop.remote("log", "-1", "--format=%an|%(trailers:key=Fairway-Upgrade,valueonly)", "main").split("|") == [
        "Fairway",
        "prod/orders image.tag 1.4.1 1.4.3\nprod/web frontend.tag 5.1 5.2.0",
    ]
    again = shop("poll", "prod", "--push")
    assert (again.code, again.out) == (0, "nothing to do: 2 triggers looked at\n")


def test_the_newest_files_of_the_remote_count_and_not_those_here(shop: PushedShop) -> None:
    text = (shop.folder / "releases/prod.yaml").read_text()
    (shop.folder / "releases/prod.yaml").write_text(text.replace("1.4.1", "1.4.2"))
    shop.publish()
    shop.git("reset", "-q", "--hard", "HEAD~1")
    shop.push("orders", "1.4.1", "1.4.2", "1.4.3")
    answer = shop("poll", "prod", "-r", "orders", "--push", "-o", "json")
    assert answer.code == 0, answer.err
    validate(answer.data, SCHEMA)
    assert [(one["current"], one["new"]) for one in answer.data["upgrades"]] == [("1.4.2", "1.4.3")]
    assert answer.data["upgrades"][0]["where"] == "releases/prod.yaml:7:33"
    (written,) = answer.data["written"]
    assert (written["commit"], written["branch"], written["attempts"]) == (shop.remote("rev-parse", "main"), "main", 1)
    assert written["changes"] == ["orders 1.4.2 → 1.4.3 (prod)"]


def test_the_end_of_a_build_pushes_its_own_image(shop: PushedShop) -> None:
    shop.push("orders", "1.4.1", "1.4.3")
    answer = shop("observe", "-i", f"{shop.registry}/orders:1.4.3", "--verify", "--push")
    assert answer.code == 0, answer.err
    assert shop.log()[0] == "Upgrade orders to 1.4.3 in prod"


def test_a_repository_inside_of_a_folder_of_the_repository(shop: PushedShop) -> None:
    for name in ("environments.yaml", "releases", "charts"):
        (shop.folder / "deploy").mkdir(exist_ok=True)
        (shop.folder / name).rename(shop.folder / "deploy" / name)
    shop.publish()
    shop.push("orders", "1.4.1", "1.4.3")
    answer = shop("poll", "prod", "-r", "orders", "--push", "-f", "deploy/environments.yaml")
    assert answer.code == 0, answer.err
    assert shop.remote("show", "--format=", "--name-only", "main") == "deploy/releases/prod.yaml"


def test_what_cannot_be_edited_is_told_beside_what_was_written(shop: PushedShop) -> None:
    web = (shop.folder / "releases/web.yaml").read_text()
    shop.write("releases/web.yaml", web.replace("5.1 ", "&tag 5.1 ") + "label: *tag\n")
    shop.publish()
    shop.push("orders", "1.4.1", "1.4.3")
    shop.push("web", "5.1", "5.2.0")
    answer = shop("poll", "prod", "--push")
    assert answer.code == 2
    assert "pushed to main: Upgrade orders to 1.4.3 in prod" in answer.out
    assert answer.err.startswith("releases/web.yaml:4:8: error: this value has an anchor")


def test_a_protected_branch_says_what_to_do(shop: PushedShop) -> None:
    shop.hook("echo 'error: GH006: Protected branch update failed for refs/heads/main.' >&2; exit 1")
    shop.push("orders", "1.4.1", "1.4.3")
    answer = shop("poll", "prod", "-r", "orders", "--push")
    assert answer.code == 2
    assert "is protected" in answer.err
    assert "upgrades.write: pullRequest" in answer.err


def test_a_server_that_refuses_five_times_takes_it_in_the_end(shop: PushedShop) -> None:
    count = shop.bare / "count"
    shop.hook(f'echo x >> {count}; test "$(wc -l < {count})" -gt 5 || exit 1')
    shop.push("orders", "1.4.1", "1.4.3")
    answer = shop("poll", "prod", "-r", "orders", "--push", "-o", "json")
    assert answer.code == 0, answer.err
    assert answer.data["written"][0]["attempts"] == 6
    assert shop.log()[0] == "Upgrade orders to 1.4.3 in prod"


def test_a_lock_file_is_written_when_it_is_asked_for(shop: PushedShop) -> None:
    shop.write("fairway.yaml", "upgrades: {write: lock}\n")
    shop.publish()
    shop.push("orders", "1.4.1", "1.4.3")
    answer = shop("poll", "prod", "-r", "orders", "--push")
    assert answer.code == 0, answer.err
    assert shop.remote("show", "--format=", "--name-only", "main") == "releases/fairway.lock.yaml"


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is missing: install openssh-client")
def test_commits_are_signed_when_fairway_yaml_says_so(shop: PushedShop, tmp_path: Path) -> None:
    key = ssh_key(tmp_path)
    who = "{name: Bot, email: bot@shop.example}"
    signing = f"{{format: ssh, key: {{file: {key.private}}}}}"
    shop.write("fairway.yaml", f"git:\n  author: {who}\n  signing: {signing}\n")
    shop.publish()
    shop.push("orders", "1.4.1", "1.4.3")
    answer = shop("poll", "prod", "-r", "orders", "--push")
    assert answer.code == 0, answer.err
    allowed = key.allowed(tmp_path, "bot@shop.example")
    shown = shop.remote("-c", f"gpg.ssh.allowedSignersFile={allowed}", "log", "-1", "--format=%G? %an <%ae>", "main")
    assert shown == "G Bot <bot@shop.example>"


def test_what_the_rules_keep_out_is_said(shop: PushedShop) -> None:
    shop.write("fairway.yaml", "upgrades: {write: nothing}\n")
    shop.publish()
    shop.push("orders", "1.4.1", "1.4.3")
    answer = shop("poll", "prod", "-r", "orders", "--push")
    assert answer.code == 0, answer.err
    assert answer.out.startswith("nothing to do: what is wanted is there already, or is not to be written")


def test_a_folder_without_a_remote_says_so(shop: PushedShop) -> None:
    shop.git("remote", "remove", "origin")
    answer = shop("poll", "--push")
    assert answer.code == 2
    assert "there is no remote repository to write to" in answer.err


def test_pull_requests_need_a_forge_that_is_known(shop: PushedShop) -> None:
    shop.write("fairway.yaml", "upgrades: {write: pullRequest}\n")
    shop.publish()
    answer = shop("poll", "--push")
    assert answer.code == 2
    assert "forge" in answer.err


def test_patch_and_push_are_two_different_things(shop: PushedShop) -> None:
    answer = shop("poll", "--push", "--patch")
    assert answer.code == 2
    assert "give one of the two" in answer.err
