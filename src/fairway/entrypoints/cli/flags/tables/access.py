"""Where it is kept which repository may deploy for which team."""

from __future__ import annotations

from fairway.domain.errors import UserError
from fairway.entrypoints.cli.flags import kinds
from fairway.entrypoints.cli.flags.flag import Flag, Group
from fairway.entrypoints.cli.flags.given import Given
from fairway.services.access.options import BUCKET, CACHE_SECONDS, LONGEST_CACHE, AccessOptions

CACHE = Flag(
    "access-cache", kinds.DURATION, f"How old an answer may be; {LONGEST_CACHE:.0f}s at most.", "access_cache_seconds",
    default=f"{CACHE_SECONDS:.0f}s", ours=True,
)  # fmt: skip

ACCESS = Group(
    "Team access",
    (
        Flag("s3-endpoint", kinds.ADDRESS, "Keep registrations in S3, here; without it in the database."),
        Flag("s3-access-key", kinds.NAME, "Of S3.", default="as AWS's own tools find it"),
        Flag("s3-secret-key", kinds.SECRET, "Of S3.", secret=True),
        Flag("s3-bucket-name", kinds.NAME, "The bucket; without an endpoint, Amazon's own.", default=BUCKET),
        Flag("s3-bucket-location", kinds.NAME, "Its region.", default="as AWS's own tools find it"),
        Flag("s3-secure", kinds.BOOLEAN, "Over HTTPS, where the endpoint does not say.", default="true"),
        Flag("s3-create-bucket", kinds.BOOLEAN, "Make the bucket when it is missing.", default="true", ours=True),
        CACHE,
        Flag(
            "enforce-membership", kinds.BOOLEAN, "Ask GitHub at each deployment whether the team is still one of it.",
            default="false", ours=True,
        ),
    ),
)  # fmt: skip


def access_options(given: Given) -> AccessOptions:
    options = given.fill(AccessOptions, ACCESS)
    if options.access_cache_seconds > LONGEST_CACHE:
        raise UserError(
            f"{given.named(CACHE)}: {options.access_cache_seconds:.0f} s is too long",
            fix=f"at most {LONGEST_CACHE:.0f}s: so long may somebody deploy whose right was taken away",
        )
    return options
