"""The generated parts by name. To add one, add a function to the table."""

from __future__ import annotations

from collections.abc import Callable

from fairway.domain.deployments import status
from fairway.domain.dispatch import endings
from fairway.domain.errors import FairwayError, InvalidInput, Refused, Terminal, Transient, UserError
from fairway.domain.releases.state import ACTIONS, MEANING, Action, ReleaseState
from fairway.entrypoints.cli.main import EXIT_INTERNAL, EXIT_INTERRUPTED
from fairway.entrypoints.docs.commands import all_commands
from fairway.entrypoints.docs.flags import process_flags
from fairway.entrypoints.docs.tables import table


def release_states() -> str:
    """Every state of a release, what it means, and the one action that follows."""
    rows = [[f"`{state}`", MEANING[state], ACTIONS[state]] for state in ReleaseState]
    return table(["state", "it means", "action"], rows)


def release_diagram() -> str:
    """State to action as a mermaid flow chart."""
    lines = ["flowchart LR", "    observe([observe]) --> classify{classify}"]
    lines += [f"    classify --> {state}" for state in ReleaseState]
    lines += [f"    {state} --> {_node(ACTIONS[state])}" for state in ReleaseState]
    return _mermaid("\n".join(lines))


def _node(action: Action) -> str:
    return f"do_{action}[{action}]"


def deployment_diagram() -> str:
    """The status of a deployment in the ledger as a mermaid state diagram."""
    return _mermaid(status.diagram())


def deployment_states() -> str:
    """Every state of a deployment, and what it means."""
    return table(["state", "it means"], [[f"`{state}`", status.MEANING[state]] for state in status.State])


def exit_codes() -> str:
    """Exit codes, from the errors that carry them."""
    rows = [
        ["0", "done; also when there was nothing to do"],
        [str(Terminal.exit_code), "it failed: a release did not become healthy, or the cluster said no for good"],
        [
            str(UserError.exit_code),
            "somebody must change an input: a mistake in a file, a wrong option, a missing name",
        ],
        [
            str(Refused.exit_code),
            "refused until somebody says yes: too many deletions, objects of others, a held release",
        ],
        [str(Transient.exit_code), "something outside did not answer; the same command may succeed later"],
        [str(EXIT_INTERNAL), "a mistake in Fairway itself, with a traceback to report"],
        [str(EXIT_INTERRUPTED), "interrupted by Ctrl-C or SIGTERM; what is recorded is consistent"],
    ]
    return table(["code", "means"], rows)


def deploy_endings() -> str:
    """Exit codes of `fairway deploy` and `fairway mkdeploy`."""
    rows = [[str(int(one)), one.name.lower().replace("_", " "), endings.MEANING[one]] for one in endings.Ending]
    return table(["code", "ending", "means"], rows)


def error_classes() -> str:
    """The errors that Fairway raises on purpose, with their exit codes."""
    classes: list[type[FairwayError]] = [FairwayError, UserError, InvalidInput, Refused, Transient, Terminal]
    rows = [[f"`{one.__name__}`", str(one.exit_code), (one.__doc__ or "").split("\n")[0]] for one in classes]
    return table(["class", "exit code", "says"], rows)


def _mermaid(text: str) -> str:
    return f"```mermaid\n{text}\n```"


PARTS: dict[str, Callable[[], str]] = {
    "commands": all_commands,
    "process flags": process_flags,
    "release states": release_states,
    "release diagram": release_diagram,
    "deployment states": deployment_states,
    "deployment diagram": deployment_diagram,
    "exit codes": exit_codes,
    "error classes": error_classes,
    "deploy endings": deploy_endings,
}
