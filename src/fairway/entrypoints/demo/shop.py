"""The demo's deployments repository: the example shop as a fresh Git repository, and the changes made to it."""

from __future__ import annotations

import shutil
from pathlib import Path

from fairway.domain.errors import Terminal
from fairway.entrypoints.demo.chart_repository import publish
from fairway.entrypoints.demo.stage import Stage
from fairway.entrypoints.examples import example_folder

ORDERS = '{key: image.repository, value: shop/orders}\n      - {key: image.tag, value: "%s"}\n'
PAYMENTS = '{key: image.repository, value: shop/payments}\n      - {key: image.tag, value: "%s"}\n'
ORDERS_TAG = '      - {key: image.tag, value: "1.4.1"}\n'
TOKEN, SLACK_TOKEN = "DEMO_HOOK_TOKEN", "DEMO_SLACK_TOKEN"
"""Variables that the agent of the demo finds its secrets in."""
AGENT = """\
git: {{url: "file://{remote}", branch: main}}
upgrades: {{every: 1h}}
agent: {{environments: [prod], every: 30s}}
server:
  listen: 127.0.0.1:{port}
  webhooks: {{registry: [{{env: {token}}}]}}
notifications:
  channels:
    - name: chat
      slack: {{token: {{env: {slack}}}, channel: "#deployments", api: "{chat}"}}
"""
CRASHING = """\
      - key: podAnnotations
        value:
          devcluster.fairway.dev/fail: crash-loop
          devcluster.fairway.dev/exit-code: "2"
          devcluster.fairway.dev/log: |
            orders 1.5.0 starting
            panic: DATABASE_URL is not set
"""


class Shop:
    """Edits files by replacing text that must be there, as a person with an editor would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.releases = folder / "releases" / "shop.yaml"
        self.environments = folder / "environments.yaml"

    def copy(self, cluster: str) -> None:
        """The example as it is, deployed to the given development cluster."""
        shutil.copytree(example_folder("shop"), self.folder, dirs_exist_ok=True)
        _replace(self.environments, "devcluster: {}", f"devcluster: {{name: {cluster}}}")

    def take_chart_from(self, url: str, folder: Path) -> None:
        """Move the chart `search` out of the repository and into a chart repository at `url`."""
        chart = self.folder / "charts" / "search"
        publish(chart, folder, url)
        shutil.rmtree(chart)
        text = self.environments.read_text(encoding="utf-8")
        repos = f"helmRepos:\n  - {{name: shop-charts, url: {url}}}\n\n"
        self.environments.write_text(repos + text, encoding="utf-8")
        wanted = "chart: {reference: shop-charts/search, version: 1.2.0}"
        _replace(self.releases, "chart: {dir: ../charts/search}", wanted)

    def commit_all(self, stage: Stage) -> None:
        """Make it a Git repository that nobody's own Git settings can disturb."""
        stage.quietly("git", "init", "--quiet", "--initial-branch=main")
        for key, value in {
            "user.name": "Demo",
            "user.email": "demo@shop.example",
            "commit.gpgSign": "false",
            "core.hooksPath": ".git/hooks",
            "core.pager": "cat",
        }.items():
            stage.quietly("git", "config", key, value)
        stage.quietly("git", "add", "--all")
        stage.quietly("git", "commit", "--quiet", "--message", "The shop")

    def better_orders(self) -> None:
        """A change that goes well."""
        _replace(self.releases, ORDERS % "1.4.1", ORDERS % "1.4.2")

    def broken_orders(self) -> None:
        """A change whose pods crash, together with one of a release that needs it."""
        _replace(self.releases, ORDERS % "1.4.2", ORDERS % "1.5.0" + CRASHING)
        _replace(self.releases, PAYMENTS % "3.0.2", PAYMENTS % "3.1.0")

    def follow_images(self, host: str, crashing: str) -> None:
        """Take the images of orders from a registry on this machine; `crashing` is the tag that will crash."""
        _replace(self.releases, "value: shop/orders}", f"value: {host}/shop/orders}}")
        _replace(self.releases, ORDERS_TAG, f'{ORDERS_TAG}      - {{key: crashesAt, value: "{crashing}"}}\n')

    def configure_agent(self, remote: Path, chat: str, port: int) -> None:
        """Write fairway.yaml: where Git is, where pushes are told, who is told."""
        text = AGENT.format(remote=remote, chat=chat, port=port, token=TOKEN, slack=SLACK_TOKEN)
        (self.folder / "fairway.yaml").write_text(text, encoding="utf-8")

    def push_to(self, remote: Path, stage: Stage) -> None:
        """A repository of its own for the agent to fetch from, in the place of a forge."""
        stage.quietly("git", "clone", "--quiet", "--bare", ".", str(remote))
        stage.quietly("git", "remote", "add", "origin", str(remote))


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise Terminal(f"{file} is not as the demo expects it: it has {text.count(old)} times {old!r}")
    file.write_text(text.replace(old, new), encoding="utf-8")
