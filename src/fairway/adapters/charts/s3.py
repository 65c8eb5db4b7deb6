"""Charts in a bucket: `NAME-VERSION.tgz` below a prefix, with the credentials that AWS's own tools find.

The rule not to break: boto3 blocks and is slow to import, so it is imported and used in threads only.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fairway.adapters.charts.repository import LARGEST_ARCHIVE, choose_version
from fairway.domain.charts.addresses import S3Address, parse_s3, wants_range
from fairway.domain.charts.archive import MIB
from fairway.domain.charts.sources import Identity, Resolved, Unreachable
from fairway.domain.charts.versions import is_exact, nearest, newest_first
from fairway.domain.errors import FairwayError, Terminal, UserError
from fairway.domain.repository.models import ChartReference

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_MISSING = frozenset(("404", "NoSuchKey", "NotFound"))
_LOGIN = frozenset(
    ("403", "401", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken")
)
T = TypeVar("T")


class S3Bucket:
    """`s3://bucket/prefix/name`. `env` may name another endpoint (AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL)."""

    def __init__(self, env: Mapping[str, str], *, offline: bool = False) -> None:
        self._endpoint = env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL") or None
        self._offline = offline
        self._client: S3Client | None = None
        self._making = threading.Lock()

    def identify(self, ref: ChartReference) -> Identity:
        address = parse_s3(ref.location)
        return Identity(_key(address, ref.version or ""), not wants_range(ref.version))

    async def resolve(self, ref: ChartReference) -> Resolved:
        address = parse_s3(ref.location)
        version = ref.version or ""
        if not is_exact(version):
            version = choose_version(version, await self.versions(ref), ref.location)
        return Resolved(_key(address, version), version, (address, version))

    async def fetch(self, chart: Resolved, scratch: Path) -> bytes:
        address, version = chart.location
        try:
            return await asyncio.to_thread(self._read, address, version)
        except _NoObject:
            pass
        near = nearest(version, await asyncio.to_thread(self._list, address))
        fix = f"there are e.g. {', '.join(near)}" if near else "check bucket, prefix and name"
        raise UserError(f"there is no {_file(address, version)} in s3://{address.bucket}", fix=fix)

    async def versions(self, ref: ChartReference) -> list[str]:
        address = parse_s3(ref.location)
        found = await asyncio.to_thread(self._list, address)
        if not found:
            raise UserError(
                f"there are no archives {address.chart}-VERSION.tgz in s3://{address.bucket}/{address.prefix}",
                fix="check bucket, prefix and name",
            )
        return found

    def _list(self, address: S3Address) -> list[str]:
        start = f"{address.prefix}{address.chart}-"

        def ask(client: S3Client) -> list[str]:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=address.bucket, Prefix=start)
            return [item["Key"].removeprefix(start) for page in pages for item in page.get("Contents", ())]

        names = [name.removesuffix(".tgz") for name in self._ask(address, ask) if name.endswith(".tgz")]
        # `redis-cluster-1.0.0.tgz` is no version of `redis`: what follows the name must be a version.
        return newest_first(name for name in names if is_exact(name))

    def _read(self, address: S3Address, version: str) -> bytes:
        key = _file(address, version)

        def ask(client: S3Client) -> bytes:
            answer = client.get_object(Bucket=address.bucket, Key=key)
            if answer["ContentLength"] > LARGEST_ARCHIVE:
                raise Terminal(f"{key} is larger than {LARGEST_ARCHIVE // MIB} MB; it is refused")
            return answer["Body"].read()

        return self._ask(address, ask)

    def _ask(self, address: S3Address, call: Callable[[S3Client], T]) -> T:
        client = self._connect()
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return call(client)
        except (BotoCoreError, ClientError) as error:
            raise _explain(error, f"s3://{address.bucket}") from error

    def _connect(self) -> S3Client:
        if self._offline:
            raise Unreachable("offline: the bucket was not asked", fix="run again without --offline")
        with self._making:
            if self._client is None:
                from boto3.session import Session
                from botocore.config import Config

                config = Config(retries={"mode": "standard", "max_attempts": 4}, connect_timeout=10, read_timeout=60)
                self._client = Session().client("s3", endpoint_url=self._endpoint, config=config)
            return self._client


class _NoObject(UserError):
    """The bucket is there, the object is not."""


def _explain(error: Exception, place: str) -> FairwayError:
    from botocore.exceptions import ClientError, NoCredentialsError

    if isinstance(error, NoCredentialsError):
        return UserError(f"{place}: there are no AWS credentials", fix=_LOGIN_FIX)
    if not isinstance(error, ClientError):
        return Unreachable(f"{place}: {str(error)[:200]}")
    about: Any = error.response.get("Error", {})
    code = str(about.get("Code", ""))
    if code in _MISSING:
        return _NoObject(f"{place}: there is no such object")
    if code == "NoSuchBucket":
        return UserError(f"there is no bucket {place}", fix="check its name, and AWS_REGION")
    if code in _LOGIN:
        return UserError(f"{place}: access was refused ({code})", fix=_LOGIN_FIX)
    return Unreachable(f"{place} answers {code}: {str(about.get('Message', ''))[:200]}")


_LOGIN_FIX = "set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use the machine's role"


def _file(address: S3Address, version: str) -> str:
    return f"{address.prefix}{address.chart}-{version}.tgz"


def _key(address: S3Address, version: str) -> str:
    return f"s3|{address.bucket}|{address.prefix}{address.chart}|{version}"
