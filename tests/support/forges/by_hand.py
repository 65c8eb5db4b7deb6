"""The loopback GitHub for trying things by hand: it keeps deployments, takes statuses, and sends its webhook.

    python -m tests.support.forges.by_hand --hook http://127.0.0.1:8080/events --secret s3cr3t

The demo has a smaller one of its own (`fairway.entrypoints.demo.github`), which is in the package and only takes
statuses; this one is what the tests use, and holds every request against GitHub's published description.
"""

from __future__ import annotations

import sys
import time

import click
from tests.support.forges.github_deployments import DeploymentsServer
from tests.support.forges.serving import serving


@click.command()
@click.option("--hook", default="", help="Where deployment events go.")
@click.option("--secret", default="s3cr3t", show_default=True, help="Signs them.")
def main(hook: str, secret: str) -> None:
    with serving(DeploymentsServer()) as server:
        assert isinstance(server, DeploymentsServer)
        server.hooks.url, server.hooks.secret = hook, secret
        click.echo(f"export GITHUB_API_URL={server.api} GITHUB_TOKEN={server.token}")
        click.echo(f"hookd: --github-api-url {server.api} --github-token {server.token}; Ctrl-C ends it", err=True)
        shown: dict[int, int] = {}
        try:
            while True:
                time.sleep(0.2)
                for number, kept in list(server.deployments.items()):
                    for status in kept.statuses[shown.get(number, 0) :]:
                        click.echo(f"{number}  {status['state']:<11}  {status['description']}", err=True)
                    shown[number] = len(kept.statuses)
        except KeyboardInterrupt:
            sys.exit(0)


if __name__ == "__main__":
    main()
