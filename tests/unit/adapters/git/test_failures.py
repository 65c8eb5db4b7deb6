"""What git prints, as errors that say what to do; the texts are those of git, libcurl, OpenSSH and the forges."""

from __future__ import annotations

import pytest

from fairway.adapters.git.failures import Broken, NoBranch, Unclear, local_failure, remote_failure, told
from fairway.adapters.git.process import Ran
from fairway.adapters.git.pushing import answer_of
from fairway.domain.errors import FairwayError, Terminal, Transient, UserError
from fairway.domain.writing.pushing import Pushed

URL = "https://git.example/shop/deploy.git"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("fatal: Authentication failed for 'https://git.example/'", UserError),
        ("fatal: could not read Username for 'https://github.com': terminal prompts disabled", UserError),
        ("remote: HTTP Basic: Access denied\nfatal: Authentication failed for 'https://gitlab.com/a/b'", UserError),
        (
            "remote: Permission to a/b.git denied.\nfatal: unable to access '': The requested URL returned error: 403",
            UserError,
        ),
        ("git@host: Permission denied (publickey).\nfatal: Could not read from remote repository.", UserError),
        ("Host key verification failed.\nfatal: Could not read from remote repository.", UserError),
        ("fatal: unable to access 'https://x/': SSL certificate problem: self-signed certificate", UserError),
        ("remote: Repository not found.\nfatal: repository 'https://github.com/a/b/' not found", UserError),
        ("ERROR: Repository not found.\nfatal: Could not read from remote repository.", UserError),
        ("fatal: '/srv/x.git' does not appear to be a git repository", UserError),
        ("fatal: couldn't find remote ref refs/heads/nope", NoBranch),
        ("fatal: unable to access 'https://x/': Could not resolve host: x", Transient),
        (
            "fatal: unable to access 'https://x/': Failed to connect to x port 443 after 1 ms: Connection refused",
            Transient,
        ),
        ("fatal: unable to access 'https://x/': OpenSSL SSL_connect: SSL_ERROR_SYSCALL", Transient),
        (
            "ssh: connect to host x port 22: Connection timed out\nfatal: Could not read from remote repository.",
            Transient,
        ),
        ("error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502", Transient),
        ("fatal: the remote end hung up unexpectedly", Transient),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 429", Transient),
        ("fatal: something that nobody has seen before", Unclear),
        ("error: file write error: No space left on device", Terminal),
    ],
)
def test_failures_at_a_server_say_whether_to_try_again(said: str, kind: type[FairwayError]) -> None:
    error = remote_failure(said, URL, "main")
    assert isinstance(error, kind)
    assert not isinstance(error, UserError) or error.fix


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("fatal: Unable to create '/x/.git/index.lock': File exists.\n\nAnother git process seems", Transient),
        ("error: object file .git/objects/ab/cd is empty\nfatal: loose object abcd is corrupt", Broken),
        ("fatal: not a git repository: '/x/.git'", Broken),
        ("fatal: sha1 file '.git/index.lock' write error. Out of diskspace: No space left on device", Terminal),
    ],
)
def test_failures_of_the_clone_say_whether_a_new_one_helps(said: str, kind: type[FairwayError]) -> None:
    assert type(local_failure(said)) is kind


def test_what_is_told_is_short_and_holds_no_secret() -> None:
    long = "remote: token=ghp_0123456789abcdefghijABCDEFGHIJ012345 " + "x" * 2000 + "\nfatal: no"
    text = told(long, ["hunter2"])
    assert len(text) < 500
    assert "ghp_" not in text
    assert told("fatal: bad password hunter2 given", ["hunter2"]) == "bad password *** given"
    assert "secret" not in told("fatal: unable to access 'https://anna:secret@git.example/': no")


@pytest.mark.parametrize(
    ("flag", "result"),
    [
        ("!\tx:refs/heads/main\t[rejected] (fetch first)", Pushed.BEHIND),
        ("!\tx:refs/heads/main\t[rejected] (non-fast-forward)", Pushed.BEHIND),
        ("!\tx:refs/heads/main\t[rejected] (stale info)", Pushed.BEHIND),
        (
            "!\tx:refs/heads/main\t[remote rejected] (cannot lock ref 'refs/heads/main': is at a but expected b)",
            Pushed.BEHIND,
        ),
        ("!\tx:refs/heads/main\t[remote rejected] (failed to update ref)", Pushed.BEHIND),
        ("!\tx:refs/heads/main\t[remote rejected] (pre-receive hook declined)", Pushed.DECLINED),
        ("!\tx:refs/heads/main\t[remote rejected] (internal server error)", Pushed.DECLINED),
    ],
)
def test_a_refused_push_says_whether_somebody_was_faster(flag: str, result: Pushed) -> None:
    assert answer_of(Ran(1, f"To {URL}\n{flag}\nDone", "error: failed to push"), (), URL, "main").result is result


def test_a_push_without_an_answer_is_a_failure_of_the_server() -> None:
    with pytest.raises(Transient):
        answer_of(Ran(128, "", "fatal: the remote end hung up unexpectedly"), (), URL, "main")


@pytest.mark.parametrize(
    "words",
    [
        "remote: error: GH006: Protected branch update failed for refs/heads/main.",
        "remote: GitLab: You are not allowed to push code to protected branches on this project.",
        "remote: error: GH013: Repository rule violations found for refs/heads/main.",
        "remote: TF402455: Pushes to this branch are not permitted; you must use a pull request.",
    ],
)
def test_a_protected_branch_is_known_by_the_words_of_each_forge(words: str) -> None:
    out = "!\tx:refs/heads/main\t[remote rejected] (protected branch hook declined)"
    with pytest.raises(UserError, match="is protected"):
        answer_of(Ran(1, out, words), (), URL, "main")
