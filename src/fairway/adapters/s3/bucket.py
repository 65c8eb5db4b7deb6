"""A bucket of small objects with conditional writes; boto3 blocks, so whoever calls does it in a thread.

The rule not to break: what is expected is compared by the server (`If-Match`, `If-None-Match`), never by us before.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from fairway.domain.errors import FairwayError, Terminal, Transient, UserError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

LARGEST = 1024 * 1024
_MISSING = frozenset(("404", "NoSuchKey", "NotFound"))
_LOST = frozenset(("412", "PreconditionFailed", "409", "ConditionalRequestConflict"))
_MADE = frozenset(("BucketAlreadyOwnedByYou", "BucketAlreadyExists", "OperationAborted"))
_LOGIN = frozenset(
    ("403", "401", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken")
)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    bucket: str
    endpoint: str | None = None
    access_key: str = ""
    secret_key: str = ""
    region: str = ""
    create: bool = True

    def __repr__(self) -> str:
        return f"Place({self.shown})"

    @property
    def shown(self) -> str:
        return f"s3://{self.bucket}" + (f" at {self.endpoint}" if self.endpoint else "")


@dataclass(frozen=True, slots=True)
class Stored:
    body: bytes
    etag: str


class NoObject(UserError):
    """The bucket is there, the object is not."""


class Lost(FairwayError):
    """The object is not as it was expected; nothing was written."""


class Bucket:
    """Away is Transient; refused credentials and a missing bucket are UserErrors."""

    def __init__(self, place: Place, page: int = 1000) -> None:
        self.place = place
        self._page = page
        self._made: S3Client | None = None
        self._making = threading.Lock()

    def prepare(self) -> None:
        """See that the bucket is there, or make it when that is allowed."""
        try:
            self._ask(lambda client: client.head_bucket(Bucket=self.place.bucket))
        except NoObject:
            if not self.place.create:
                raise UserError(
                    f"there is no bucket {self.place.shown}", fix="make it, or correct --s3-bucket-name"
                ) from None
            self._ask(self._make)

    def get(self, key: str) -> Stored:
        """Raises NoObject."""

        def ask(client: S3Client) -> Stored:
            answer = client.get_object(Bucket=self.place.bucket, Key=key)
            if answer["ContentLength"] > LARGEST:
                raise Terminal(f"{key} in {self.place.shown} is larger than {LARGEST} bytes; it is refused")
            return Stored(answer["Body"].read(), answer["ETag"])

        return self._ask(ask)

    def put(self, key: str, body: bytes, *, expected: str | None) -> str:
        """Store it where it is still `expected` (an etag; None: not there), and give its new etag. Raises Lost."""
        condition: Any = {"IfMatch": expected} if expected else {"IfNoneMatch": "*"}

        def ask(client: S3Client) -> str:
            return client.put_object(
                Bucket=self.place.bucket, Key=key, Body=body, ContentType="application/json", **condition
            )["ETag"]

        try:
            return self._ask(ask)
        except NoObject as error:  # what was expected is gone
            raise Lost(f"{key} in {self.place.shown} is not there any more") from error

    def remove(self, key: str) -> None:
        self._ask(lambda client: client.delete_object(Bucket=self.place.bucket, Key=key))

    def listed(self, prefix: str = "") -> Iterator[tuple[str, str]]:
        """Key and etag of every object that begins so, page by page."""

        def ask(client: S3Client) -> list[tuple[str, str]]:
            pages = client.get_paginator("list_objects_v2").paginate(
                Bucket=self.place.bucket, Prefix=prefix, PaginationConfig={"PageSize": self._page}
            )
            return [(item["Key"], item["ETag"]) for page in pages for item in page.get("Contents", ())]

        yield from self._ask(ask)

    def folders(self) -> list[str]:
        """What stands before the first slash of a key, with the slash."""

        def ask(client: S3Client) -> list[str]:
            pages = client.get_paginator("list_objects_v2").paginate(
                Bucket=self.place.bucket, Delimiter="/", PaginationConfig={"PageSize": self._page}
            )
            return [item["Prefix"] for page in pages for item in page.get("CommonPrefixes", ())]

        return self._ask(ask)

    def close(self) -> None:
        if self._made is not None:
            self._made.close()

    def _make(self, client: S3Client) -> None:
        from botocore.exceptions import ClientError

        region = self.place.region or client.meta.region_name
        elsewhere: Any = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        try:
            client.create_bucket(Bucket=self.place.bucket, **({} if region == "us-east-1" else elsewhere))
        except ClientError as error:
            if str(error.response.get("Error", {}).get("Code", "")) not in _MADE:
                raise

    def _ask(self, call: Callable[[S3Client], T]) -> T:
        client = self._client()
        from botocore.exceptions import BotoCoreError, ClientError, ResponseStreamingError
        from urllib3.exceptions import HTTPError

        try:
            return call(client)
        except ClientError as error:
            raise _explained(error, self.place.shown) from error
        except (BotoCoreError, ResponseStreamingError, HTTPError, OSError) as error:
            raise _unheard(error, self.place.shown) from error

    def _client(self) -> S3Client:
        with self._making:
            if self._made is None:
                from boto3.session import Session
                from botocore.config import Config

                # The newer checksums are not known to every server that speaks S3; path-style works with all others.
                config = Config(
                    connect_timeout=5,
                    read_timeout=10,
                    retries={"mode": "standard", "max_attempts": 3},
                    max_pool_connections=16,
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                    s3={"addressing_style": "path" if self.place.endpoint else "auto"},
                )
                session = Session()
                region = self.place.region or session.region_name or "us-east-1"
                try:
                    self._made = session.client(
                        "s3",
                        endpoint_url=self.place.endpoint,
                        region_name=region,
                        config=config,
                        aws_access_key_id=self.place.access_key or None,
                        aws_secret_access_key=self.place.secret_key or None,
                    )
                except ValueError as error:
                    raise UserError(
                        f"{self.place.endpoint!r} is no address of an S3 service", fix="correct --s3-endpoint"
                    ) from error
            return self._made


def _explained(error: Any, place: str) -> FairwayError:
    about = error.response.get("Error", {})
    code = str(about.get("Code", ""))
    text = " ".join(str(about.get("Message", "")).split())[:200]
    if code in _LOST:
        return Lost(f"{place}: it was changed meanwhile")
    if code in _MISSING:
        return NoObject(f"{place}: there is no such object")
    if code == "NoSuchBucket":
        return UserError(f"there is no bucket {place}", fix="make it, or correct --s3-bucket-name")
    if code in _LOGIN:
        return UserError(
            f"{place}: access was refused ({code})",
            fix="correct --s3-access-key and --s3-secret-key, or give them the right to read, write and list there",
        )
    return Transient(f"{place} answers {code}: {text}")


def _unheard(error: Exception, place: str) -> FairwayError:
    from botocore.exceptions import NoCredentialsError, PartialCredentialsError

    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return UserError(
            f"{place}: there are no credentials",
            fix="set --s3-access-key and --s3-secret-key, or use the machine's role",
        )
    return Transient(f"{place} cannot be reached: {' '.join(str(error).split())[:200]}")
