"""Charts in a bucket: `NAME-VERSION.tgz` below a prefix, with the credentials that AWS's own tools find.

The rule not to break: boto3 blocks and is slow to import, so it is imported and used in threads only.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairway.adapters.charts.repository import LARGEST_ARCHIVE, choose_version
from fairway.domain.charts.addresses import S3Address, parse_s3, wants_range
from fairway.domain.charts.archive import MIB
from fairway.domain.charts.sources import Identity, Resolved, Unreachable
from fairway.domain.charts.versions import is_exact, nearest, newest_first
from fairway.domain.errors import Terminal, UserError
from fairway.domain.repository.models import ChartReference

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_MISSING = frozenset(("404", "NoSuchKey", "NotFound"))
_LOGIN = frozenset(
    ("403", "401", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken")
)
CHUNK = MIB


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
        content = await asyncio.to_thread(self._read, address, version)
        if content is not None:
            return content
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
        found: list[str] = []
        with _Translated(address):
            pages = self._connect().get_paginator("list_objects_v2").paginate(Bucket=address.bucket, Prefix=start)
            for page in pages:
                for item in page.get("Contents", ()):
                    name = item["Key"].removeprefix(start)
                    # `redis-cluster-1.0.0.tgz` is no version of `redis`: what follows the name must be a version.
                    if name.endswith(".tgz") and is_exact(name.removesuffix(".tgz")):
                        found.append(name.removesuffix(".tgz"))
        return newest_first(found)

    def _read(self, address: S3Address, version: str) -> bytes | None:
        """None when there is no such object."""
        with _Translated(address) as problem:
            answer = self._connect().get_object(Bucket=address.bucket, Key=_file(address, version))
            if answer["ContentLength"] > LARGEST_ARCHIVE:
                raise Terminal(f"{_file(address, version)} is larger than {LARGEST_ARCHIVE // MIB} MB; it is refused")
            return answer["Body"].read(LARGEST_ARCHIVE + 1)
        if problem.missing:
            return None
        raise AssertionError("unreachable")

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


class _Translated:
    """AWS's errors as ours; a missing object is noted instead, every other one is raised."""

    def __init__(self, address: S3Address) -> None:
        self._bucket = address.bucket
        self.missing = False

    def __enter__(self) -> _Translated:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if error is None:
            return False
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

        place = f"s3://{self._bucket}"
        if isinstance(error, ClientError):
            about: Any = error.response.get("Error", {})
            code = str(about.get("Code", ""))
            if code in _MISSING:
                self.missing = True
                return True
            if code == "NoSuchBucket":
                raise UserError(f"there is no bucket {place}", fix="check its name, and AWS_REGION") from error
            if code in _LOGIN:
                raise UserError(f"{place}: access was refused ({code})", fix=_LOGIN_FIX) from error
            raise Unreachable(f"{place} answers {code}: {str(about.get('Message', ''))[:200]}") from error
        if isinstance(error, NoCredentialsError):
            raise UserError(f"{place}: there are no AWS credentials", fix=_LOGIN_FIX) from error
        if isinstance(error, BotoCoreError):
            raise Unreachable(f"{place}: {str(error)[:200]}") from error
        return False


_LOGIN_FIX = "set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use the machine's role"


def _file(address: S3Address, version: str) -> str:
    return f"{address.prefix}{address.chart}-{version}.tgz"


def _key(address: S3Address, version: str) -> str:
    return f"s3|{address.bucket}|{address.prefix}{address.chart}|{version}"
