from __future__ import annotations

import pytest

from fairway.domain.charts.addresses import (
    GitAddress,
    OciAddress,
    S3Address,
    addressed,
    described,
    is_loopback,
    parse_git,
    parse_oci,
    parse_s3,
    reference_of,
    same_origin,
    shown,
    split_login,
    split_repository,
    tag_of,
    version_of,
)
from fairway.domain.errors import Position, UserError
from fairway.domain.repository.models import ChartKind, ChartReference

AT = Position("releases.yaml", 3, 5)
DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://anna:pw@host:1/x.tgz?sig=1#sha256=2", "https://host:1/x.tgz"),
        ("https://host/x", "https://host/x"),
        ("https://a@b@host/x", "https://host/x"),
    ],
)
def test_addresses_are_shown_without_their_secrets(url: str, expected: str) -> None:
    assert shown(url) == expected


def test_a_login_is_taken_out_of_an_address() -> None:
    assert split_login("https://an%40na:p%2Fw@host:1/x?y=1") == ("https://host:1/x?y=1", ("an@na", "p/w"))
    assert split_login("https://host/x@y") == ("https://host/x@y", None)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://host/a", "https://HOST:443/b", True),
        ("http://host/a", "http://host:80", True),
        ("https://host", "http://host", False),
        ("https://host", "https://host:444", False),
        ("https://host", "https://sub.host", False),
        ("https://host", "https://host.evil", False),
        ("https://user@host", "https://host", True),
    ],
)
def test_only_scheme_host_and_port_make_an_origin(one: str, other: str, same: bool) -> None:
    assert same_origin(one, other) is same


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("localhost:5000", True),
        ("registry.localhost", True),
        ("127.0.0.1:1", True),
        ("127.9.9.9", True),
        ("[::1]:5000", True),
        ("10.0.0.1", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("ghcr.io", False),
    ],
)
def test_this_machine_is_recognised(host: str, local: bool) -> None:
    assert is_loopback(host) is local


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("oci://ghcr.io/org/charts/web", OciAddress("ghcr.io", "org/charts/web")),
        ("oci://localhost:5000/web", OciAddress("localhost:5000", "web")),
        ("oci://ghcr.io/org/web:1.0.0_b", OciAddress("ghcr.io", "org/web", "1.0.0_b")),
        (f"oci://ghcr.io/org/web@{DIGEST}", OciAddress("ghcr.io", "org/web", None, DIGEST)),
        (f"oci://ghcr.io/org/web:1@{DIGEST}", OciAddress("ghcr.io", "org/web", "1", DIGEST)),
    ],
)
def test_charts_in_a_registry(location: str, expected: OciAddress) -> None:
    assert parse_oci(location) == expected


@pytest.mark.parametrize(
    "location", ["oci://", "oci://host/", "oci:///x", "oci://h/A", "oci://h/x@md5:1", "oci://h/x:a b"]
)
def test_what_is_no_chart_in_a_registry(location: str) -> None:
    with pytest.raises(UserError, match="is not an OCI chart"):
        parse_oci(location)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("s3://bucket/web", S3Address("bucket", "", "web")),
        ("s3://bucket/a/b/web", S3Address("bucket", "a/b/", "web")),
        ("s3://bucket/a/web/", S3Address("bucket", "a/", "web")),
    ],
)
def test_charts_in_a_bucket(location: str, expected: S3Address) -> None:
    assert parse_s3(location) == expected


@pytest.mark.parametrize("location", ["s3://", "s3://bucket", "s3://bucket/", "s3:///web"])
def test_what_is_no_chart_in_a_bucket(location: str) -> None:
    with pytest.raises(UserError, match="does not name a chart in a bucket"):
        parse_s3(location)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("git+https://host/org/repo//charts/web?ref=v1", GitAddress("https://host/org/repo", "charts/web", "v1")),
        ("git+https://host/org/repo.git?ref=main", GitAddress("https://host/org/repo.git", "", "main")),
        ("git+https://host/repo//web", GitAddress("https://host/repo", "web", "HEAD")),
        ("git+https://an%40na:pw@host/r//w?ref=x", GitAddress("https://host/r", "w", "x", "an@na", "pw")),
        ("git+ssh://git@host:22/repo//web?ref=a/b", GitAddress("ssh://git@host:22/repo", "web", "a/b")),
        ("git+file:///srv/repo//web?ref=main", GitAddress("file:///srv/repo", "web", "main")),
        ("git+file:///srv/repo?ref=main", GitAddress("file:///srv/repo", "", "main")),
    ],
)
def test_charts_in_git(location: str, expected: GitAddress) -> None:
    assert parse_git(location) == expected


@pytest.mark.parametrize(
    "location",
    [
        "git+ftp://host/repo//web",
        "git+https:///repo//web",
        "git+https://host//web",
        "git+https://host/repo//../web?ref=x",
        "git+https://host/repo//web?ref=-x",
        "git+https://host/repo//web?ref=a..b",
        "git+https://host/repo//web?ref=a:b",
        "git+https://host/repo//web?ref=a%0Ab",
        "git+ext::sh",
    ],
)
def test_what_is_no_chart_in_git(location: str) -> None:
    with pytest.raises(UserError):
        parse_git(location)


def test_a_password_in_a_bad_git_address_is_not_repeated() -> None:
    with pytest.raises(UserError) as caught:
        parse_git("git+ftp://anna:hunter2@host/repo//web")
    assert "hunter2" not in str(caught.value)


def test_a_repository_and_its_chart() -> None:
    assert split_repository("stable/web") == ("stable", "web")
    assert split_repository("https://host/path/web") == ("https://host/path", "web")
    for bad in ("web", "/web", "stable/"):
        with pytest.raises(UserError, match="does not name a chart"):
            split_repository(bad)


def repository(location: str) -> ChartReference:
    return ChartReference(ChartKind.REPOSITORY, location, "1.0.0", AT)


@pytest.mark.parametrize(
    ("address", "kind", "location"),
    [
        ("https://host/charts", ChartKind.REPOSITORY, "stable/web"),
        ("oci://host/charts/", ChartKind.OCI, "oci://host/charts/web"),
        ("s3://bucket/a", ChartKind.S3, "s3://bucket/a/web"),
    ],
)
def test_a_named_repository_may_be_any_place(address: str, kind: ChartKind, location: str) -> None:
    found = addressed(repository("stable/web"), {"stable": address})
    assert (found.kind, found.location, found.version, found.position) == (kind, location, "1.0.0", AT)


def test_other_references_stay_as_they_are() -> None:
    ref = ChartReference(ChartKind.S3, "s3://b/web", None, AT)
    assert addressed(ref, {}) is ref
    by_address = repository("https://host/web")
    assert addressed(by_address, {}) is by_address


def test_an_unknown_repository_names_those_there_are() -> None:
    with pytest.raises(UserError, match='no chart repository "zzz"') as caught:
        addressed(repository("zzz/web"), {"stable": "https://x", "extra": "https://y"})
    assert "extra, stable" in (caught.value.fix or "")
    with pytest.raises(UserError) as caught:
        addressed(repository("zzz/web"), {})
    assert "none is defined" in (caught.value.fix or "")


@pytest.mark.parametrize(
    ("text", "folder", "kind", "version"),
    [
        ("./web", "/work/web", ChartKind.DIRECTORY, None),
        ("stable/web", None, ChartKind.REPOSITORY, "1.x"),
        ("https://host/charts/web", None, ChartKind.REPOSITORY, "1.x"),
        ("https://host/web-1.0.0.tgz?x=1", None, ChartKind.HTTP, None),
        ("oci://host/web", None, ChartKind.OCI, "1.x"),
        ("s3://bucket/web", None, ChartKind.S3, "1.x"),
        ("git+https://host/repo//web?ref=x", None, ChartKind.GIT, None),
    ],
)
def test_a_reference_typed_at_a_prompt(text: str, folder: str | None, kind: ChartKind, version: str | None) -> None:
    found = reference_of(text, "1.x", folder, AT)
    assert (found.kind, found.location, found.version) == (kind, folder or text, version)


@pytest.mark.parametrize("text", ["web", "ftp://host/web", "", "./web", "../web", "/srv/web", "charts/deep/web"])
def test_a_reference_that_is_none(text: str) -> None:
    with pytest.raises(UserError):
        reference_of(text, None, None, AT)


def test_tags_write_a_plus_as_an_underscore() -> None:
    assert tag_of("1.0.0+b.1") == "1.0.0_b.1"
    assert version_of("1.0.0_b.1") == "1.0.0+b.1"


@pytest.mark.parametrize(
    ("kind", "location", "version", "expected"),
    [
        (ChartKind.REPOSITORY, "stable/web", "1.0.0", "stable/web 1.0.0"),
        (ChartKind.REPOSITORY, "https://a:pw@host/web", "1.0.0", "https://host/web 1.0.0"),
        (ChartKind.HTTP, "https://a:pw@host/x.tgz?sig=pw#sha256=1", None, "https://host/x.tgz"),
        (ChartKind.GIT, "git+https://a:pw@host/r//web?ref=v1", None, "git+https://host/r//web?ref=v1"),
        (ChartKind.OCI, "oci://host/web", "^1", "oci://host/web ^1"),
    ],
)
def test_a_reference_is_told_without_its_login(
    kind: ChartKind, location: str, version: str | None, expected: str
) -> None:
    assert described(ChartReference(kind, location, version, AT)) == expected
