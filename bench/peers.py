"""The tools that are measured, each with the command line that its users would give. What is missing is named."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import tools
from bench.fleet import Fleet


@dataclass(frozen=True, slots=True)
class Tool:
    """`apply` and `diff` give the command for a fleet; None where the tool has no such thing."""

    name: str
    apply: Callable[[Fleet], Sequence[str]]
    diff: Callable[[Fleet], Sequence[str]] | None = None
    env: Callable[[Fleet], Mapping[str, str]] = lambda fleet: {"KUBECONFIG": str(fleet.kubeconfig)}


def fairway(data: Path) -> Tool:
    program = str(Path(sys.executable).with_name("fairway"))

    def env(fleet: Fleet) -> Mapping[str, str]:
        return {"FAIRWAY_DATA_DIR": str(data), "KUBECONFIG": str(fleet.kubeconfig)}

    return Tool(
        "fairway",
        lambda fleet: [program, "apply", "bench", "-f", "environments.yaml", "--quiet"],
        lambda fleet: [program, "plan", "bench", "-f", "environments.yaml"],
        env,
    )


def helm_loop(width: int = 4) -> Tool | None:
    """`helm upgrade --install` for each release, `width` at a time: the shell loop that people write."""
    helm = tools.helm()
    if helm is None:
        return None

    def apply(fleet: Fleet) -> Sequence[str]:
        one = (
            f"{helm} upgrade --install {{}} ./chart -n {fleet.namespace} --kube-context {fleet.context}"
            " -f values/{}.yaml"
        )
        return ["sh", "-c", f"ls values | sed s/.yaml// | xargs -P {width} -I{{}} sh -c '{one} >/dev/null'"]

    return Tool(f"helm, {width} at once", apply)


def helmfile() -> Tool | None:
    """`sync`, because `apply` and `diff` need a plugin that is published on no package registry."""
    program, helm = tools.helmfile(), tools.helm()
    if program is None or helm is None:
        return None
    base = [program, "--helm-binary", helm, "-f", "helmfile.yaml"]
    return Tool(
        "helmfile sync, 4 at once",
        lambda fleet: [*base, "--kube-context", fleet.context, "sync", "--skip-deps", "--concurrency", "4"],
    )


def helmsman() -> Tool | None:
    program = tools.on_path("helmsman")
    if program is None:
        return None
    return Tool("helmsman", lambda fleet: [program, "-apply", "-f", "helmsman.yaml", "-p", "4", "-no-banner"])


def present(data: Path) -> tuple[list[Tool], list[str]]:
    """(tools that are here, Fairway first; names of those that are not)."""
    candidates = {"helm": helm_loop(), "helmfile": helmfile(), "helmsman": helmsman()}
    tools = [tool for tool in candidates.values() if tool is not None]
    return [fairway(data), *tools], [name for name, tool in candidates.items() if tool is None]
