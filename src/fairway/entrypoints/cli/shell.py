"""About the program itself: `version` and `completion`."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

import click

from fairway import __version__
from fairway.entrypoints.cli.output import emit, output_option

_PARTS = {"helmSdk": "helm-python-sdk", "pydantic": "pydantic", "pyyaml": "pyyaml", "sqlalchemy": "sqlalchemy"}


@click.command()
@output_option()
def version(output: str) -> None:
    """Print the version of Fairway, of Python, and of the parts that render and read.

    \b
    Examples:
      fairway version
      fairway version -o json
    """
    data: dict[str, str] = {"fairway": __version__, "python": platform.python_version(), "platform": sys.platform}
    for key, name in _PARTS.items():
        try:
            data[key] = installed(name)
        except PackageNotFoundError:
            data[key] = "missing"
    emit(data, output, lambda: _text(data))


def _text(data: dict[str, str]) -> str:
    return (
        f"fairway {data['fairway']} (Python {data['python']} on {data['platform']}, "
        f"Helm SDK {data['helmSdk']}, pydantic {data['pydantic']}, PyYAML {data['pyyaml']})"
    )


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for a shell.

    \b
    Examples:
      eval "$(fairway completion bash)"
      fairway completion zsh > ~/.zfunc/_fairway
      fairway completion fish > ~/.config/fish/completions/fairway.fish
    """
    from click.shell_completion import get_completion_class

    from fairway.entrypoints.cli.main import cli

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(cli, {}, "fairway", "_FAIRWAY_COMPLETE").source(), nl=False)
