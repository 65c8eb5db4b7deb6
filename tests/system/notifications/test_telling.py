"""`fairway apply --notify` and the agent on a real cluster: what stands in Slack afterwards, and in the log."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
import yaml
from tests.contract.notifications.places import nowhere, served
from tests.support import slack
from tests.support.cli import Done, Shop, failing, release
from tests.support.slack import Slack, shown_text

pytestmark = pytest.mark.cluster

OWNED = {"owner": {"team": "shop", "slack": "#shop"}}


class Team:
    """A shop whose fairway.yaml names a Slack workspace on loopback."""

    def __init__(self, shop: Shop, workspace: Slack, url: str) -> None:
        self.shop = shop
        self.slack = workspace
        self.configure(f"{url}/api/")

    def configure(self, api: str) -> None:
        team = {"token": {"env": "SLACK_TOKEN"}, "channel": "#deployments", "api": api}
        section = {"window": "1s", "channels": [{"name": "team", "slack": team}]}
        self.shop.put("fairway.yaml", yaml.safe_dump({"notifications": section}))

    async def run(self, *arguments: str, code: int = 0) -> Done:
        return await asyncio.to_thread(self.shop.run, *arguments, code=code, env={"SLACK_TOKEN": slack.TOKEN})

    def said(self, channel: str = "C0DEPLOY") -> list[str]:
        """The messages of a channel that are no answers."""
        there = [m for m in self.slack.messages if m["channel"] == channel and not m.get("thread_ts")]
        return [shown_text(message) for message in there]


@pytest.fixture
async def team(shop: Shop) -> AsyncIterator[Team]:
    workspace = Slack()
    async with served(*workspace.routes) as url:
        yield Team(shop, workspace, url)
    assert workspace.wrong == []


async def test_a_run_is_one_message_for_each_owner_and_an_unchanged_one_is_none(team: Team) -> None:
    team.shop.write([release("web", **OWNED), release("api", **OWNED), release("db")])
    await team.run("apply", "one", "--notify")
    [ours], [theirs] = team.said(), team.said("C0SHOP")
    assert "one: db installed" in ours
    assert "one: api and web installed" in theirs or "one: web and api installed" in theirs
    assert "fairway show" in ours
    sent = len(team.slack.calls)
    await team.run("apply", "one", "--notify")
    assert len(team.slack.calls) == sent
    listed = (await team.run("notifications", "list", "-o", "json")).json["deliveries"]
    assert {one["state"] for one in listed} == {"delivered"}
    assert {one["to"] for one in listed} == {"", "#shop"}


async def test_without_the_flag_nothing_is_sent(team: Team) -> None:
    team.shop.write([release("web")])
    await team.run("apply", "one")
    assert team.slack.calls == []


async def test_a_failure_is_seen_by_all_with_its_reason_and_masked(team: Team) -> None:
    team.shop.write([release("web")])
    await team.run("apply", "one", "--notify")
    team.shop.write([failing("web"), release("late", needs=["web"])])
    await team.run("apply", "one", "--notify", code=1)
    last = team.said()[-1]
    assert "one: web failed and went back" in last
    assert "CrashLoopBackOff" in last
    assert "late not started" in last
    answers = [m for m in team.slack.messages if m.get("thread_ts")]
    assert all(one["reply_broadcast"] for one in answers)


async def test_an_environment_that_could_not_be_run_is_told_too(team: Team) -> None:
    team.shop.write([release("web")])
    away = team.shop.folder / "away.yaml"
    away.write_text(re.sub(r"server: .*", "server: https://127.0.0.1:9", team.shop.kubeconfig.read_text()))
    text = (team.shop.folder / "environments.yaml").read_text()
    team.shop.put("environments.yaml", text.replace(str(team.shop.kubeconfig), str(away)))
    await team.run("apply", "one", "--notify", code=4)
    [message] = team.said()
    assert "one: nothing was applied" in message


async def test_a_channel_that_is_down_changes_nothing_about_the_run_and_can_be_made_good(team: Team) -> None:
    team.shop.write([release("web")])
    configuration = (team.shop.folder / "fairway.yaml").read_text()
    team.configure(f"{nowhere()}/api/")
    done = await team.run("apply", "one", "--notify")
    assert "was not delivered" in done.err or "waiting for notifications" in done.err
    team.shop.put("fairway.yaml", configuration)
    [failed] = (await team.run("notifications", "list", "--failed", "-o", "json")).json["deliveries"]
    await team.run("notifications", "resend", failed["id"])
    [message] = team.said()
    assert "one: web installed" in message


async def test_the_flag_without_a_channel_is_a_mistake(team: Team) -> None:
    team.shop.write([release("web")])
    team.shop.put("fairway.yaml", "{}\n")
    done = await team.run("apply", "one", "--notify", code=2)
    assert "no channel to notify" in done.err


async def test_the_agent_tells_without_being_asked_to(team: Team) -> None:
    team.shop.write([release("web", **OWNED), release("db")])
    await team.run("agent", "one", "--once")
    assert "one: db installed" in team.said()[-1]
    assert "one: web installed" in team.said("C0SHOP")[-1]
    sent = len(team.slack.calls)
    await team.run("agent", "one", "--once")
    assert len(team.slack.calls) == sent
    team.shop.write([{**failing("web"), **OWNED}, release("db")])
    await team.run("agent", "one", "--once", code=1)
    assert "one: web failed and went back" in team.said("C0SHOP")[-1]
