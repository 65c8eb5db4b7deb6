"""What can go wrong with a bucket."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.contract.charts.places import AT, BucketPlace, a_run
from tests.support.chart_servers import web_server
from tests.support.charts import chart_archive

from fairway.domain.errors import UserError
from fairway.domain.repository.models import ChartKind, ChartReference


def ref(location: str, version: str | None = "1.0.0") -> ChartReference:
    return ChartReference(ChartKind.S3, location, version, AT)


async def test_a_chart_whose_name_starts_alike_is_another_one(bucket: BucketPlace, home: Path) -> None:
    for name, version in (("redis", "1.0.0"), ("redis-cluster", "2.0.0"), ("redis-2", "3.0.0")):
        data = chart_archive(name, version)
        bucket.client.put_object(Bucket=bucket.bucket, Key=f"{name}-{version}.tgz", Body=data)
    bucket.client.put_object(Bucket=bucket.bucket, Key="redis-readme.tgz", Body=b"x")
    async with a_run(home) as run:
        assert await run.charts.versions(ref(f"s3://{bucket.bucket}/redis")) == ["1.0.0"]
        assert (await run.charts.fetch(ref(f"s3://{bucket.bucket}/redis-cluster", "2.x"))).name == "redis-cluster"


async def test_a_thousand_versions_are_all_seen(bucket: BucketPlace, home: Path) -> None:
    for number in range(1010):
        bucket.client.put_object(Bucket=bucket.bucket, Key=f"team/web-1.{number}.0.tgz", Body=b"x")
    async with a_run(home) as run:
        assert len(await run.charts.versions(bucket.ref(None))) == 1010


@pytest.mark.parametrize(
    ("location", "version", "message"),
    [
        ("s3://no-such-bucket-at-all/web", "1.0.0", "no bucket|no web-1.0.0.tgz"),
        ("s3://{bucket}/nothing/web", "1.0.0", r"no nothing/web-1\.0\.0\.tgz"),
        ("s3://{bucket}/nothing/web", "^1", r"no archives web-VERSION\.tgz"),
        ("s3://{bucket}", "1.0.0", "does not name a chart"),
    ],
)
async def test_mistakes_are_explained(
    location: str, version: str, message: str, bucket: BucketPlace, home: Path
) -> None:
    async with a_run(home) as run:
        with pytest.raises(UserError, match=message) as caught:
            await run.charts.fetch(ref(location.format(bucket=bucket.bucket), version))
    assert caught.value.where == AT
    assert caught.value.fix


async def test_no_credentials_say_what_to_set(bucket: BucketPlace, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(home / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(home / "none"))
    async with a_run(home) as run:
        with pytest.raises(UserError, match="no AWS credentials") as caught:
            await run.charts.fetch(bucket.ref("1.0.0"))
    assert "AWS_PROFILE" in (caught.value.fix or "")


async def test_refused_access_says_what_to_set(
    bucket: BucketPlace, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web_server() as web:
        monkeypatch.setenv("AWS_ENDPOINT_URL", web.url)
        web.failures = [(403, {})] * 9
        async with a_run(home) as run:
            with pytest.raises(UserError, match="access was refused"):
                await run.charts.fetch(bucket.ref("1.0.0"))
