"""Where team access is kept, as the command line and the environment say it."""

from __future__ import annotations

from dataclasses import dataclass, field

BUCKET = "deployments.nais.io"
CACHE_SECONDS = 10.0
LONGEST_CACHE = 30.0


@dataclass(frozen=True, slots=True)
class AccessOptions:
    """With an endpoint, or with a bucket named, it is S3; else the ledger's database."""

    s3_endpoint: str = ""
    """`https://host:port`, or `host:port` with `s3_secure` saying how; empty with a bucket: Amazon's own."""
    s3_access_key: str = field(default="", repr=False)
    """Both keys empty: the credentials that AWS's own tools find."""
    s3_secret_key: str = field(default="", repr=False)
    s3_bucket_name: str = ""
    """Empty with an endpoint: `deployments.nais.io`."""
    s3_bucket_location: str = ""
    """The region; empty: what AWS's own tools find, else us-east-1."""
    s3_secure: bool = True
    s3_create_bucket: bool = True
    """Make the bucket when it is not there."""
    access_cache_seconds: float = CACHE_SECONDS
    """How old an answer may be that lets a request through; 0 asks every time, and 30 is the most."""
    enforce_membership: bool = False
    """Ask GitHub at each deployment whether the team is still one of the repository."""

    @property
    def in_s3(self) -> bool:
        return bool(self.s3_endpoint or self.s3_bucket_name)

    @property
    def bucket(self) -> str:
        return self.s3_bucket_name or BUCKET

    @property
    def endpoint_url(self) -> str | None:
        if not self.s3_endpoint or "://" in self.s3_endpoint:
            return self.s3_endpoint or None
        return f"{'https' if self.s3_secure else 'http'}://{self.s3_endpoint}"
