"""The agent's chapter: an image is pushed, and nobody does anything; then a bad one is.

The rule not to break: the registry, the chat and the remote are the only stand-ins; the agent is the real one.
"""

from __future__ import annotations

import urllib.request
from urllib.error import URLError

import click

from fairway.adapters.devcluster.ports import choose
from fairway.entrypoints.demo.chat import Chat, Said, serve_chat
from fairway.entrypoints.demo.image_registry import ImageRegistry, push_image, serve_images
from fairway.entrypoints.demo.places import Places
from fairway.entrypoints.demo.shop import SLACK_TOKEN, TOKEN, Shop
from fairway.entrypoints.demo.stage import Stage

SECRETS = {TOKEN: "demo-hook-token", SLACK_TOKEN: "xoxb-demo"}
SIGNS = {Said.NEW: "", Said.ANSWER: "↳ ", Said.CHANGED: "✎ "}
GOOD, BAD = "1.4.3", "1.4.4"


def images(stage: Stage, places: Places, shop: Shop) -> None:
    """From a pushed image to Git, to the cluster, to the chat; and back when the image is bad."""
    stage.scene(
        "An agent, and an image that appears",
        "The agent follows Git: here a bare repository, an image registry and a stand-in for Slack, all on\n"
        "this machine. orders has the trigger `image: {track: PatchLevel}`.",
    )
    (port,) = choose(1)
    told: list[str] = []

    def show(channel: str, text: str, call: Said) -> None:
        told.append(text)
        # A message that is changed in place says on a chat's page what the answer below it says here.
        lines = text.splitlines()[:1] if call is Said.CHANGED else text.splitlines()
        for line in lines:
            click.echo(f"   {click.style(f'{channel} │', fg='magenta')} {SIGNS[call]}{line}")

    registry = ImageRegistry(lambda envelope: _tell(port, envelope))
    with serve_chat(Chat(show)) as chat, serve_images(registry) as host:
        push_image(host, "shop/orders", "1.4.1")
        shop.follow_images(host, crashing=BAD)
        shop.configure_agent(places.remote, chat, port)
        stage.quietly("git", "add", "--all")
        stage.run(["git", "commit", "--quiet", "--message", "orders from the registry, and an agent"])
        shop.push_to(places.remote, stage)
        stage.run(["cat", "fairway.yaml"])
        with stage.background("agent", "--config", "fairway.yaml", env=SECRETS) as agent:
            agent.until("its first pass", lambda: any("orders upgraded" in text for text in told))
            stage.say(f"\nA build pushes shop/orders:{GOOD}. From here on nobody types anything.")
            told.clear()
            push_image(host, "shop/orders", GOOD)
            agent.until(f"{GOOD} to run", lambda: any("orders upgraded" in text for text in told))
            stage.say(f"\nAnother build pushes {BAD}, which crashes at its start.")
            told.clear()
            push_image(host, "shop/orders", BAD)
            agent.until(f"{BAD} to be taken back and held", lambda: any(f"{BAD} is held" in text for text in told))
        stage.quietly("git", "pull", "--quiet", "--ff-only", "origin", "main")
        stage.say("\nWhat is in Git now, and why that version does not come back:")
        stage.run(["git", "log", "--oneline", "-n", "4"])
        stage.fairway("holds", "list")
        stage.fairway("upgrades", "prod", "--explain", "-r", "orders")


def _tell(port: int, envelope: bytes) -> None:
    """The registry's webhook; before the agent listens nobody has to hear of it."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/hooks/registry/generic",
        data=envelope,
        headers={"Authorization": f"Bearer {SECRETS[TOKEN]}", "Content-Type": "application/json"},
    )
    try:
        urllib.request.urlopen(request, timeout=10).close()
    except URLError as error:
        if not isinstance(error.reason, ConnectionRefusedError):
            raise
