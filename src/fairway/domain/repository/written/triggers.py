"""Triggers of a release: which image or chart is followed, how far, and which of its versions count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from fairway.domain.repository.written.base import Written, complaint
from fairway.domain.upgrades.rules import BadRule, check_extract, check_filter, check_platform, check_range

TrackName = Literal["PatchLevel", "MinorVersion", "MajorVersion", "Newest"]


def _checked(check: Callable[[str], None], rule: str, fix: str) -> Any:
    def validate(text: str) -> str:
        if "{{" not in text:  # a template's placeholder: checked where it is filled in
            try:
                check(text)
            except BadRule as error:
                raise complaint(rule, str(error), fix) from error
        return text

    return AfterValidator(validate)


Filter = Annotated[str, _checked(check_filter, "bad-pattern", "write e.g. '^[0-9]+-alpine$'")]
Extract = Annotated[str, _checked(check_extract, "bad-pattern", r"write e.g. '^build-(?P<version>\d+)$'")]
Range = Annotated[str, _checked(check_range, "bad-range", "write e.g. '>=1.4 <2', '~1.4' or '1.x'")]
Platform = Annotated[str, _checked(check_platform, "bad-platform", "write os/arch, e.g. linux/arm64")]


class ImageTriggerEntry(Written):
    track: TrackName = Field(description="How far an upgrade may go", examples=["PatchLevel"])
    tag_value: str = Field("image.tag", description="The value that holds the tag")
    repo_value: str = Field("image.repository", description="The value that holds the repository")
    prefix_value: str = Field("image.prefix", description="The value that is put before the repository, if set")
    filter: Filter = Field("", description="Regular expression; only tags in which it is found count")
    extract: Extract = Field(
        "", description="Regular expression; its group `version`, or its first one, is the version that is compared"
    )
    range: Range = Field("", description="Semver constraint that versions must satisfy", examples=[">=1.4 <2"])
    pre_releases: bool = Field(False, description="Pre-releases count even when the current version is none")
    digest: Literal["pin"] | None = Field(None, description="Write TAG@DIGEST, and follow the tag to another digest")
    platform: Platform = Field(
        "", description="Whose image counts where a tag has several; a tag without it is not chosen"
    )
    image_pull_secrets: list[str] = Field(
        [], description="Secrets in the environment's namespace with the registry's login"
    )


class ChartTriggerEntry(Written):
    track: TrackName = Field(description="How far an upgrade of the chart may go", examples=["MinorVersion"])
    filter: Filter = Field("", description="Regular expression; only versions in which it is found count")
    range: Range = Field("", description="Semver constraint that versions must satisfy", examples=["^21"])
    pre_releases: bool = Field(False, description="Pre-releases count even when the current version is none")


class TriggerEntry(Written):
    """Exactly one of its keys."""

    image: ImageTriggerEntry | None = Field(None, description="Look for new tags of an image")
    chart: ChartTriggerEntry | None = Field(None, description="Look for new versions of the chart")
