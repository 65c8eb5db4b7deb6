"""Which event goes where, and which part of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.notifying import an_event, an_upgrade

from fairway.domain.errors import Severity
from fairway.domain.notifications.event import EventKind, Happening
from fairway.domain.notifications.routing import Route, route
from fairway.domain.repository.models import Owner

CHANNELS = ("team", "mail")


def names(event: Happening, *routes: Route) -> list[str]:
    return [one.channel for one in route(event, routes, CHANNELS)]


def test_without_routes_everything_goes_everywhere() -> None:
    assert names(an_event(environment="", release="")) == ["team", "mail"]


@pytest.mark.parametrize(
    ("of_route", "of_event", "fits"),
    [
        ({"environments": ("prod",)}, {}, True),
        ({"environments": ("prod*",)}, {"environment": "prod-eu"}, True),
        ({"environments": ("stage", "prod")}, {}, True),
        ({"environments": ("stage",)}, {}, False),
        ({"environments": ("Prod",)}, {}, False),
        ({"environments": ("prod",)}, {"environment": "", "release": ""}, False),
        ({"environments": ("*",)}, {"environment": "", "release": ""}, True),
        ({"releases": ("web",)}, {}, True),
        ({"releases": ("web",)}, {"release": "", "releases": ("db", "web")}, True),
        ({"releases": ("web",)}, {"release": "db"}, False),
        ({"releases": ("web",)}, {"release": ""}, False),
        ({"teams": ("shop",)}, {"owner": Owner(team="shop")}, True),
        ({"teams": ("sh?p",)}, {"owner": Owner(team="shop")}, True),
        ({"teams": ("shop",)}, {}, False),
        ({"at_least": Severity.WARNING}, {}, False),
        ({"at_least": Severity.WARNING}, {"severity": Severity.WARNING}, True),
        ({"at_least": Severity.WARNING}, {"severity": Severity.ERROR}, True),
        ({"at_least": Severity.ERROR}, {"severity": Severity.WARNING}, False),
        ({"environments": ("prod",), "releases": ("db",)}, {}, False),
    ],
)
def test_all_conditions_of_a_route_have_to_fit(
    of_route: dict[str, object], of_event: dict[str, object], fits: bool
) -> None:
    assert names(an_event(**of_event), Route(("team",), **of_route)) == (["team"] if fits else [])  # type: ignore[arg-type]


def test_every_route_that_fits_is_used_and_each_channel_once() -> None:
    routes = [Route(("mail",), ("prod",)), Route(("team", "mail")), Route(("nobody",))]
    assert names(an_event(), *routes) == ["team", "mail"]


def test_the_owner_of_a_release_names_the_place_inside_of_a_channel_that_has_several() -> None:
    event = an_event(owner=Owner(slack="#shop"))
    assert [(one.channel, one.to) for one in route(event, (), CHANNELS, {"team"})] == [("team", "#shop"), ("mail", "")]
    assert [one.to for one in route(an_event(), (), CHANNELS, {"team"})] == ["", ""]


def test_upgrades_that_a_route_does_not_ask_for_are_left_out() -> None:
    upgrades = (an_upgrade(1), an_upgrade(2, environment="stage"), an_upgrade(3))
    event = an_event(EventKind.UPGRADE_WRITTEN, title="3 upgrades", environment="", release="", upgrades=upgrades)
    [team, mail] = route(event, [Route(("team",), ("prod",)), Route(("mail",))], CHANNELS)
    assert [u.release for u in team.event.upgrades] == ["app1", "app3"]
    assert team.event.title == "3 upgrades (2 of 3 upgrades)"
    assert mail.event == event
    assert route(event, [Route(("team",), ("dev",))], CHANNELS) == []
    both = [Route(("team",), ("stage",)), Route(("team",), releases=("app3",))]
    assert [u.release for u in route(event, both, CHANNELS)[0].event.upgrades] == ["app2", "app3"]


def test_upgrades_of_several_owners_go_to_each_of_them_in_parts() -> None:
    upgrades = (an_upgrade(1), an_upgrade(2), an_upgrade(3))
    owners = {"prod/app1": Owner(slack="#shop", team="shop"), "prod/app3": Owner(slack="#shop", team="shop")}
    event = an_event(
        EventKind.UPGRADE_WRITTEN, title="3 upgrades", environment="", release="", upgrades=upgrades, owners=owners
    )
    found = [
        (one.channel, one.to, [u.release for u in one.event.upgrades]) for one in route(event, (), CHANNELS, {"team"})
    ]
    assert found == [
        ("team", "#shop", ["app1", "app3"]),
        ("team", "", ["app2"]),
        ("mail", "", ["app1", "app2", "app3"]),
    ]
    [mine] = route(event, [Route(("mail",), teams=("shop",))], CHANNELS, {"team"})
    assert [u.release for u in mine.event.upgrades] == ["app1", "app3"]
    assert mine.event.about == ("app1", "app3")


@given(
    st.lists(
        st.builds(
            Route,
            to=st.lists(st.sampled_from(CHANNELS), max_size=2).map(tuple),
            environments=st.sampled_from([("*",), ("prod",), ("stage", "dev")]),
            releases=st.sampled_from([("*",), ("app1",), ("app?",)]),
            at_least=st.sampled_from(list(Severity)),
        ),
        min_size=1,
        max_size=4,
    ),
    st.lists(st.sampled_from(["prod", "stage", "dev"]), max_size=4),
    st.sampled_from(list(Severity)),
)
def test_nothing_reaches_a_channel_that_none_of_its_routes_lets_through(
    routes: list[Route], environments: list[str], severity: Severity
) -> None:
    upgrades = tuple(an_upgrade(n, environment=environment) for n, environment in enumerate(environments))
    event = an_event(EventKind.UPGRADE_WRITTEN, environment="", release="", upgrades=upgrades, severity=severity)
    found = route(event, routes, CHANNELS)
    assert len({one.channel for one in found}) == len(found)
    for one in found:
        for upgrade in one.event.upgrades:
            alone = an_event(environment=upgrade.environment, release=upgrade.release, severity=severity)
            assert one.channel in names(alone, *routes)
