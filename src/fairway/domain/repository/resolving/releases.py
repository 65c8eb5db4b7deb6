"""One release entry to a `Release` of an environment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from fairway.domain.errors import Position
from fairway.domain.health import HealthRule
from fairway.domain.repository.models import (
    ChartTrigger,
    ChartValue,
    Gate,
    GateKind,
    ImageTrigger,
    Need,
    Owner,
    Policy,
    Release,
)
from fairway.domain.repository.resolving.charts import resolve_chart
from fairway.domain.repository.resolving.context import Context, ReferenceKind
from fairway.domain.repository.resolving.health import resolve_health
from fairway.domain.repository.resolving.names import check_release_name
from fairway.domain.repository.resolving.patches import resolve_list_merge, resolve_patches
from fairway.domain.repository.resolving.policies import resolve_owner, resolve_policy
from fairway.domain.repository.resolving.values import resolve_values
from fairway.domain.repository.sites import Site
from fairway.domain.repository.written import ReleaseEntry
from fairway.domain.repository.written.triggers import ImageTriggerEntry

DEFAULT_TIMEOUT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Defaults:
    """What an environment gives to its releases."""

    policy: Policy
    owner: Owner
    health: tuple[HealthRule, ...] = ()


def resolve_release(entry: ReleaseEntry, site: Site, defaults: Defaults, context: Context, from_file: str) -> Release:
    """The release, whole as far as its entry is well-formed; everything else is reported."""
    noun = f'release "{entry.name}"'
    check_release_name(entry.name, site.at("name"), context.findings)
    workloads = site.given("chart", "resourceFiles")
    if len(workloads) != 1:
        which = "both chart and resourceFiles" if workloads else "neither chart nor resourceFiles"
        fix = "give exactly one of them" if workloads else "add chart: {dir: …} or resourceFiles: [ … ]"
        context.findings.error("one-workload", f"{noun} has {which}", site.at(), fix)
    chart = resolve_chart(entry.chart, site.into("chart"), context, noun) if entry.chart is not None else None
    values_file = None
    if entry.values_file is not None:
        values_file = context.file(entry.values_file, site.at("valuesFile"), noun, ReferenceKind.VALUES)
    values = resolve_values(entry.values or (), site.into("values"), context)
    image_triggers, chart_triggers = _triggers(entry, site, context, noun)
    return Release(
        name=entry.name,
        position=site.at("name"),
        chart=chart,
        resource_files=resource_files(entry.resource_files or [], site.into("resourceFiles"), context, noun),
        values_file=values_file,
        values=values,
        skip_default_values=bool(entry.skip_default_values),
        image_triggers=image_triggers,
        chart_triggers=chart_triggers,
        needs=_needs(entry, site, values),
        strategy=entry.strategy or "rolling",
        gates=tuple(
            Gate(GateKind(gate.kind), site.at("gates", index), gate.timeout)
            for index, gate in enumerate(entry.gates or ())
        ),
        health=(*resolve_health(entry.health or (), site.into("health"), context), *defaults.health),
        wait=entry.wait is not False,
        timeout=entry.timeout or DEFAULT_TIMEOUT,
        policy=resolve_policy(defaults.policy, entry.policy, site.into("policy"), context.findings),
        owner=resolve_owner(defaults.owner, entry.owner),
        list_merge=resolve_list_merge(entry.list_merge or {}, site.into("listMerge"), context),
        patches=resolve_patches(entry.patches or (), site.into("patches"), context),
        labels=entry.labels or {},
        from_file=from_file,
    )


def resource_files(written: list[str], site: Site, context: Context, noun: str) -> tuple[str, ...]:
    return tuple(context.file(path, site.at(index), noun) for index, path in enumerate(written))


def _needs(entry: ReleaseEntry, site: Site, values: tuple[ChartValue, ...]) -> tuple[Need, ...]:
    """Declared needs, then those that follow from reading another release's output."""
    needs = {
        need.release: Need(need.release, site.at("needs", index), need.min_version)
        for index, need in enumerate(entry.needs or ())
    }
    for value in values:
        if value.value_from is not None and value.value_from.kind == "output":
            release = value.value_from.settings["release"]
            needs.setdefault(release, Need(release, value.value_from.position))
    return tuple(needs.values())


def _triggers(
    entry: ReleaseEntry, site: Site, context: Context, noun: str
) -> tuple[tuple[ImageTrigger, ...], tuple[ChartTrigger, ...]]:
    if entry.trigger is not None and entry.triggers is not None:
        message = f"{noun} has both trigger and triggers"
        context.findings.error("one-trigger", message, site.key("trigger"), "move it into triggers")
    written = [(trigger, site.into("triggers", index)) for index, trigger in enumerate(entry.triggers or ())]
    if entry.trigger is not None:
        written.append((entry.trigger, site.into("trigger")))
    images: list[ImageTrigger] = []
    charts: list[ChartTrigger] = []
    for trigger, here in written:
        given = here.given("image", "chart")
        if len(given) != 1:
            which = "both image and chart" if given else "neither image nor chart"
            context.findings.error("one-trigger", f"{noun}: a trigger has {which}", here.at(), "one trigger for each")
        if trigger.image is not None:
            images.append(_image_trigger(trigger.image, here.at("image")))
        if trigger.chart is not None:
            chart = trigger.chart
            charts.append(ChartTrigger(chart.track, here.at("chart"), chart.filter, chart.range, chart.pre_releases))
    return tuple(images), tuple(charts)


def _image_trigger(written: ImageTriggerEntry, where: Position) -> ImageTrigger:
    return ImageTrigger(
        written.track,
        where,
        written.tag_value,
        written.repo_value,
        written.prefix_value,
        filter=written.filter,
        extract=written.extract,
        range=written.range,
        pre_releases=written.pre_releases,
        pin=written.digest == "pin",
        platform=written.platform,
        image_pull_secrets=tuple(written.image_pull_secrets),
    )
