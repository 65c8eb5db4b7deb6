"""What people meet before and between deployments: mistakes, missing things, other terminals, other tools' habits."""

import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from tests.support.cli import PROGRAM, Shop, failing, release

EVERY_VERB = [
    ["apply"],
    ["plan"],
    ["diff"],
    ["drift"],
    ["status"],
    ["render"],
    ["lint"],
    ["dump"],
    ["init"],
    ["list", "env"],
    ["use", "prod"],
    ["history", "prod", "web"],
    ["why", "prod", "web"],
    ["values", "prod", "web"],
    ["rollback", "prod", "web"],
    ["uninstall", "prod", "web"],
    ["test", "prod", "web"],
]


@pytest.fixture
def empty(tmp_path: Path) -> Shop:
    folder = tmp_path / "empty"
    folder.mkdir()
    return Shop(folder, Path("/nowhere/kubeconfig"), ["shop-one", "shop-two"])


@pytest.mark.parametrize("words", EVERY_VERB, ids=" ".join)
def test_without_a_repository_every_verb_says_how_to_get_one(empty: Shop, words: list[str]) -> None:
    done = empty.run(*words, code=2)
    assert done.out == ""
    assert done.err.startswith("error: no environments.yaml here\n")
    assert "fairway init --example" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["apply"], "which environment?"),
        (["apply", "oen"], 'no environment "oen"; did you mean "one"?'),
        (["apply", "one", "-r", "wbe"], 'no release "wbe" in one; did you mean "web"?'),
        (["apply", "-c", "rael"], 'no cluster "rael"; did you mean "real"?'),
        (["plan", "one", "-r", "wbe"], 'no release "wbe" in one; did you mean "web"?'),
        (["apply", "one"], "there is no kubeconfig /nowhere/kubeconfig"),
        (["status", "one"], "there is no kubeconfig /nowhere/kubeconfig"),
        (["history"], "which release?"),
        (["aplly"], 'no command "aplly". Did you mean "apply"?'),
        (["apply", "--plan", "nowhere.json"], "the plan nowhere.json can't be read"),
        (["show", "01JD3K"], "01JD3K"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_word_is_answered_with_the_right_one(empty: Shop, words: list[str], said: str) -> None:
    empty.write([release("web")])
    done = empty.run(*words, code=2)
    assert said in done.err
    assert done.out == ""
    assert "Traceback" not in done.err


def test_an_environment_without_releases_is_no_mistake_of_the_program(empty: Shop) -> None:
    empty.write([])
    assert "there is no kubeconfig" in empty.run("apply", "one", code=2).err
    assert empty.run("list", "release", "one").out == ""


def test_a_file_with_several_mistakes_tells_them_all_with_their_places(empty: Shop) -> None:
    empty.write([{"name": "web"}, {"name": "web", "chart": {"dir": "charts/app"}, "trigers": []}])
    done = empty.run("apply", "one", code=2)
    assert 'did you mean "triggers"?' in done.err
    assert done.err.count("releases.yaml:") >= 3
    assert "errors," in done.err.splitlines()[-1]


def test_the_environments_file_may_stand_before_or_after_the_verb(empty: Shop) -> None:
    empty.write([release("web")])
    other = empty.folder / "environments.yaml"
    other.rename(empty.folder / "other.yaml")
    assert empty.run("-f", "other.yaml", "list", "env").out == "one\ntwo\n"
    assert empty.run("list", "env", "-f", "other.yaml").out == "one\ntwo\n"
    assert "no environments.yaml here" in empty.run("list", "env", code=2).err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("fairway app", ["apply"]),
        ("fairway apply o", ["one"]),
        ("fairway apply -c ", ["real"]),
        ("fairway apply one -r w", ["web", "worker"]),
        ("fairway status --wa", ["--watch"]),
    ],
)
def test_the_shell_completes_verbs_names_and_options(empty: Shop, words: str, expected: list[str]) -> None:
    empty.write([release("web"), release("worker")])
    parts = words.split(" ")
    env = {
        "_FAIRWAY_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(parts) - 1),
    }
    program = 'import sys; sys.argv[0] = "fairway"; from fairway.entrypoints.cli.main import main; main()'
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=empty.folder, env=empty.environment(env), capture_output=True, text=True
    )
    assert [line.partition(",")[2] for line in done.stdout.splitlines()] == expected, done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed(empty: Shop, shell: str) -> None:
    assert "_FAIRWAY_COMPLETE" in empty.run("completion", shell).out


def test_what_nobody_foresaw_becomes_one_line_and_a_report_that_its_owner_can_read(empty: Shop) -> None:
    program = (
        "import click, sys; from fairway.entrypoints.cli import main as m;"
        "m.cli.add_command(click.Command('boom', callback=lambda: {}['password=hunter22']));"
        "m.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "boom"],
        cwd=empty.folder,
        env=empty.environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 5
    assert done.stderr.startswith("error: this is a mistake in Fairway itself: KeyError: ")
    (report,) = (empty.data / "crashes").iterdir()
    assert str(report) in done.stderr
    assert report.stat().st_mode & 0o777 == 0o600
    assert "hunter22" not in done.stderr + report.read_text()
    assert "in <lambda>" in report.read_text()


def test_a_full_disk_is_told_as_one(empty: Shop) -> None:
    empty.write([release("web")])
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, "dump"],
            cwd=empty.folder,
            env=empty.environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("error: No space left on device")


@pytest.mark.cluster
def test_both_dialects_say_the_same(shop: Shop) -> None:
    shop.write([release("web")])
    new = yaml.safe_load((shop.folder / "environments.yaml").read_text())
    old = [
        {
            "name": one["name"],
            "provider": new["clusters"][0]["provider"],
            "kubeNamespace": one["kubeNamespace"],
            "releases": one["releasesFiles"],
        }
        for one in new["environments"]
    ]
    assert "1 installed" in shop.run("apply", "one").err
    shop.put("environments.yaml", yaml.safe_dump({"environments": old}))
    assert "1 unchanged" in shop.run("apply", "one").err
    assert 'old name of "releasesFiles"' in shop.run("lint").out


@pytest.mark.cluster
def test_flags_of_the_original_mean_the_same(shop: Shop) -> None:
    shop.write([release("web"), release("worker")])
    shop.env["KUBECONFIG"] = str(shop.folder / "own-kubeconfig")
    document = yaml.safe_load(shop.kubeconfig.read_text())
    shop.put("own-kubeconfig", yaml.safe_dump(document))
    text = (shop.folder / "environments.yaml").read_text()
    provider = {"existingContext": {"contextName": document["current-context"]}}
    written = yaml.safe_load(text)
    written["clusters"][0]["provider"] = provider
    shop.put("environments.yaml", yaml.safe_dump(written))

    assert "2 releases" in shop.run("apply", "one", "-n").out
    assert "web" in shop.run("apply", "one", "-r", "web", "--dry-run").out
    assert shop.run("apply", "one", "-n", "-r", "web").out == shop.run("diff", "one", "-r", "web").out
    assert "env:one" in shop.run("init", "one", "-n").out
    assert "1 installed" in shop.run("apply", "one", "--init", "-r", "web").err
    assert "env:one" in (shop.folder / "own-kubeconfig").read_text()
    assert "1 unchanged" in shop.run("apply", "one", "--gitlab", "-r", "web").err
    assert shop.run("list", "release", "one").out == "web\nworker\n"
    assert "ENVIRONMENT" in shop.run("list", "release", "-l").out
    shop.run("use", "one")
    assert "1 installed" in shop.run("apply", "-r", "worker").err


@pytest.mark.cluster
def test_status_of_several_environments_goes_on_where_one_is_forbidden(shop: Shop) -> None:
    shop.write([failing("bad", log="boom"), release("web")])
    shop.run("apply", "one", code=1)
    text = shop.run("status", "-c", "real").out
    assert "one · cluster real" in text
    assert "2 not installed" in text
    rows = shop.run("status", "one", "-o", "json").json["environments"][0]["releases"]
    assert [(r["name"], r["status"], r["health"]) for r in rows] == [
        ("bad", "failed", "unknown"),
        ("web", "deployed", "healthy"),
    ]
    assert "did you mean" in shop.run("status", "one", "-r", "wbe", code=2).err


@pytest.mark.cluster
def test_a_terminal_gets_colour_and_movement_and_is_left_whole(shop: Shop) -> None:
    shop.write([release("web", annotations={"devcluster.fairway.dev/ready-after": "2s"})])
    text = on_terminal(shop, "apply", "one")
    assert "\x1b[?25l" in text
    assert text.rstrip().rpartition("\x1b[?25")[2].startswith("h"), "the cursor is shown again"
    assert "installing" in text
    plain = on_terminal(shop, "status", "one", env={"NO_COLOR": "1", "TERM": "dumb"})
    assert "healthy" in plain
    shop.write([release("web", "1.1")])
    assert "\x1b[" not in on_terminal(shop, "apply", "one", env={"NO_COLOR": "1", "TERM": "dumb"})


def on_terminal(shop: Shop, *words: str, env: dict[str, str] | None = None) -> str:
    """What a terminal of 60 columns is sent."""
    main, side = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=shop.folder,
        env=shop.environment({"TERM": "xterm", "COLUMNS": "60", "LINES": "20", **(env or {})}),
        stdin=side,
        stdout=side,
        stderr=side,
    )
    os.close(side)
    seen = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            more = os.read(main, 65536)
        except OSError:  # the other side is closed
            break
        if not more:
            break
        seen += more
    assert process.wait(10) == 0, seen.decode()
    os.close(main)
    return seen.decode(errors="replace")
